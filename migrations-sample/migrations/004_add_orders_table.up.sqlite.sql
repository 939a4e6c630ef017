CREATE TABLE orders (
    id integer NOT NULL PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'paid', 'sent', 'cancelled')),
    placed_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);
