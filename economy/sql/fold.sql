-- Moves appended amounts into the caches. An account's row is the one lock on what waits to be folded into it: whoever
-- folds holds it first, in id order, and nobody holds a waiting row while wanting an account. A folder at large passes
-- over accounts that are busy; who asks for one owner waits for their true balance. Returns how many entries were
-- folded. Cache + unfolded = sum of entries, before, during and after.
CREATE FUNCTION economy_fold(p_limit int, p_owner uuid DEFAULT NULL) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    v_accounts bigint[];
    v_count int;
BEGIN
    IF p_owner IS NULL THEN
        SELECT array_agg(id) INTO v_accounts
        FROM (
            SELECT a.id FROM economy_ledgeraccount a
            WHERE a.id IN (SELECT account_id FROM economy_entrytofold ORDER BY entry_id LIMIT p_limit)
            ORDER BY a.id FOR NO KEY UPDATE SKIP LOCKED
        ) t;
    ELSE
        SELECT array_agg(id) INTO v_accounts
        FROM (
            SELECT a.id FROM economy_ledgeraccount a
            WHERE a.owner_id = p_owner AND EXISTS (SELECT 1 FROM economy_entrytofold f WHERE f.account_id = a.id)
            ORDER BY a.id FOR NO KEY UPDATE
        ) t;
    END IF;
    IF v_accounts IS NULL THEN
        RETURN 0;
    END IF;
    WITH due AS (
        SELECT entry_id FROM economy_entrytofold WHERE account_id = ANY (v_accounts)
        ORDER BY entry_id LIMIT CASE WHEN p_owner IS NULL THEN p_limit END
    ), gone AS (
        DELETE FROM economy_entrytofold f USING due WHERE f.entry_id = due.entry_id RETURNING f.account_id, f.amount
    ), changed AS (
        UPDATE economy_ledgeraccount a
        SET balance = a.balance + a.side * s.total
        FROM (SELECT account_id, sum(amount) AS total FROM gone GROUP BY account_id) s
        WHERE a.id = s.account_id
    )
    SELECT count(*) INTO v_count FROM gone;
    RETURN v_count;
END
$$;
