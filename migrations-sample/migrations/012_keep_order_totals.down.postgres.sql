DROP TRIGGER refuse_line_on_closed_order ON order_lines;
DROP FUNCTION refuse_line_on_closed_order();
DROP TRIGGER keep_order_total ON order_lines;
DROP FUNCTION keep_order_total();
