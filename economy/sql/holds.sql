-- Setting tokens aside, and giving them back to the lots they came from.

-- Place a hold of exactly `p_amount`, or none. The same key again finds the first hold.
CREATE FUNCTION economy_place_hold(
    p_hold uuid, p_person uuid, p_amount bigint, p_key text, p_source_type text, p_source_id text, p_now timestamptz
) RETURNS TABLE (hold_id uuid, outcome text, covered bigint, spendable bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_hold economy_hold;
    v_result economy_outcome;
BEGIN
    PERFORM economy_lock_wallets(ARRAY[p_person], p_now);
    SELECT * INTO v_hold FROM economy_hold WHERE key = p_key;
    IF FOUND THEN
        IF v_hold.person_id <> p_person THEN
            RETURN QUERY SELECT v_hold.id, 'conflict', 0::bigint, 0::bigint;
        ELSE
            RETURN QUERY SELECT v_hold.id, 'duplicate', v_hold.remaining, 0::bigint;
        END IF;
        RETURN;
    END IF;
    INSERT INTO economy_hold (id, person_id, amount, remaining, source_type, source_id, state, key, created_at)
    VALUES (p_hold, p_person, 0, 0, p_source_type, p_source_id, 'open', p_key, p_now);
    SELECT * INTO v_result FROM economy_spend(
        jsonb_build_array(jsonb_build_object(
            'ord', 1, 'type', 'hold', 'kind', 'hold', 'key', 'hold:' || p_key, 'source_type', p_source_type,
            'source_id', p_source_id, 'payer', p_person, 'amount', 0, 'hold', p_hold, 'hold_to', p_amount,
            'is_strict', true
        )), p_now
    );
    IF v_result.outcome <> 'posted' THEN
        DELETE FROM economy_hold WHERE id = p_hold;
    END IF;
    RETURN QUERY SELECT p_hold, v_result.outcome, v_result.covered, v_result.spendable;
END
$$;

-- Give back what is left, to the same lots; a lot that expired meanwhile lives `p_grace` longer (LEDGER-3). What the
-- person owes is paid from it before anything is spendable. Returns how much went back; repeating it returns zero.
CREATE FUNCTION economy_release_hold(p_hold uuid, p_key text, p_grace interval, p_now timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_hold economy_hold;
    v_promotional bigint;
    v_purchased bigint;
BEGIN
    SELECT * INTO v_hold FROM economy_hold WHERE id = p_hold;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'economy_release_hold: there is no hold %', p_hold;
    END IF;
    PERFORM economy_lock_wallets(ARRAY[v_hold.person_id], p_now);
    SELECT * INTO v_hold FROM economy_hold WHERE id = p_hold;
    IF v_hold.state <> 'open' THEN
        RETURN 0;
    END IF;
    IF v_hold.remaining > 0 THEN
        SELECT coalesce(sum(hl.remaining) FILTER (WHERE l.origin <> 'purchase'), 0),
               coalesce(sum(hl.remaining) FILTER (WHERE l.origin = 'purchase'), 0)
        INTO v_promotional, v_purchased
        FROM economy_holdlot hl JOIN economy_tokenlot l ON l.id = hl.lot_id
        WHERE hl.hold_id = p_hold AND hl.remaining > 0;
        PERFORM economy_post(
            ARRAY[ROW (1, uuidv7(), 'hold', 'release', p_key, v_hold.source_type, v_hold.source_id, v_hold.person_id,
                       NULL, NULL, 0, 0, 0, true, NULL, jsonb_build_object('hold', p_hold))::economy_header],
            ARRAY[ROW (1, economy_account(v_hold.person_id, 'held'), -v_hold.remaining)::economy_line,
                  ROW (1, economy_account(v_hold.person_id, 'promotional'), v_promotional)::economy_line,
                  ROW (1, economy_account(v_hold.person_id, 'purchased'), v_purchased)::economy_line],
            p_now
        );
        UPDATE economy_tokenlot l
        SET remaining = l.remaining + hl.remaining,
            expires_at = CASE WHEN l.expires_at <= p_now THEN p_now + p_grace ELSE l.expires_at END
        FROM economy_holdlot hl
        WHERE hl.hold_id = p_hold AND hl.remaining > 0 AND l.id = hl.lot_id;
        UPDATE economy_holdlot SET remaining = 0 WHERE hold_id = p_hold AND remaining > 0;
    END IF;
    UPDATE economy_hold SET remaining = 0, state = 'released', released_at = p_now WHERE id = p_hold;
    PERFORM economy_pay_debt(v_hold.person_id, p_now);
    RETURN v_hold.remaining;
END
$$;
