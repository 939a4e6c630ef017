-- The columns of the data block are separated by tabs; a backslash and a full stop end it.
COPY products (sku, title, price_cents) FROM stdin;
MUG-BLUE	Blue Mug	1290
MUG-RED	Red Mug	1290
POT-TEA	Teapot; for Four	3450
TEA-ASSAM	Assam Tea 250 g	890
\.
