-- What a currency was worth on a day is written once: a price that was quoted by it must be found again (LEDGER-7).
CREATE TRIGGER economy_rate_append_only BEFORE UPDATE OR DELETE ON economy_exchangerate
    FOR EACH ROW EXECUTE FUNCTION economy_refuse_change();
