-- The repeatable view reads this table, and a repeatable migration has no down of its own.
DROP VIEW IF EXISTS daily_sales;

DROP TABLE order_lines;
