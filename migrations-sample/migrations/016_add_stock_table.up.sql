CREATE TABLE stock (
    sku text NOT NULL PRIMARY KEY REFERENCES products (sku) ON DELETE CASCADE,
    on_hand integer NOT NULL CHECK (on_hand >= 0)
);

INSERT INTO stock (sku, on_hand) SELECT sku, 0 FROM products;
