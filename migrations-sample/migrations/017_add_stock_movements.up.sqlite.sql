CREATE TABLE stock_movements (
    id integer NOT NULL PRIMARY KEY,
    sku text NOT NULL REFERENCES stock (sku),
    change integer NOT NULL CHECK (change <> 0),
    moved_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- SQLite has no stored functions: a movement that is written down moves the stock.
CREATE TRIGGER move_stock AFTER INSERT ON stock_movements
BEGIN
    UPDATE stock SET on_hand = on_hand + NEW.change WHERE sku = NEW.sku;
END;
