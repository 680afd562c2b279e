-- The one place that writes transactions and entries and changes cached balances.
--
-- The caller holds the wallet locks of every person whose accounts appear. The platform's accounts and what creators
-- earn are appended: the entry is written, the cache waits for the fold, and nobody queues behind a popular creator.
-- A trigger on the entries refuses any statement whose transactions do not sum to zero; CHECK constraints refuse a
-- balance below zero; the unique key refuses to post one movement twice.
CREATE FUNCTION economy_post(p_headers economy_header[], p_lines economy_line[], p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO economy_ledgertransaction (
        id, type, kind, key, source_type, source_id, person_id, payee_id, actor_id,
        amount, fee, fee_bp, is_first, reverses_id, data, created_at
    )
    SELECT h.id, h.type, h.kind, h.key, coalesce(h.source_type, ''), coalesce(h.source_id, ''), h.person, h.payee,
           h.actor, h.amount, coalesce(h.fee, 0), coalesce(h.fee_bp, 0), coalesce(h.is_first, true), h.reverses,
           coalesce(h.data, '{}'), p_now
    FROM unnest(p_headers) h;

    WITH line AS (
        SELECT l.ord, l.account, l.amount, a.side,
               a.owner_id IS NULL OR (a.kind IN ('pending', 'non_withdrawable') AND l.amount > 0) AS is_appended,
               sum(l.amount) OVER (PARTITION BY l.account ORDER BY l.ord, l.amount ROWS UNBOUNDED PRECEDING) AS upto,
               sum(l.amount) OVER (PARTITION BY l.account) AS total
        FROM unnest(p_lines) l
        JOIN economy_ledgeraccount a ON a.id = l.account
        WHERE l.amount <> 0
    ), changed AS (
        UPDATE economy_ledgeraccount a
        SET balance = a.balance + a.side * s.total
        FROM (SELECT account, sum(amount) AS total FROM line WHERE NOT is_appended GROUP BY account) s
        WHERE a.id = s.account
        RETURNING a.id, a.balance
    ), written AS (
        INSERT INTO economy_ledgerentry (transaction_id, account_id, amount, balance_after)
        SELECT h.id, l.account, l.amount,
               CASE WHEN NOT l.is_appended THEN c.balance - l.side * (l.total - l.upto) END
        FROM line l
        JOIN unnest(p_headers) h ON h.ord = l.ord
        LEFT JOIN changed c ON c.id = l.account
        ORDER BY l.ord, l.account
        RETURNING id, account_id, amount, balance_after
    )
    INSERT INTO economy_entrytofold (entry_id, account_id, amount)
    SELECT id, account_id, amount FROM written WHERE balance_after IS NULL;
END
$$;
