-- A product that nobody counts.
SELECT products.sku, products.title
FROM products
LEFT JOIN stock ON stock.sku = products.sku
WHERE stock.sku IS NULL;

-- Stock that is not what its movements add up to.
SELECT stock.sku, stock.on_hand, coalesce(sum(stock_movements.change), 0) AS sum_of_movements
FROM stock
LEFT JOIN stock_movements ON stock_movements.sku = stock.sku
GROUP BY stock.sku, stock.on_hand
HAVING stock.on_hand <> coalesce(sum(stock_movements.change), 0);
