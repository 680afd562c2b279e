-- How much more a person lets themselves spend now: the least of what their limits leave in the present day, week (from
-- Monday) and month of their own time zone, taking what stands in holds as spent. No limit is a very large number. A
-- charge given back within its own period counts as not spent; one of an earlier period leaves no more to be spent in this
-- one. The caller holds the wallet lock, or only wants to know.
CREATE FUNCTION economy_limit_left(p_person uuid, p_now timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_left bigint;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM economy_spendinglimit WHERE person_id = p_person) THEN
        RETURN 9000000000000000;
    END IF;
    SELECT min(l.in_force - coalesce(s.spent, 0)) - coalesce((
               SELECT balance FROM economy_ledgeraccount WHERE owner_id = p_person AND kind = 'held'), 0)
    INTO v_left
    FROM (
        SELECT CASE WHEN g.next_from <= p_now THEN g.next_tokens ELSE g.tokens END AS in_force,
               date_trunc(g.period, p_now AT TIME ZONE u.time_zone) AT TIME ZONE u.time_zone AS since
        FROM economy_spendinglimit g JOIN accounts_user u ON u.id = g.person_id
        WHERE g.person_id = p_person
    ) l
    LEFT JOIN LATERAL (
        SELECT -sum(t.amount) AS spent
        FROM economy_ledgertransaction t
        WHERE t.person_id = p_person AND t.created_at >= l.since
          AND (t.type = 'deduction' OR t.type = 'transfer' AND t.amount < 0
               OR EXISTS (SELECT 1 FROM economy_ledgertransaction c WHERE c.id = t.reverses_id AND c.created_at >= l.since))
    ) s ON true
    WHERE l.in_force IS NOT NULL;
    RETURN coalesce(v_left, 9000000000000000);
END
$$;

-- What each of a person's limits says now, and what was spent of it in its present span. Holds are not in it.
CREATE FUNCTION economy_limit_standing(p_person uuid, p_now timestamptz)
RETURNS TABLE (period text, spent bigint, since timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT p.period, coalesce((
               SELECT -sum(t.amount) FROM economy_ledgertransaction t
               WHERE t.person_id = p_person AND t.created_at >= p.since
                 AND (t.type = 'deduction' OR t.type = 'transfer' AND t.amount < 0
                      OR EXISTS (SELECT 1 FROM economy_ledgertransaction c
                                 WHERE c.id = t.reverses_id AND c.created_at >= p.since))
           ), 0)::bigint, p.since
    FROM (
        SELECT k.period, date_trunc(k.period, p_now AT TIME ZONE u.time_zone) AT TIME ZONE u.time_zone AS since
        FROM accounts_user u CROSS JOIN unnest(ARRAY['day', 'week', 'month']) AS k (period)
        WHERE u.id = p_person
    ) p
$$;
