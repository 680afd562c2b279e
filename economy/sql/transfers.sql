-- Tokens from person to person (LAW-13).

-- Give `p_amount` bought tokens to somebody, whole or not at all, under both wallets' locks. Bonuses, gifts and disputed
-- tokens are not given on; what arrives is a lot that can be neither withdrawn nor given on. The caps of a day are counted
-- here, under the giver's lock, so that no two gifts pass them together; so are the giver's own limits (LEDGER-10). The same
-- key again changes nothing. Two transactions that meet in the platform's gifts account: each side has a line and a balance
-- of its own.
CREATE FUNCTION economy_transfer(
    p_transfer uuid, p_giver uuid, p_receiver uuid, p_amount bigint, p_key text, p_note text,
    p_day_most bigint, p_pair_most bigint, p_now timestamptz
) RETURNS TABLE (outcome text, transfer_id uuid, covered bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_known record;
    v_sent uuid := uuidv7();
    v_received uuid := uuidv7();
    v_given bigint;
    v_given_to bigint;
    v_free bigint;
    v_left bigint;
    v_portions economy_portion[];
BEGIN
    IF p_amount <= 0 OR p_giver = p_receiver THEN
        RAISE EXCEPTION 'economy_transfer: amounts are positive, and nobody gives to themself';
    END IF;
    PERFORM economy_lock_wallets(ARRAY[p_giver, p_receiver], p_now);
    SELECT g.* INTO v_known
        FROM economy_transfer g JOIN economy_ledgertransaction t ON t.id = g.sent_id WHERE t.key = p_key || ':sent';
    IF FOUND THEN
        RETURN QUERY SELECT
            CASE WHEN v_known.giver_id = p_giver AND v_known.receiver_id = p_receiver AND v_known.amount = p_amount
                 THEN 'duplicate' ELSE 'conflict' END, v_known.id, 0::bigint;
        RETURN;
    END IF;

    SELECT coalesce(sum(g.amount), 0), coalesce(sum(g.amount) FILTER (WHERE g.receiver_id = p_receiver), 0)
    INTO v_given, v_given_to
    FROM economy_transfer g WHERE g.giver_id = p_giver AND g.created_at > p_now - interval '24 hours';
    IF v_given + p_amount > p_day_most OR v_given_to + p_amount > p_pair_most THEN
        RETURN QUERY SELECT 'capped', NULL::uuid, greatest(0, least(p_day_most - v_given, p_pair_most - v_given_to));
        RETURN;
    END IF;

    -- Bought lots, the oldest first; nothing while something is owed.
    WITH laid AS (
        SELECT l.id, l.remaining, sum(l.remaining) OVER (ORDER BY l.id ROWS UNBOUNDED PRECEDING) - l.remaining AS start
        FROM economy_tokenlot l
        JOIN economy_ledgeraccount d ON d.owner_id = l.owner_id AND d.kind = 'debt' AND d.balance = 0
        WHERE l.owner_id = p_giver AND l.origin = 'purchase' AND l.remaining > 0 AND NOT l.is_disputed
    )
    SELECT coalesce(sum(remaining), 0),
           array_agg(ROW (1, id, NULL, false, false, true, least(remaining, p_amount - start), 0)::economy_portion
                     ORDER BY id) FILTER (WHERE start < p_amount)
    INTO v_free, v_portions
    FROM laid;
    IF v_free < p_amount THEN
        RETURN QUERY SELECT 'insufficient', NULL::uuid, v_free;
        RETURN;
    END IF;
    v_left := greatest(0, economy_limit_left(p_giver, p_now));
    IF v_left < p_amount THEN
        RETURN QUERY SELECT 'limited', NULL::uuid, v_left;
        RETURN;
    END IF;

    PERFORM economy_post(
        ARRAY[ROW (1, v_sent, 'transfer', 'gift_sent', p_key || ':sent', 'transfer', p_transfer::text, p_giver, NULL,
                   p_giver, -p_amount, 0, 0, true, NULL, '{}'::jsonb)::economy_header,
              ROW (2, v_received, 'transfer', 'gift_received', p_key || ':received', 'transfer', p_transfer::text,
                   p_receiver, NULL, p_giver, p_amount, 0, 0, true, NULL, '{}'::jsonb)::economy_header],
        ARRAY[ROW (1, economy_account(p_giver, 'purchased'), -p_amount)::economy_line,
              ROW (1, economy_account(NULL, 'gifts'), p_amount)::economy_line,
              ROW (2, economy_account(NULL, 'gifts'), -p_amount)::economy_line,
              ROW (2, economy_account(p_receiver, 'promotional'), p_amount)::economy_line],
        p_now
    );
    UPDATE economy_tokenlot l SET remaining = l.remaining - c.charged FROM unnest(v_portions) c WHERE l.id = c.lot;
    INSERT INTO economy_lotuse (lot_id, transaction_id, hold_id, amount)
    SELECT c.lot, v_sent, NULL, c.charged FROM unnest(v_portions) c;
    INSERT INTO economy_tokenlot (
        owner_id, origin, granted, remaining, expires_at, is_withdrawable, is_disputed, purchase_id, transaction_id,
        created_at
    ) VALUES (p_receiver, 'gift', p_amount, p_amount, NULL, false, false, NULL, v_received, p_now);
    INSERT INTO economy_transfer (id, giver_id, receiver_id, amount, note, sent_id, received_id, created_at)
    VALUES (p_transfer, p_giver, p_receiver, p_amount, p_note, v_sent, v_received, p_now);
    RETURN QUERY SELECT 'posted', p_transfer, p_amount;
END
$$;

-- Who was given tokens that a purchase brought: their wallets are locked together with the buyer's.
CREATE FUNCTION economy_receivers_of(p_purchase uuid) RETURNS uuid[]
LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(DISTINCT g.receiver_id), '{}')
    FROM economy_tokenlot l
    JOIN economy_lotuse u ON u.lot_id = l.id
    JOIN economy_transfer g ON g.sent_id = u.transaction_id
    WHERE l.purchase_id = p_purchase
$$;

-- Freeze what is left of gifts made from a purchase that is disputed, and let it go when none of a gift's purchases is
-- any more. The caller holds the receivers' wallet locks.
CREATE FUNCTION economy_freeze_gifts(p_purchase uuid) RETURNS void
LANGUAGE sql AS $$
    UPDATE economy_tokenlot gift SET is_disputed = s.is_disputed
    FROM (
        SELECT g.received_id, bool_or(source.is_disputed) AS is_disputed
        FROM economy_transfer g
        JOIN economy_lotuse u ON u.transaction_id = g.sent_id
        JOIN economy_tokenlot source ON source.id = u.lot_id
        WHERE g.sent_id IN (
            SELECT u2.transaction_id FROM economy_lotuse u2 JOIN economy_tokenlot l ON l.id = u2.lot_id
            WHERE l.purchase_id = p_purchase
        )
        GROUP BY g.received_id
    ) s
    WHERE gift.transaction_id = s.received_id AND gift.is_disputed <> s.is_disputed
$$;
