-- Each query must return no row; a row rolls the migration back.
SELECT sku, title FROM products WHERE slug IS NULL OR slug = '';

SELECT slug, count(*) AS products FROM products GROUP BY slug HAVING count(*) > 1;
