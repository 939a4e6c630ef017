CREATE FUNCTION keep_order_total() RETURNS trigger
LANGUAGE plpgsql
AS $function$
BEGIN
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        UPDATE orders
        SET total_cents = total_cents - OLD.quantity * OLD.unit_price_cents
        WHERE id = OLD.order_id;
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        UPDATE orders
        SET total_cents = total_cents + NEW.quantity * NEW.unit_price_cents
        WHERE id = NEW.order_id;
    END IF;
    RETURN NULL;
END;
$function$;

CREATE TRIGGER keep_order_total
AFTER INSERT OR UPDATE OR DELETE ON order_lines
FOR EACH ROW EXECUTE FUNCTION keep_order_total();

CREATE FUNCTION refuse_line_on_closed_order() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF (SELECT status FROM orders WHERE id = NEW.order_id) <> 'open' THEN
        RAISE EXCEPTION 'order % is no longer open; it takes no more lines', NEW.order_id;
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER refuse_line_on_closed_order
BEFORE INSERT ON order_lines
FOR EACH ROW EXECUTE FUNCTION refuse_line_on_closed_order();
