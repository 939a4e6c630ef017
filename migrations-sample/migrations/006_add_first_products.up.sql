INSERT INTO products (sku, title, price_cents) VALUES
    ('MUG-BLUE', 'Blue Mug', 1290),
    ('MUG-RED', 'Red Mug', 1290),
    ('POT-TEA', 'Teapot; for Four', 3450),
    ('TEA-ASSAM', 'Assam Tea 250 g', 890);
