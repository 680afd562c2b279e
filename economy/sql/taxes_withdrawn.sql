-- A rate is written once; all that may change is that it is withdrawn, and that once (LAW-10).
DROP TRIGGER economy_tax_rate_written_once ON economy_taxrate;
CREATE TRIGGER economy_tax_rate_kept BEFORE DELETE ON economy_taxrate
    FOR EACH ROW EXECUTE FUNCTION economy_refuse_edit();
CREATE TRIGGER economy_tax_rate_written_once BEFORE UPDATE ON economy_taxrate
    FOR EACH ROW
    WHEN (
        OLD.withdrawn_at IS NOT NULL OR NEW.withdrawn_at IS NULL
        OR (to_jsonb(OLD) - ARRAY['withdrawn_at', 'withdrawn_by_id', 'withdrawal'])
            <> (to_jsonb(NEW) - ARRAY['withdrawn_at', 'withdrawn_by_id', 'withdrawal'])
    )
    EXECUTE FUNCTION economy_refuse_edit();
