-- Closed months and numbered documents are written once; a series gives out one number after another (PAY-8, LAW-10).

CREATE FUNCTION economy_refuse_edit() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is written once: what comes later is written in another row', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER economy_closed_month_written_once BEFORE UPDATE OR DELETE ON economy_closedmonth
    FOR EACH ROW EXECUTE FUNCTION economy_refuse_edit();
CREATE TRIGGER economy_statement_written_once BEFORE UPDATE OR DELETE ON economy_statement
    FOR EACH ROW EXECUTE FUNCTION economy_refuse_edit();
CREATE TRIGGER economy_invoice_written_once BEFORE UPDATE OR DELETE ON economy_invoice
    FOR EACH ROW EXECUTE FUNCTION economy_refuse_edit();

CREATE FUNCTION economy_require_next_number() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.name <> OLD.name OR NEW.last <> OLD.last + 1 THEN
        RAISE EXCEPTION 'a series of invoices goes on by one' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER economy_series_goes_on BEFORE UPDATE OR DELETE ON economy_invoiceseries
    FOR EACH ROW EXECUTE FUNCTION economy_require_next_number();
