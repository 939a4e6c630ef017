-- migrate: no-transaction
DROP INDEX CONCURRENTLY orders_open_idx;
DROP INDEX CONCURRENTLY orders_user_id_placed_at_idx;
