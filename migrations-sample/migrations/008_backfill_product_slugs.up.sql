UPDATE products
SET slug = lower(replace(replace(title, ';', ''), ' ', '-'))
WHERE slug IS NULL;
