SELECT orders.id, orders.total_cents, coalesce(sum(quantity * unit_price_cents), 0) AS sum_of_lines
FROM orders
LEFT JOIN order_lines ON order_lines.order_id = orders.id
GROUP BY orders.id, orders.total_cents
HAVING orders.total_cents <> coalesce(sum(quantity * unit_price_cents), 0);
