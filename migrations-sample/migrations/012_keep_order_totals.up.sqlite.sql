CREATE TRIGGER keep_order_total_on_insert AFTER INSERT ON order_lines
BEGIN
    UPDATE orders
    SET total_cents = total_cents + NEW.quantity * NEW.unit_price_cents
    WHERE id = NEW.order_id;
END;

CREATE TRIGGER keep_order_total_on_update AFTER UPDATE ON order_lines
BEGIN
    UPDATE orders
    SET total_cents = total_cents - OLD.quantity * OLD.unit_price_cents
    WHERE id = OLD.order_id;
    UPDATE orders
    SET total_cents = total_cents + NEW.quantity * NEW.unit_price_cents
    WHERE id = NEW.order_id;
END;

CREATE TRIGGER keep_order_total_on_delete AFTER DELETE ON order_lines
BEGIN
    UPDATE orders
    SET total_cents = total_cents - OLD.quantity * OLD.unit_price_cents
    WHERE id = OLD.order_id;
END;

CREATE TRIGGER refuse_line_on_closed_order BEFORE INSERT ON order_lines
BEGIN
    SELECT CASE
        WHEN (SELECT status FROM orders WHERE id = NEW.order_id) <> 'open'
        THEN RAISE(ABORT, 'the order is no longer open; it takes no more lines')
    END;
END;
