-- migrate: no-transaction
-- Built while the shop goes on writing; PostgreSQL does this outside of a transaction only.
CREATE INDEX CONCURRENTLY orders_user_id_placed_at_idx ON orders (user_id, placed_at DESC);
CREATE INDEX CONCURRENTLY orders_open_idx ON orders (placed_at) WHERE status = 'open';
