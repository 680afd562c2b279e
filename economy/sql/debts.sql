-- A debt is paid from what money bought, before any of it can be spent, in spend order: bonuses that came with purchases,
-- then bought lots, the oldest first. Free grants are not money and pay nothing. The caller holds the wallet lock.
CREATE FUNCTION economy_pay_debt(p_person uuid, p_now timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_debt bigint;
    v_id uuid := uuidv7();
    v_promotional bigint;
    v_purchased bigint;
    v_portions economy_portion[];
BEGIN
    SELECT balance INTO v_debt FROM economy_ledgeraccount WHERE owner_id = p_person AND kind = 'debt';
    IF coalesce(v_debt, 0) = 0 THEN
        RETURN 0;
    END IF;
    WITH laid AS (
        SELECT l.id, l.remaining, l.origin <> 'purchase' AS is_promotional,
               sum(l.remaining) OVER (
                   ORDER BY l.origin = 'purchase', l.expires_at NULLS LAST, l.id ROWS UNBOUNDED PRECEDING
               ) - l.remaining AS start
        FROM economy_tokenlot l
        WHERE l.owner_id = p_person AND l.remaining > 0 AND l.is_withdrawable
              AND (l.expires_at IS NULL OR l.expires_at > p_now)
    )
    SELECT array_agg(ROW (1, l.id, NULL, false, l.is_promotional, true,
                          least(l.remaining, v_debt - l.start), 0)::economy_portion)
    INTO v_portions
    FROM laid l WHERE l.start < v_debt;
    IF v_portions IS NULL THEN
        RETURN 0;
    END IF;
    SELECT coalesce(sum(charged) FILTER (WHERE is_promotional), 0),
           coalesce(sum(charged) FILTER (WHERE NOT is_promotional), 0)
    INTO v_promotional, v_purchased
    FROM unnest(v_portions);
    PERFORM economy_post(
        ARRAY[ROW (1, v_id, 'adjustment', 'debt_payment', 'debt:' || v_id, '', '', p_person, NULL, NULL,
                   -(v_promotional + v_purchased), 0, 0, true, NULL, '{}'::jsonb)::economy_header],
        ARRAY[ROW (1, economy_account(p_person, 'promotional'), -v_promotional)::economy_line,
              ROW (1, economy_account(p_person, 'purchased'), -v_purchased)::economy_line,
              ROW (1, economy_account(p_person, 'debt'), v_promotional + v_purchased)::economy_line],
        p_now
    );
    UPDATE economy_tokenlot l SET remaining = l.remaining - c.charged FROM unnest(v_portions) c WHERE l.id = c.lot;
    INSERT INTO economy_lotuse (lot_id, transaction_id, hold_id, amount)
    SELECT c.lot, v_id, NULL, c.charged FROM unnest(v_portions) c;
    RETURN v_promotional + v_purchased;
END
$$;
