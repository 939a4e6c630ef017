-- migrate: lock-timeout 2s
ALTER TABLE products
    DROP CONSTRAINT products_slug_key,
    ALTER COLUMN slug DROP NOT NULL;
