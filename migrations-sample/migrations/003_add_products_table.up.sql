-- Money is an integer number of cents in every table: no rounding, and equal sums on both databases.
CREATE TABLE products (
    sku text NOT NULL PRIMARY KEY,
    title text NOT NULL,
    price_cents bigint NOT NULL CHECK (price_cents >= 0),
    tax_rate numeric(5, 4) NOT NULL DEFAULT 0.19,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);
