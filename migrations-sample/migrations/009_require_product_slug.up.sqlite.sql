-- SQLite cannot add NOT NULL to a column: the table is rebuilt, in the order of steps given at
-- https://sqlite.org/lang_altertable.html#otheralter
-- Foreign keys are off meanwhile, or dropping the old table would fail on the order lines.
PRAGMA foreign_keys = OFF;

CREATE TABLE products_new (
    sku text NOT NULL PRIMARY KEY,
    title text NOT NULL,
    price_cents bigint NOT NULL CHECK (price_cents >= 0),
    tax_rate numeric(5, 4) NOT NULL DEFAULT 0.19,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    slug text NOT NULL UNIQUE
);

INSERT INTO products_new (sku, title, price_cents, tax_rate, created_at, slug)
SELECT sku, title, price_cents, tax_rate, created_at, slug FROM products;

DROP TABLE products;

ALTER TABLE products_new RENAME TO products;
