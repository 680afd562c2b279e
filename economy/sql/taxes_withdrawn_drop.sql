DROP TRIGGER economy_tax_rate_kept ON economy_taxrate;
DROP TRIGGER economy_tax_rate_written_once ON economy_taxrate;
CREATE TRIGGER economy_tax_rate_written_once BEFORE UPDATE OR DELETE ON economy_taxrate
    FOR EACH ROW EXECUTE FUNCTION economy_refuse_edit();
