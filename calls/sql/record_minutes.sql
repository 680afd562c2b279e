-- Write posted minutes and move their calls' totals: one statement for however many calls. The unique key on
-- (call, minute) refuses a minute that was written before, and with it the whole batch.
WITH posted AS (
    SELECT *
    FROM unnest(
        %(calls)s::uuid[], %(minutes)s::int[], %(amounts)s::bigint[], %(fees)s::bigint[], %(transactions)s::uuid[]
    ) AS p (call_id, minute, amount, fee, transaction_id)
), written AS (
    INSERT INTO calls_callminute (call_id, minute, amount, fee, transaction_id, posted_at)
    SELECT call_id, minute, amount, fee, transaction_id, %(now)s FROM posted
)
UPDATE calls_call c
SET minutes_posted = p.minute,
    charged_tokens = c.charged_tokens + p.amount,
    fee_tokens = c.fee_tokens + p.fee
FROM posted p
WHERE c.id = p.call_id
