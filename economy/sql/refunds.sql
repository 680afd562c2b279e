-- Give a charge back, whole or in part: to the same lots, the last taken first, with their expiry or `p_grace` more where
-- it has passed (LEDGER-3). The fee comes back in proportion. The creator's side is taken from pending earnings, then
-- from available ones; what is gone by then stands as the creator's debt and the person is repaid all the same (PAY-4).
-- With `p_lot`, only what that lot paid of it.
CREATE FUNCTION economy_refund(
    p_transaction uuid, p_amount bigint, p_key text, p_actor uuid, p_data jsonb, p_grace interval, p_now timestamptz,
    p_lot bigint DEFAULT NULL
) RETURNS TABLE (outcome text, transaction_id uuid, refunded bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_charge economy_ledgertransaction;
    v_earning economy_earning;
    v_id uuid := uuidv7();
    v_total bigint;
    v_before bigint;
    v_after bigint;
    v_fee bigint;
    v_fee_before bigint;  -- given back so far: what a dispute took and gave again leaves no round number behind
    v_share bigint;
    v_granted_total bigint;
    v_granted_after bigint;
    v_granted_share bigint;
    v_earned_share bigint;
    v_back_granted bigint;
    v_back_earned bigint;
    v_prior_granted bigint;
    v_prior_earned bigint;
    v_pending bigint;
    v_available bigint;
    v_nonw bigint;
    v_promotional bigint;
    v_purchased bigint;
    v_lots bigint[];
    v_amounts bigint[];
BEGIN
    SELECT * INTO STRICT v_charge FROM economy_ledgertransaction WHERE id = p_transaction;
    IF v_charge.type <> 'deduction' THEN
        RAISE EXCEPTION 'economy_refund: % is no charge', p_transaction;
    END IF;
    PERFORM economy_open_accounts(ARRAY[v_charge.person_id], ARRAY['purchased', 'promotional', 'held', 'debt'], p_now);
    PERFORM economy_open_accounts(
        ARRAY[v_charge.payee_id], ARRAY['pending', 'available', 'non_withdrawable', 'in_payout', 'creator_debt'], p_now);
    -- The payer's wallet and the creator's earnings, together in id order.
    PERFORM 1 FROM economy_ledgeraccount
        WHERE (owner_id = v_charge.person_id AND kind = 'purchased')
           OR (owner_id = v_charge.payee_id
               AND kind IN ('pending', 'available', 'non_withdrawable', 'in_payout', 'creator_debt'))
        ORDER BY id
        FOR NO KEY UPDATE;
    SELECT id, amount INTO v_id, v_total FROM economy_ledgertransaction WHERE key = p_key;
    IF FOUND THEN
        RETURN QUERY SELECT 'duplicate', v_id, v_total;
        RETURN;
    END IF;
    v_id := uuidv7();
    v_total := -v_charge.amount;
    SELECT coalesce(sum(amount), 0), coalesce(-sum(fee), 0) INTO v_before, v_fee_before
        FROM economy_ledgertransaction WHERE reverses_id = p_transaction;
    v_after := v_before + p_amount;
    IF p_amount <= 0 OR v_after > v_total THEN
        RETURN QUERY SELECT 'too_much', NULL::uuid, v_total - v_before;
        RETURN;
    END IF;

    -- Which lots, the last taken first.
    WITH used AS (
        SELECT u.lot_id, sum(u.amount) AS amount, max(u.id) FILTER (WHERE u.transaction_id = p_transaction) AS last_use
        FROM economy_lotuse u JOIN economy_ledgertransaction t ON t.id = u.transaction_id
        WHERE (t.id = p_transaction OR t.reverses_id = p_transaction) AND (p_lot IS NULL OR u.lot_id = p_lot)
        GROUP BY u.lot_id HAVING sum(u.amount) > 0
    ), laid AS (
        SELECT u.*, sum(u.amount) OVER (ORDER BY u.last_use DESC ROWS UNBOUNDED PRECEDING) - u.amount AS start FROM used u
    )
    SELECT array_agg(l.lot_id), array_agg(least(l.amount, p_amount - l.start)) INTO v_lots, v_amounts
    FROM laid l WHERE l.start < p_amount;
    SELECT coalesce(sum(c.amount) FILTER (WHERE l.origin <> 'purchase'), 0),
           coalesce(sum(c.amount) FILTER (WHERE l.origin = 'purchase'), 0)
    INTO v_promotional, v_purchased
    FROM unnest(v_lots, v_amounts) AS c (lot, amount) JOIN economy_tokenlot l ON l.id = c.lot;

    -- What the creator and we give back.
    v_fee := least(p_amount, greatest(0, v_charge.fee * v_after / v_total - v_fee_before));
    v_share := p_amount - v_fee;
    SELECT coalesce(sum(e.amount) FILTER (WHERE a.kind = 'non_withdrawable'), 0),
           coalesce(sum(e.amount) FILTER (WHERE a.kind = 'pending'), 0)
    INTO v_granted_share, v_earned_share
    FROM economy_ledgerentry e JOIN economy_ledgeraccount a ON a.id = e.account_id
    WHERE e.transaction_id = p_transaction;
    SELECT coalesce(sum((t.data ->> 'back_granted')::bigint), 0), coalesce(sum((t.data ->> 'back_earned')::bigint), 0)
    INTO v_prior_granted, v_prior_earned
    FROM economy_ledgertransaction t WHERE t.reverses_id = p_transaction;
    SELECT coalesce(sum(u.amount), 0) INTO v_granted_total
    FROM economy_lotuse u JOIN economy_tokenlot l ON l.id = u.lot_id
    WHERE u.transaction_id = p_transaction AND NOT l.is_withdrawable;
    SELECT coalesce(-sum(u.amount), 0) INTO v_granted_after
    FROM economy_lotuse u JOIN economy_tokenlot l ON l.id = u.lot_id
    JOIN economy_ledgertransaction t ON t.id = u.transaction_id AND t.reverses_id = p_transaction
    WHERE NOT l.is_withdrawable;
    SELECT v_granted_after + coalesce(sum(c.amount), 0) INTO v_granted_after
    FROM unnest(v_lots, v_amounts) AS c (lot, amount) JOIN economy_tokenlot l ON l.id = c.lot AND NOT l.is_withdrawable;
    v_back_granted := CASE WHEN v_granted_total = 0 THEN 0
                           ELSE greatest(0, v_granted_share * v_granted_after / v_granted_total - v_prior_granted) END;
    v_back_granted := least(v_share, v_back_granted);  -- rounding may owe it a token that the fee has
    v_back_earned := least(v_share - v_back_granted, v_earned_share - v_prior_earned);
    v_back_granted := v_share - v_back_earned;

    PERFORM economy_fold(0, v_charge.payee_id);
    SELECT coalesce(sum(balance) FILTER (WHERE kind = 'pending'), 0),
           coalesce(sum(balance) FILTER (WHERE kind = 'available'), 0),
           coalesce(sum(balance) FILTER (WHERE kind = 'non_withdrawable'), 0)
    INTO v_pending, v_available, v_nonw
    FROM economy_ledgeraccount WHERE owner_id = v_charge.payee_id;
    -- What still waits for its day is taken back from there; what was released, from what is available now.
    SELECT * INTO v_earning FROM economy_earning WHERE transaction_id = p_transaction;
    v_pending := CASE WHEN v_earning.matured_at IS NULL THEN least(v_pending, v_back_earned) ELSE 0 END;
    v_available := CASE WHEN v_earning.matured_at IS NULL THEN 0 ELSE least(v_available, v_back_earned) END;
    v_nonw := least(v_nonw, v_back_granted);
    UPDATE economy_earning SET reversed = reversed + v_back_earned
        WHERE transaction_id = p_transaction AND v_back_earned > 0;

    PERFORM economy_post(
        ARRAY[ROW (1, v_id, 'refund', v_charge.kind, p_key, v_charge.source_type, v_charge.source_id,
                   v_charge.person_id, v_charge.payee_id, p_actor, p_amount, -v_fee, v_charge.fee_bp, true,
                   p_transaction,
                   p_data || jsonb_build_object('back_granted', v_back_granted, 'back_earned', v_back_earned)
              )::economy_header],
        ARRAY[ROW (1, economy_account(v_charge.person_id, 'promotional'), v_promotional)::economy_line,
              ROW (1, economy_account(v_charge.person_id, 'purchased'), v_purchased)::economy_line,
              ROW (1, economy_account(v_charge.payee_id, 'pending'), -v_pending)::economy_line,
              ROW (1, economy_account(v_charge.payee_id, 'available'), -v_available)::economy_line,
              ROW (1, economy_account(v_charge.payee_id, 'non_withdrawable'), -v_nonw)::economy_line,
              ROW (1, economy_account(v_charge.payee_id, 'creator_debt'),
                   -(v_share - v_pending - v_available - v_nonw))::economy_line,
              ROW (1, economy_account(NULL, 'fees'), -v_fee)::economy_line],
        p_now
    );
    UPDATE economy_tokenlot l
    SET remaining = l.remaining + c.amount,
        expires_at = CASE WHEN l.expires_at <= p_now THEN p_now + p_grace ELSE l.expires_at END
    FROM unnest(v_lots, v_amounts) AS c (lot, amount)
    WHERE l.id = c.lot;
    INSERT INTO economy_lotuse (lot_id, transaction_id, hold_id, amount)
    SELECT c.lot, v_id, NULL, -c.amount FROM unnest(v_lots, v_amounts) AS c (lot, amount);
    PERFORM economy_pay_debt(v_charge.person_id, p_now);
    RETURN QUERY SELECT 'posted', v_id, p_amount;
END
$$;
