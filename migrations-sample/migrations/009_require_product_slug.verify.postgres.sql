SELECT attname FROM pg_attribute
WHERE attrelid = 'products'::regclass AND attname = 'slug' AND NOT attnotnull;
