UPDATE orders
SET total_cents = (
    SELECT coalesce(sum(quantity * unit_price_cents), 0)
    FROM order_lines
    WHERE order_lines.order_id = orders.id
);
