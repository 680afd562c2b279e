-- Tokens the platform gives, and their expiry.

-- Give promotional tokens as a lot of their own. The same key again changes nothing. Returns the transaction.
CREATE FUNCTION economy_grant(
    p_person uuid, p_amount bigint, p_origin text, p_is_withdrawable boolean, p_expires_at timestamptz,
    p_key text, p_kind text, p_actor uuid, p_data jsonb, p_now timestamptz
) RETURNS TABLE (transaction_id uuid, is_new boolean)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_id uuid;
BEGIN
    PERFORM economy_lock_wallets(ARRAY[p_person], p_now);
    SELECT id INTO v_id FROM economy_ledgertransaction WHERE key = p_key;
    IF FOUND THEN
        RETURN QUERY SELECT v_id, false;
        RETURN;
    END IF;
    v_id := uuidv7();
    PERFORM economy_post(
        ARRAY[ROW (1, v_id, 'promo', p_kind, p_key, '', '', p_person, NULL, p_actor, p_amount, 0, 0, true, NULL,
                   p_data)::economy_header],
        ARRAY[ROW (1, economy_account(NULL, 'promotions'), -p_amount)::economy_line,
              ROW (1, economy_account(p_person, 'promotional'), p_amount)::economy_line],
        p_now
    );
    INSERT INTO economy_tokenlot (
        owner_id, origin, granted, remaining, expires_at, is_withdrawable, is_disputed, purchase_id, transaction_id,
        created_at
    ) VALUES (p_person, p_origin, p_amount, p_amount, p_expires_at, p_is_withdrawable, false, NULL, v_id, p_now);
    RETURN QUERY SELECT v_id, true;
END
$$;

-- Take back what is left of lots whose time has passed (LEDGER-13). Each lot is one transaction; held tokens stay held.
CREATE FUNCTION economy_expire_lots(p_limit int, p_now timestamptz) RETURNS SETOF uuid
LANGUAGE plpgsql AS $$
DECLARE
    v_people uuid[];
    v_headers economy_header[];
    v_lines economy_line[];
    v_lots bigint[];
BEGIN
    SELECT array_agg(DISTINCT owner_id) INTO v_people
    FROM (
        SELECT owner_id FROM economy_tokenlot
        WHERE remaining > 0 AND expires_at <= p_now ORDER BY expires_at LIMIT p_limit
    ) t;
    IF v_people IS NULL THEN
        RETURN;
    END IF;
    PERFORM economy_lock_wallets(v_people, p_now);
    SELECT array_agg(ROW (t.ord, uuidv7(), 'promo', 'expiry',
                          format('expiry:%s:%s', t.id, extract(epoch FROM t.expires_at)), '', '', t.owner_id, NULL, NULL,
                          -t.remaining, 0, 0, true, NULL, '{}'::jsonb)::economy_header ORDER BY t.ord),
           array_agg(t.id ORDER BY t.ord)
    INTO v_headers, v_lots
    FROM (
        SELECT l.*, (row_number() OVER (ORDER BY l.id))::int AS ord
        FROM economy_tokenlot l
        WHERE l.owner_id = ANY (v_people) AND l.remaining > 0 AND l.expires_at <= p_now
    ) t;
    IF v_headers IS NULL THEN
        RETURN;
    END IF;
    SELECT array_agg(ROW (h.ord, k.account, k.amount)::economy_line)
    INTO v_lines
    FROM unnest(v_headers) h
    CROSS JOIN LATERAL (
        VALUES (economy_account(h.person, 'promotional'), h.amount), (economy_account(NULL, 'promotions'), -h.amount)
    ) AS k (account, amount);
    PERFORM economy_post(v_headers, v_lines, p_now);
    INSERT INTO economy_lotuse (lot_id, transaction_id, hold_id, amount)
    SELECT v_lots[h.ord], h.id, NULL, -h.amount FROM unnest(v_headers) h;
    UPDATE economy_tokenlot SET remaining = 0 WHERE id = ANY (v_lots);
    RETURN QUERY SELECT DISTINCT h.person FROM unnest(v_headers) h;
END
$$;
