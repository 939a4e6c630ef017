-- Nullable at first: 008 fills the column, 009 requires it.
ALTER TABLE products ADD COLUMN slug text;
