-- Post a correction that two people of staff agreed on, at the platform's cost or to its favor, once. A debt is written
-- off as far as it still stands: where less is owed by now than was to be forgiven, nothing moves and the answer is
-- 'changed'. The caller holds the adjustment's row. Returns the transaction's id, or nothing.
CREATE FUNCTION economy_adjust(p_adjustment uuid, p_now timestamptz) RETURNS TABLE (outcome text, transaction_id uuid)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_adjustment economy_adjustment;
    v_id uuid := uuidv7();
    v_is_fan boolean;
    v_signed bigint;
    v_debt bigint;
    v_available bigint;
BEGIN
    SELECT * INTO STRICT v_adjustment FROM economy_adjustment WHERE id = p_adjustment;
    v_is_fan := v_adjustment.kind = 'forgive_fan';
    v_signed := CASE v_adjustment.kind WHEN 'debit_creator' THEN -v_adjustment.tokens ELSE v_adjustment.tokens END;
    IF v_is_fan THEN
        PERFORM economy_lock_wallets(ARRAY[v_adjustment.person_id], p_now);
    ELSE
        PERFORM economy_lock_creators(ARRAY[v_adjustment.person_id], p_now);
    END IF;
    SELECT coalesce(max(balance) FILTER (WHERE kind = CASE WHEN v_is_fan THEN 'debt' ELSE 'creator_debt' END), 0),
           coalesce(max(balance) FILTER (WHERE kind = 'available'), 0)
    INTO v_debt, v_available
    FROM economy_ledgeraccount WHERE owner_id = v_adjustment.person_id;
    IF v_adjustment.kind IN ('forgive_fan', 'forgive_creator') AND v_debt < v_adjustment.tokens THEN
        RETURN QUERY SELECT 'changed', NULL::uuid;
        RETURN;
    END IF;
    v_available := least(v_available, v_adjustment.tokens);  -- what is taken of it; the rest is owed
    PERFORM economy_post(
        ARRAY[ROW (1, v_id, 'adjustment', v_adjustment.kind, 'adjustment:' || p_adjustment, 'adjustment',
                   p_adjustment::text, CASE WHEN v_is_fan THEN v_adjustment.person_id END,
                   CASE WHEN NOT v_is_fan THEN v_adjustment.person_id END, v_adjustment.decided_by_id, 0, 0, 0, true,
                   NULL, jsonb_build_object('tokens', v_signed))::economy_header],
        CASE v_adjustment.kind
            WHEN 'forgive_fan' THEN ARRAY[
                ROW (1, economy_account(v_adjustment.person_id, 'debt'), v_signed)::economy_line,
                ROW (1, economy_account(NULL, 'losses'), -v_signed)::economy_line]
            WHEN 'forgive_creator' THEN ARRAY[
                ROW (1, economy_account(v_adjustment.person_id, 'creator_debt'), v_signed)::economy_line,
                ROW (1, economy_account(NULL, 'losses'), -v_signed)::economy_line]
            WHEN 'credit_creator' THEN ARRAY[
                ROW (1, economy_account(v_adjustment.person_id, 'available'), v_signed)::economy_line,
                ROW (1, economy_account(NULL, 'losses'), -v_signed)::economy_line]
            WHEN 'debit_creator' THEN ARRAY[
                ROW (1, economy_account(v_adjustment.person_id, 'available'), -v_available)::economy_line,
                ROW (1, economy_account(v_adjustment.person_id, 'creator_debt'), v_signed + v_available)::economy_line,
                ROW (1, economy_account(NULL, 'losses'), -v_signed)::economy_line]
        END,
        p_now
    );
    IF v_adjustment.kind = 'credit_creator' THEN
        PERFORM economy_pay_creator_debt(v_adjustment.person_id, p_now);
    END IF;
    RETURN QUERY SELECT 'posted', v_id;
END
$$;
