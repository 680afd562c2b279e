-- Bring what the ledger holds for a purchase to what Stripe says it should be: post target − already posted.
--
-- The caller holds the purchase's row lock and has read Stripe's truth after taking it, so neither the order of events
-- nor their number matters. Tokens that are taken back come from the purchase's own lots while they are unspent; what
-- was spent or is held becomes a debt. Tokens that come back return to those lots; a debt is paid from them at once.
CREATE FUNCTION economy_settle_purchase(
    p_purchase uuid, p_tokens bigint, p_bonus bigint, p_kind text, p_bonus_expires_at timestamptz,
    p_is_disputed boolean, p_grace interval, p_now timestamptz, p_pays_debt boolean DEFAULT true
) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
    v_purchase economy_purchase;
    v_id uuid := uuidv7();
    v_tokens bigint;
    v_bonus bigint;
    v_lot economy_tokenlot;
    v_origin text;
    v_delta bigint;
    v_taken_tokens bigint := 0;
    v_taken_bonus bigint := 0;
    v_owed bigint := 0;
    v_back_bonus bigint := 0;
    v_part bigint;
    v_out bigint;
    v_lots bigint[] := '{}';
    v_uses bigint[] := '{}';
BEGIN
    SELECT * INTO STRICT v_purchase FROM economy_purchase WHERE id = p_purchase;
    v_tokens := p_tokens - v_purchase.credited_tokens;
    v_bonus := p_bonus - v_purchase.credited_bonus;
    PERFORM economy_lock_wallets(v_purchase.person_id || economy_receivers_of(p_purchase), p_now);
    UPDATE economy_tokenlot SET is_disputed = p_is_disputed
        WHERE purchase_id = p_purchase AND is_disputed <> p_is_disputed;
    IF FOUND THEN
        PERFORM economy_freeze_gifts(p_purchase);
    END IF;
    IF v_tokens = 0 AND v_bonus = 0 THEN
        RETURN NULL;
    END IF;
    IF sign(v_tokens) * sign(v_bonus) < 0 THEN
        RAISE EXCEPTION 'economy_settle_purchase: tokens and bonus move the same way';
    END IF;

    -- What each lot gives up, before anything is written: the transaction must name it.
    FOREACH v_origin IN ARRAY ARRAY['purchase', 'bonus'] LOOP
        v_delta := CASE WHEN v_origin = 'purchase' THEN v_tokens ELSE v_bonus END;
        CONTINUE WHEN v_delta >= 0;
        SELECT * INTO STRICT v_lot FROM economy_tokenlot WHERE purchase_id = p_purchase AND origin = v_origin;
        v_part := least(-v_delta, v_lot.remaining);
        -- Of the rest, what people were paid with or hold; a bonus that expired went back to the platform already.
        SELECT coalesce(sum(u.amount), 0) INTO v_out
        FROM economy_lotuse u JOIN economy_ledgertransaction t ON t.id = u.transaction_id
        WHERE u.lot_id = v_lot.id AND t.kind = 'expiry';
        v_out := greatest(0, v_lot.granted - v_lot.remaining - v_out);
        v_owed := v_owed + least(-v_delta - v_part, v_out);
        IF v_origin = 'purchase' THEN
            v_taken_tokens := v_part;
        ELSE
            v_taken_bonus := v_part;
            v_back_bonus := v_part + least(-v_delta - v_part, v_out);
        END IF;
        IF v_part > 0 THEN
            v_lots := v_lots || v_lot.id;
            v_uses := v_uses || v_part;
        END IF;
    END LOOP;

    PERFORM economy_post(
        ARRAY[ROW (1, v_id, CASE WHEN v_tokens + v_bonus > 0 THEN 'purchase' ELSE 'refund' END,
                   CASE WHEN v_tokens + v_bonus < 0 THEN p_kind
                        WHEN v_purchase.postings = 0 THEN 'purchase' ELSE 'purchase_restored' END,
                   format('purchase:%s:%s', p_purchase, v_purchase.postings + 1), 'purchase', p_purchase::text,
                   v_purchase.person_id, NULL, NULL,
                   CASE WHEN v_tokens + v_bonus > 0 THEN v_tokens + v_bonus ELSE -v_taken_tokens - v_taken_bonus END,
                   0, 0, true, NULL,
                   jsonb_build_object('tokens', v_tokens, 'bonus', v_bonus, 'owed', v_owed))::economy_header],
        CASE WHEN v_tokens + v_bonus > 0 THEN ARRAY[
            ROW (1, economy_account(NULL, 'stripe_clearing'), -v_tokens)::economy_line,
            ROW (1, economy_account(NULL, 'promotions'), -v_bonus)::economy_line,
            ROW (1, economy_account(v_purchase.person_id, 'purchased'), v_tokens)::economy_line,
            ROW (1, economy_account(v_purchase.person_id, 'promotional'), v_bonus)::economy_line
        ] ELSE ARRAY[
            ROW (1, economy_account(NULL, 'stripe_clearing'), -v_tokens)::economy_line,
            ROW (1, economy_account(NULL, 'promotions'), v_back_bonus)::economy_line,
            ROW (1, economy_account(v_purchase.person_id, 'purchased'), -v_taken_tokens)::economy_line,
            ROW (1, economy_account(v_purchase.person_id, 'promotional'), -v_taken_bonus)::economy_line,
            ROW (1, economy_account(v_purchase.person_id, 'debt'), -v_owed)::economy_line
        ] END,
        p_now
    );

    IF v_tokens + v_bonus < 0 THEN
        UPDATE economy_tokenlot l SET remaining = l.remaining - c.amount
            FROM unnest(v_lots, v_uses) AS c (lot, amount) WHERE l.id = c.lot;
        INSERT INTO economy_lotuse (lot_id, transaction_id, hold_id, amount)
            SELECT c.lot, v_id, NULL, c.amount FROM unnest(v_lots, v_uses) AS c (lot, amount);
    ELSE
        FOREACH v_origin IN ARRAY ARRAY['purchase', 'bonus'] LOOP
            v_delta := CASE WHEN v_origin = 'purchase' THEN v_tokens ELSE v_bonus END;
            CONTINUE WHEN v_delta = 0;
            SELECT * INTO v_lot FROM economy_tokenlot WHERE purchase_id = p_purchase AND origin = v_origin;
            IF NOT FOUND THEN
                INSERT INTO economy_tokenlot (
                    owner_id, origin, granted, remaining, expires_at, is_withdrawable, is_disputed, purchase_id,
                    transaction_id, created_at
                ) VALUES (
                    v_purchase.person_id, v_origin, v_delta, v_delta,
                    CASE WHEN v_origin = 'bonus' THEN p_bonus_expires_at END, true, p_is_disputed, p_purchase, v_id, p_now
                );
            ELSE
                -- What left the lot comes back to it; what never was in it makes it larger.
                SELECT least(v_delta, v_lot.granted - v_lot.remaining - coalesce(sum(remaining), 0)) INTO v_part
                    FROM economy_holdlot WHERE lot_id = v_lot.id;
                UPDATE economy_tokenlot
                SET granted = granted + v_delta - v_part, remaining = remaining + v_delta,
                    expires_at = CASE WHEN expires_at <= p_now THEN p_now + p_grace ELSE expires_at END
                WHERE id = v_lot.id;
                IF v_part > 0 THEN
                    INSERT INTO economy_lotuse (lot_id, transaction_id, hold_id, amount)
                        VALUES (v_lot.id, v_id, NULL, -v_part);
                END IF;
            END IF;
        END LOOP;
    END IF;
    UPDATE economy_purchase
    SET credited_tokens = p_tokens, credited_bonus = p_bonus, postings = postings + 1
    WHERE id = p_purchase;
    IF p_pays_debt THEN
        PERFORM economy_pay_debt(v_purchase.person_id, p_now);
    END IF;
    RETURN v_id;
END
$$;
