-- The other way round than the up file: the rows step aside and the table is made anew under its
-- own name, so that SQLite keeps its text just as 003 and 007 left it.
PRAGMA foreign_keys = OFF;

CREATE TEMPORARY TABLE kept_products AS
SELECT sku, title, price_cents, tax_rate, created_at, slug FROM products;

DROP TABLE products;

CREATE TABLE products (
    sku text NOT NULL PRIMARY KEY,
    title text NOT NULL,
    price_cents bigint NOT NULL CHECK (price_cents >= 0),
    tax_rate numeric(5, 4) NOT NULL DEFAULT 0.19,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
, slug text);

INSERT INTO products (sku, title, price_cents, tax_rate, created_at, slug)
SELECT sku, title, price_cents, tax_rate, created_at, slug FROM kept_products;

DROP TABLE kept_products;
