-- What a dispute takes back beyond the buyer's own tokens, and gives again when it is won (LEDGER-8).

-- Lock whatever a dispute of a purchase may touch, in one statement and in id order: the wallets of the buyer and of those
-- who were given tokens of it, and the earnings of those who were paid with it. Returns the creators.
CREATE FUNCTION economy_lock_dispute(p_purchase uuid, p_now timestamptz) RETURNS uuid[]
LANGUAGE plpgsql AS $$
DECLARE
    v_people uuid[];
    v_creators uuid[];
BEGIN
    SELECT person_id || economy_receivers_of(p_purchase) INTO STRICT v_people
        FROM economy_purchase WHERE id = p_purchase;
    SELECT coalesce(array_agg(DISTINCT t.payee_id), '{}') INTO v_creators
    FROM economy_tokenlot l
    JOIN economy_lotuse u ON u.lot_id = l.id
    JOIN economy_ledgertransaction t ON t.id = u.transaction_id
    WHERE l.purchase_id = p_purchase AND t.payee_id IS NOT NULL;
    PERFORM economy_open_accounts(v_people, ARRAY['purchased', 'promotional', 'held', 'debt'], p_now);
    PERFORM economy_open_accounts(
        v_creators, ARRAY['pending', 'available', 'non_withdrawable', 'in_payout', 'creator_debt'], p_now);
    PERFORM 1 FROM economy_ledgeraccount
        WHERE (owner_id = ANY (v_people) AND kind = 'purchased')
           OR (owner_id = ANY (v_creators)
               AND kind IN ('pending', 'available', 'non_withdrawable', 'in_payout', 'creator_debt'))
        ORDER BY id
        FOR NO KEY UPDATE;
    RETURN v_creators;
END
$$;

-- Take back charges that disputed tokens paid, the last first, as far as what is left in their lots does not reach:
-- `p_tokens` and `p_bonus` are what the purchase will keep, `p_disputed_*` the most that the dispute accounts for. Only
-- earnings that are not settled yet, unless `p_takes_settled`: those the platform bears, or the creator owes. The tokens
-- return to their lots, for `economy_settle_purchase` to take. The caller holds the locks of `economy_lock_dispute`, and
-- `p_creators` are those it returned. Returns how many tokens came back.
CREATE FUNCTION economy_reverse_disputed(
    p_purchase uuid, p_creators uuid[], p_tokens bigint, p_bonus bigint, p_disputed_tokens bigint,
    p_disputed_bonus bigint, p_takes_settled boolean, p_data jsonb, p_grace interval, p_now timestamptz
) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_purchase economy_purchase;
    v_lot economy_tokenlot;
    v_charge record;
    v_need bigint;
    v_part bigint;
    v_standing bigint;
    v_refund uuid;
    v_total bigint := 0;
BEGIN
    SELECT * INTO STRICT v_purchase FROM economy_purchase WHERE id = p_purchase;
    FOR v_lot IN SELECT * FROM economy_tokenlot WHERE purchase_id = p_purchase ORDER BY id LOOP
        SELECT remaining INTO v_lot.remaining FROM economy_tokenlot WHERE id = v_lot.id;  -- a debt may have taken of it
        SELECT coalesce(sum(amount), 0) INTO v_standing
            FROM economy_chargereversal WHERE lot_id = v_lot.id AND restored_id IS NULL;
        v_need := CASE v_lot.origin
            WHEN 'purchase' THEN least(v_purchase.credited_tokens - p_tokens - v_lot.remaining,
                                       p_disputed_tokens - v_standing)
            ELSE least(v_purchase.credited_bonus - p_bonus - v_lot.remaining, p_disputed_bonus - v_standing) END;
        CONTINUE WHEN v_need <= 0;
        FOR v_charge IN
            SELECT c.id, used.amount
            FROM (
                SELECT coalesce(t.reverses_id, t.id) AS charge, sum(u.amount) AS amount
                FROM economy_lotuse u JOIN economy_ledgertransaction t ON t.id = u.transaction_id
                WHERE u.lot_id = v_lot.id AND (t.type = 'deduction' OR t.reverses_id IS NOT NULL)
                GROUP BY 1 HAVING sum(u.amount) > 0
            ) used
            JOIN economy_ledgertransaction c ON c.id = used.charge AND c.payee_id = ANY (p_creators)
            LEFT JOIN economy_earning w ON w.transaction_id = c.id
            WHERE p_takes_settled OR (w.transaction_id IS NOT NULL AND w.matured_at IS NULL)
            ORDER BY c.id DESC
        LOOP
            EXIT WHEN v_need <= 0;
            v_part := least(v_need, v_charge.amount);
            SELECT transaction_id INTO STRICT v_refund FROM economy_refund(
                v_charge.id, v_part,
                format('dispute:%s:%s:%s:%s', p_purchase, v_purchase.postings + 1, v_lot.origin, v_charge.id),
                NULL, p_data, p_grace, p_now, v_lot.id) WHERE outcome = 'posted';
            INSERT INTO economy_chargereversal (purchase_id, charge_id, lot_id, reversal_id, amount, created_at)
                VALUES (p_purchase, v_charge.id, v_lot.id, v_refund, v_part, p_now);
            v_need := v_need - v_part;
            v_total := v_total + v_part;
        END LOOP;
    END LOOP;
    RETURN v_total;
END
$$;

-- Make good what a dispute took back, the last first: the buyer's tokens leave the same lots again, the creators have
-- their share and we our fee. What has come due meanwhile is available at once, after what the creator owes. The caller
-- holds the locks of `economy_lock_dispute` and has brought the tokens back into their lots. Returns how many tokens.
CREATE FUNCTION economy_restore_disputed(p_purchase uuid, p_data jsonb, p_now timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_row record;
    v_back economy_ledgertransaction;
    v_id uuid;
    v_share bigint;
    v_earned bigint;
    v_granted bigint;
    v_matured timestamptz;
    v_promotional bigint;
    v_purchased bigint;
    v_total bigint := 0;
BEGIN
    FOR v_row IN
        SELECT id, charge_id, reversal_id FROM economy_chargereversal
        WHERE purchase_id = p_purchase AND restored_id IS NULL ORDER BY id DESC
    LOOP
        SELECT * INTO STRICT v_back FROM economy_ledgertransaction WHERE id = v_row.reversal_id;
        v_id := uuidv7();
        v_share := v_back.amount + v_back.fee;
        v_earned := (v_back.data ->> 'back_earned')::bigint;
        -- Of the rest, what was taken from earnings that cannot be withdrawn; more than there was became a debt.
        SELECT coalesce(-sum(e.amount), 0) INTO v_granted
        FROM economy_ledgerentry e JOIN economy_ledgeraccount a ON a.id = e.account_id
        WHERE e.transaction_id = v_back.id AND a.kind = 'non_withdrawable';
        UPDATE economy_earning SET reversed = reversed - v_earned
            WHERE transaction_id = v_row.charge_id AND v_earned > 0;
        SELECT matured_at INTO v_matured FROM economy_earning WHERE transaction_id = v_row.charge_id;
        v_earned := CASE WHEN v_matured IS NULL THEN v_earned ELSE 0 END;
        SELECT coalesce(-sum(u.amount) FILTER (WHERE l.origin <> 'purchase'), 0),
               coalesce(-sum(u.amount) FILTER (WHERE l.origin = 'purchase'), 0)
        INTO v_promotional, v_purchased
        FROM economy_lotuse u JOIN economy_tokenlot l ON l.id = u.lot_id WHERE u.transaction_id = v_back.id;
        PERFORM economy_post(
            ARRAY[ROW (1, v_id, 'adjustment', v_back.kind, 'restored:' || v_back.id, v_back.source_type,
                       v_back.source_id, v_back.person_id, v_back.payee_id, NULL, -v_back.amount, -v_back.fee,
                       v_back.fee_bp, true, v_row.charge_id,
                       p_data || jsonb_build_object(
                           'back_granted', -(v_back.data ->> 'back_granted')::bigint,
                           'back_earned', -(v_back.data ->> 'back_earned')::bigint)
                  )::economy_header],
            ARRAY[ROW (1, economy_account(v_back.person_id, 'promotional'), -v_promotional)::economy_line,
                  ROW (1, economy_account(v_back.person_id, 'purchased'), -v_purchased)::economy_line,
                  ROW (1, economy_account(v_back.payee_id, 'pending'), v_earned)::economy_line,
                  ROW (1, economy_account(v_back.payee_id, 'non_withdrawable'), v_granted)::economy_line,
                  ROW (1, economy_account(v_back.payee_id, 'available'), v_share - v_earned - v_granted)::economy_line,
                  ROW (1, economy_account(NULL, 'fees'), -v_back.fee)::economy_line],
            p_now
        );
        UPDATE economy_tokenlot l SET remaining = l.remaining + u.amount
            FROM economy_lotuse u WHERE u.transaction_id = v_back.id AND l.id = u.lot_id;
        INSERT INTO economy_lotuse (lot_id, transaction_id, hold_id, amount)
            SELECT lot_id, v_id, NULL, -amount FROM economy_lotuse WHERE transaction_id = v_back.id;
        UPDATE economy_chargereversal SET restored_id = v_id WHERE id = v_row.id;
        PERFORM economy_pay_creator_debt(v_back.payee_id, p_now);
        v_total := v_total + v_back.amount;
    END LOOP;
    RETURN v_total;
END
$$;
