-- For how many days a creator's share of a sale is held (PAY-1): the kind's days, more while they are new, and what staff
-- decided about a risk, whichever is longest.
CREATE FUNCTION economy_hold_days(p_creator uuid, p_usual int, p_new int, p_new_since timestamptz) RETURNS int
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN greatest(
        coalesce(p_usual, 0),
        (SELECT p_new FROM accounts_creatorprofile WHERE user_id = p_creator AND approved_at > p_new_since),
        (SELECT hold_days FROM economy_creatorrisk WHERE creator_id = p_creator)
    );
END
$$;

-- Earnings whose day has come move from pending to available, one transaction for each creator; what a creator owes is
-- paid from them first (PAY-4). Returns the creators. Locks creators' accounts in id order, as refunds and payouts do.
CREATE FUNCTION economy_mature(p_limit int, p_now timestamptz, p_creator uuid DEFAULT NULL) RETURNS SETOF uuid
LANGUAGE plpgsql AS $$
DECLARE
    v_creators uuid[];
    v_headers economy_header[];
    v_lines economy_line[];
BEGIN
    SELECT array_agg(DISTINCT creator_id) INTO v_creators
    FROM (
        SELECT creator_id FROM economy_earning
        WHERE matured_at IS NULL AND available_at <= p_now AND (p_creator IS NULL OR creator_id = p_creator)
        ORDER BY available_at LIMIT p_limit
    ) due;
    IF v_creators IS NULL THEN
        RETURN;
    END IF;
    PERFORM economy_lock_creators(v_creators, p_now);

    WITH ripe AS (
        UPDATE economy_earning SET matured_at = p_now
        WHERE creator_id = ANY (v_creators) AND matured_at IS NULL AND available_at <= p_now
        RETURNING creator_id, amount - reversed AS amount
    ), total AS (
        SELECT r.creator_id, sum(r.amount)::bigint AS amount, count(*) AS parts,
               row_number() OVER (ORDER BY r.creator_id)::int AS ord
        FROM ripe r GROUP BY r.creator_id HAVING sum(r.amount) > 0
    ), plan AS (
        SELECT t.*, uuidv7() AS id, least(t.amount, d.balance) AS owed
        FROM total t JOIN economy_ledgeraccount d ON d.owner_id = t.creator_id AND d.kind = 'creator_debt'
    )
    SELECT (SELECT array_agg(ROW (p.ord, p.id, 'earning', 'available', 'available:' || p.id, 'creator',
                                  p.creator_id::text, NULL, NULL, NULL, 0, 0, 0, true, NULL,
                                  jsonb_build_object('amount', p.amount, 'owed', p.owed, 'parts', p.parts)
                             )::economy_header ORDER BY p.ord) FROM plan p),
           (SELECT array_agg(ROW (p.ord, economy_account(p.creator_id, k.kind), k.amount)::economy_line)
            FROM plan p
            CROSS JOIN LATERAL (VALUES ('pending', -p.amount), ('creator_debt', p.owed),
                                       ('available', p.amount - p.owed)) AS k (kind, amount)
            WHERE k.amount <> 0)
    INTO v_headers, v_lines;
    IF v_headers IS NOT NULL THEN
        PERFORM economy_post(v_headers, v_lines, p_now);
    END IF;
    RETURN QUERY SELECT unnest(v_creators);
END
$$;
