-- A repeatable migration: it runs again whenever this text changes, after the numbered ones.
DROP VIEW IF EXISTS daily_sales;

CREATE VIEW daily_sales AS
SELECT
    date(orders.placed_at) AS day,
    count(DISTINCT orders.id) AS order_count,
    sum(order_lines.quantity * order_lines.unit_price_cents) AS revenue_cents
FROM orders
JOIN order_lines ON order_lines.order_id = orders.id
WHERE orders.status <> 'cancelled'
GROUP BY date(orders.placed_at);
