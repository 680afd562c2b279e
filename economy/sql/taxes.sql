-- What a place was taxed at is written once: what was charged by it must be found again (LAW-10).
CREATE TRIGGER economy_tax_rate_written_once BEFORE UPDATE OR DELETE ON economy_taxrate
    FOR EACH ROW EXECUTE FUNCTION economy_refuse_edit();
