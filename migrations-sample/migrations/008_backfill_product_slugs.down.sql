UPDATE products SET slug = NULL;
