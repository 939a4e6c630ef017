CREATE VIEW order_summaries AS
SELECT
    orders.id,
    users.email,
    orders.status,
    orders.placed_at,
    orders.total_cents,
    count(order_lines.line_number) AS line_count
FROM orders
JOIN users ON users.id = orders.user_id
LEFT JOIN order_lines ON order_lines.order_id = orders.id
GROUP BY orders.id, users.email, orders.status, orders.placed_at, orders.total_cents;
