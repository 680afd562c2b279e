-- Accounts are opened when first needed, in owner order, so that two openers never wait for each other in a ring.

CREATE FUNCTION economy_open_accounts(p_owners uuid[], p_kinds text[], p_now timestamptz) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO economy_ledgeraccount (owner_id, kind, side, balance, created_at)
    SELECT o.owner, k.kind, CASE WHEN k.kind IN ('debt', 'creator_debt') THEN -1 ELSE 1 END, 0, p_now
    FROM (SELECT DISTINCT owner FROM unnest(p_owners) AS owner WHERE owner IS NOT NULL) o
    CROSS JOIN unnest(p_kinds) AS k (kind)
    WHERE NOT EXISTS (
        SELECT 1 FROM economy_ledgeraccount a WHERE a.owner_id = o.owner AND a.kind = k.kind
    )
    ORDER BY o.owner, k.kind
    ON CONFLICT DO NOTHING
$$;

-- The platform's accounts. Their entries are appended, never written through, so they are no hot rows.
CREATE FUNCTION economy_open_platform(p_now timestamptz) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO economy_ledgeraccount (owner_id, kind, side, balance, created_at)
    SELECT NULL, k.kind, k.side, 0, p_now
    FROM (VALUES ('fees', 1), ('stripe_clearing', -1), ('promotions', -1), ('disputes', -1), ('losses', -1),
                 ('gifts', 1), ('payouts', 1)) AS k (kind, side)
    ON CONFLICT DO NOTHING
$$;

-- The wallet lock. Every function that touches a person's tokens, lots or holds takes it first, for all people it
-- touches at once, in account-id order: nothing else of a wallet needs locking, and no two callers deadlock (LEDGER-2).
CREATE FUNCTION economy_lock_wallets(p_people uuid[], p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM economy_open_accounts(p_people, ARRAY['purchased', 'promotional', 'held', 'debt'], p_now);
    PERFORM 1 FROM economy_ledgeraccount
        WHERE kind = 'purchased' AND owner_id = ANY (p_people)
        ORDER BY id
        FOR NO KEY UPDATE;
END
$$;

-- The earnings lock. Whoever moves what creators have earned takes these accounts first, all at once and in id order, and
-- folds what was appended, so that the cached balances are true. Charges append and do not take it.
CREATE FUNCTION economy_lock_creators(p_creators uuid[], p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM economy_open_accounts(
        p_creators, ARRAY['pending', 'available', 'non_withdrawable', 'in_payout', 'creator_debt'], p_now);
    PERFORM 1 FROM economy_ledgeraccount
        WHERE owner_id = ANY (p_creators)
          AND kind IN ('pending', 'available', 'non_withdrawable', 'in_payout', 'creator_debt')
        ORDER BY id
        FOR NO KEY UPDATE;
    PERFORM economy_fold(0, c) FROM unnest(p_creators) AS c ORDER BY c;
END
$$;

-- The id of one account: a person's, or with no owner the platform's.
CREATE FUNCTION economy_account(p_owner uuid, p_kind text) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF p_owner IS NULL THEN
        RETURN (SELECT id FROM economy_ledgeraccount WHERE owner_id IS NULL AND kind = p_kind);
    END IF;
    RETURN (SELECT id FROM economy_ledgeraccount WHERE owner_id = p_owner AND kind = p_kind);
END
$$;
