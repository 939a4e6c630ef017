DROP FUNCTION move_stock(text, integer);
DROP TABLE stock_movements;
