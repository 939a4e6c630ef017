CREATE INDEX orders_user_id_placed_at_idx ON orders (user_id, placed_at DESC);
CREATE INDEX orders_open_idx ON orders (placed_at) WHERE status = 'open';
