DROP TRIGGER move_stock;
DROP TABLE stock_movements;
