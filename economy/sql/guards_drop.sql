DROP TRIGGER economy_entry_zero_sum ON economy_ledgerentry;
DROP TRIGGER economy_lot_use_append_only ON economy_lotuse;
DROP TRIGGER economy_entry_append_only ON economy_ledgerentry;
DROP TRIGGER economy_transaction_append_only ON economy_ledgertransaction;
DROP FUNCTION economy_require_zero_sum, economy_refuse_change;
ALTER TABLE economy_ledgeraccount RESET (fillfactor);
ALTER TABLE economy_tokenlot RESET (fillfactor);
ALTER TABLE economy_hold RESET (fillfactor);
ALTER TABLE economy_holdlot RESET (fillfactor);
