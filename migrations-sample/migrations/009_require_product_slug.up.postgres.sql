-- migrate: lock-timeout 2s
-- The table is locked while its rows are read: rather fail and try again than hold up the shop.
ALTER TABLE products
    ALTER COLUMN slug SET NOT NULL,
    ADD CONSTRAINT products_slug_key UNIQUE (slug);
