DROP INDEX orders_open_idx;
DROP INDEX orders_user_id_placed_at_idx;
