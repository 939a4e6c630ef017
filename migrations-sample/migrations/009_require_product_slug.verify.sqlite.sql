SELECT name FROM pragma_table_info('products') WHERE name = 'slug' AND "notnull" = 0;
