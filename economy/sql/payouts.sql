-- What a creator owes is paid from what is available, before any of it leaves (PAY-4). The caller holds the earnings lock.
CREATE FUNCTION economy_pay_creator_debt(p_creator uuid, p_now timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_id uuid := uuidv7();
    v_paid bigint;
BEGIN
    SELECT least(coalesce(max(balance) FILTER (WHERE kind = 'creator_debt'), 0),
                 coalesce(max(balance) FILTER (WHERE kind = 'available'), 0))
    INTO v_paid FROM economy_ledgeraccount WHERE owner_id = p_creator;
    IF v_paid > 0 THEN
        PERFORM economy_post(
            ARRAY[ROW (1, v_id, 'adjustment', 'creator_debt_payment', 'creator-debt:' || v_id, 'creator',
                       p_creator::text, NULL, NULL, NULL, 0, 0, 0, true, NULL,
                       jsonb_build_object('owed', v_paid))::economy_header],
            ARRAY[ROW (1, economy_account(p_creator, 'available'), -v_paid)::economy_line,
                  ROW (1, economy_account(p_creator, 'creator_debt'), v_paid)::economy_line],
            p_now
        );
    END IF;
    RETURN v_paid;
END
$$;

-- Put a payout's tokens where they belong: 'in_payout' when it begins, 'payouts' once the money has left us, 'available'
-- when it is certain that it will not. Posts the move from where they stand, once: saying it again is 'same'. A payout
-- that the creator's available earnings do not cover is 'short', and nothing moves. Tokens that come back pay the
-- creator's debt first. The caller holds the payout's row; the earnings lock is taken here, after it.
CREATE FUNCTION economy_place_payout(p_payout uuid, p_place text, p_now timestamptz) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_payout economy_payout;
    v_id uuid := uuidv7();
    v_available bigint;
    v_kind text;
BEGIN
    SELECT * INTO STRICT v_payout FROM economy_payout WHERE id = p_payout FOR NO KEY UPDATE;
    IF v_payout.place = p_place THEN
        RETURN 'same';
    END IF;
    v_kind := CASE v_payout.place || '>' || p_place
                  WHEN 'available>in_payout' THEN 'payout'
                  WHEN 'in_payout>payouts' THEN 'payout_paid'
                  WHEN 'payouts>in_payout' THEN 'payout_failed'
                  WHEN 'in_payout>available' THEN 'payout_returned' END;
    IF v_kind IS NULL OR (v_kind = 'payout' AND v_payout.postings > 0) THEN
        RAISE EXCEPTION 'economy_place_payout: % does not go from % to %', p_payout, v_payout.place, p_place;
    END IF;
    PERFORM economy_lock_creators(ARRAY[v_payout.creator_id], p_now);
    IF v_kind = 'payout' THEN
        PERFORM economy_pay_creator_debt(v_payout.creator_id, p_now);
        SELECT balance INTO v_available FROM economy_ledgeraccount
            WHERE owner_id = v_payout.creator_id AND kind = 'available';
        IF v_available < v_payout.tokens THEN
            RETURN 'short';
        END IF;
    END IF;

    PERFORM economy_post(
        ARRAY[ROW (1, v_id, 'payout', v_kind, 'payout:' || p_payout || ':' || v_payout.postings + 1, 'payout',
                   p_payout::text, NULL,
                   CASE WHEN v_kind IN ('payout', 'payout_returned') THEN v_payout.creator_id END,  -- theirs to see
                   NULL, 0, 0, 0, true, NULL, jsonb_build_object(
                       'tokens', CASE v_kind WHEN 'payout' THEN -v_payout.tokens ELSE v_payout.tokens END)
              )::economy_header],
        ARRAY[ROW (1, CASE v_payout.place WHEN 'payouts' THEN economy_account(NULL, 'payouts')
                           ELSE economy_account(v_payout.creator_id, v_payout.place) END, -v_payout.tokens)::economy_line,
              ROW (1, CASE p_place WHEN 'payouts' THEN economy_account(NULL, 'payouts')
                           ELSE economy_account(v_payout.creator_id, p_place) END, v_payout.tokens)::economy_line],
        p_now
    );
    UPDATE economy_payout SET place = p_place, postings = postings + 1 WHERE id = p_payout;
    IF v_kind = 'payout_returned' THEN
        PERFORM economy_pay_creator_debt(v_payout.creator_id, p_now);
    END IF;
    RETURN 'posted';
END
$$;
