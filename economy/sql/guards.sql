-- The ledger is written once. Corrections are new transactions that reverse old ones (LEDGER-1).

CREATE FUNCTION economy_refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: post a reversing transaction instead', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER economy_transaction_append_only BEFORE UPDATE OR DELETE ON economy_ledgertransaction
    FOR EACH ROW EXECUTE FUNCTION economy_refuse_change();
CREATE TRIGGER economy_entry_append_only BEFORE UPDATE OR DELETE ON economy_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION economy_refuse_change();
CREATE TRIGGER economy_lot_use_append_only BEFORE UPDATE OR DELETE ON economy_lotuse
    FOR EACH ROW EXECUTE FUNCTION economy_refuse_change();

-- One statement writes all entries of a transaction; each transaction in it sums to zero.
CREATE FUNCTION economy_require_zero_sum() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM written GROUP BY transaction_id HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'entries of a transaction must sum to zero' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER economy_entry_zero_sum AFTER INSERT ON economy_ledgerentry
    REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION economy_require_zero_sum();

-- Rows that change with every posting leave room for their next version on the same page.
ALTER TABLE economy_ledgeraccount SET (fillfactor = 60);
ALTER TABLE economy_tokenlot SET (fillfactor = 70);
ALTER TABLE economy_hold SET (fillfactor = 70);
ALTER TABLE economy_holdlot SET (fillfactor = 70);
