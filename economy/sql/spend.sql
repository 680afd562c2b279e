-- Charges, holds and top-ups, one or ten thousand in a call.
--
-- Each request pays `amount` from its payer to its payee and leaves `hold_to` tokens in its hold. Tokens are taken from
-- the hold first, then from free lots: promotional, the soonest to expire first, then bought, the oldest first
-- (LEDGER-3). A request whose key was posted before changes nothing and is told so (LEDGER-4). A request that funds do
-- not cover changes nothing and is told how much they would. Nothing here makes a balance negative.
--
-- Requests are worked through in rounds: the first request of every payer together, then the second of every payer, so
-- that one payer's requests see each other in order while payers do not wait for each other.
CREATE FUNCTION economy_spend(p_requests jsonb, p_now timestamptz) RETURNS SETOF economy_outcome
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$  -- planning anew would cost more than a single charge
#variable_conflict use_column
DECLARE
    v_requests economy_request[];
    v_todo economy_request[];
    v_portions economy_portion[];
    v_headers economy_header[];
    v_lines economy_line[];
    v_outcomes economy_outcome[] := '{}';
    v_round_outcomes economy_outcome[];
    v_payers uuid[];
    v_rounds int;
    v_has_holds boolean;
    v_fees bigint := economy_account(NULL, 'fees');
BEGIN
    SELECT array_agg(
               ROW (r.ord, r.round, r.type, r.kind, r.key, r.source_type, r.source_id, r.payer, r.payee, r.actor,
                    r.amount, r.fee_bp, r.charged_before, r.fee_before, r.hold, r.hold_to, r.is_strict, r.hold_days,
                    r.new_hold_days, r.new_since, r.data
               )::economy_request ORDER BY r.ord
           ), array_agg(DISTINCT r.payer), max(r.round), bool_or(r.hold IS NOT NULL)
    INTO v_requests, v_payers, v_rounds, v_has_holds
    FROM (
        SELECT row_number() OVER (PARTITION BY q.payer ORDER BY q.ord) AS round, q.*
        FROM jsonb_to_recordset(p_requests) AS q (
            ord int, type text, kind text, key text, source_type text, source_id text, payer uuid, payee uuid,
            actor uuid, amount bigint, fee_bp int, charged_before bigint, fee_before bigint, hold uuid,
            hold_to bigint, is_strict boolean, hold_days int,
            new_hold_days int, new_since timestamptz, data jsonb
        )
    ) r;
    IF v_requests IS NULL THEN
        RETURN;
    END IF;
    IF EXISTS (SELECT 1 FROM unnest(v_requests) r WHERE r.amount < 0 OR r.hold_to < 0 OR r.payee = r.payer) THEN
        RAISE EXCEPTION 'economy_spend: amounts are zero or more, and nobody pays themself';
    END IF;

    PERFORM economy_open_accounts(
        (SELECT array_agg(r.payee) FROM unnest(v_requests) r WHERE r.payee IS NOT NULL),
        ARRAY['pending', 'non_withdrawable'], p_now
    );
    PERFORM economy_lock_wallets(v_payers, p_now);

    FOR v_round IN 1..v_rounds LOOP
        -- What was posted before, under this key: say so, and whether it was the same thing.
        SELECT array_agg(r ORDER BY r.ord) FILTER (WHERE t.id IS NULL),
               array_agg(
                   ROW (r.ord,
                        CASE WHEN t.person_id = r.payer AND t.payee_id IS NOT DISTINCT FROM r.payee
                                  AND t.amount = -r.amount AND t.kind = r.kind
                             THEN 'duplicate' ELSE 'conflict' END,
                        t.id, -t.amount, -t.amount - t.fee, t.fee, 0, 0, 0)::economy_outcome
               ) FILTER (WHERE t.id IS NOT NULL)
        INTO v_todo, v_round_outcomes
        FROM unnest(v_requests) r
        LEFT JOIN economy_ledgertransaction t ON t.key = r.key
        WHERE r.round = v_round;
        v_outcomes := v_outcomes || coalesce(v_round_outcomes, '{}');
        CONTINUE WHEN v_todo IS NULL;

        -- Lay each payer's tokens out in spend order and cut them: [0, amount) is paid, [amount, goal) is held.
        WITH todo AS (
            SELECT t.* FROM unnest(v_todo) t
        ), source AS (
            SELECT t.ord, true AS from_hold, hl.lot_id, hl.remaining AS size, l.origin <> 'purchase' AS is_promotional,
                   l.is_withdrawable, l.expires_at
            FROM todo t
            JOIN economy_hold h ON h.id = t.hold AND h.state = 'open' AND h.person_id = t.payer
            JOIN economy_holdlot hl ON hl.hold_id = h.id AND hl.remaining > 0
            JOIN economy_tokenlot l ON l.id = hl.lot_id
            UNION ALL
            SELECT t.ord, false, l.id, l.remaining, l.origin <> 'purchase', l.is_withdrawable, l.expires_at
            FROM todo t
            JOIN economy_ledgeraccount d ON d.owner_id = t.payer AND d.kind = 'debt' AND d.balance = 0
            JOIN economy_tokenlot l ON l.owner_id = t.payer AND l.remaining > 0 AND NOT l.is_disputed
                 AND (l.expires_at IS NULL OR l.expires_at > p_now)
        ), laid AS (
            SELECT s.*,
                   sum(s.size) OVER (
                       PARTITION BY s.ord
                       ORDER BY s.from_hold DESC, s.is_promotional DESC, s.expires_at NULLS LAST, s.lot_id
                       ROWS UNBOUNDED PRECEDING
                   ) - s.size AS start
            FROM source s
        ), funds AS (
            SELECT ord, sum(size) AS available, coalesce(sum(size) FILTER (WHERE from_hold), 0) AS in_hold
            FROM source GROUP BY ord
        ), reach AS (
            -- What funds cover, and of that what the person's own limits let through. A hold's tokens stand against
            -- the limit already; what other holds have set aside is not there to be spent twice.
            SELECT t.ord, coalesce(f.available, 0) AS funds, coalesce(f.in_hold, 0) AS in_hold,
                   least(coalesce(f.available, 0),
                         greatest(0, economy_limit_left(t.payer, p_now) + coalesce(f.in_hold, 0))) AS available
            FROM todo t LEFT JOIN funds f ON f.ord = t.ord
        ), plan AS (
            SELECT t.ord, t.hold, t.amount, r.available, r.funds,
                   greatest(r.in_hold, least(t.amount + coalesce(t.hold_to, 0), r.available)) AS goal,
                   t.amount + CASE WHEN t.is_strict THEN coalesce(t.hold_to, 0) ELSE 0 END AS needed
            FROM todo t JOIN reach r ON r.ord = t.ord
        ), decided AS (
            SELECT p.*, p.available >= p.needed AS is_covered FROM plan p
        ), cut AS (
            SELECT l.ord, l.start, l.lot_id, p.hold, l.from_hold, l.is_promotional, l.is_withdrawable,
                   greatest(0, least(l.start + l.size, p.amount) - l.start) AS charged,
                   greatest(0, least(l.start + l.size, p.goal) - greatest(l.start, p.amount)) AS held
            FROM laid l JOIN decided p ON p.ord = l.ord AND p.is_covered
        )
        SELECT (SELECT array_agg(ROW (c.ord, c.lot_id, c.hold, c.from_hold, c.is_promotional, c.is_withdrawable,
                                      c.charged, CASE WHEN c.from_hold THEN 0 ELSE c.held END)::economy_portion
                                 ORDER BY c.ord, c.start)
                FROM cut c WHERE c.charged > 0 OR (c.held > 0 AND NOT c.from_hold)),
               (SELECT array_agg(ROW (p.ord,
                                      CASE WHEN p.is_covered THEN 'posted'
                                           WHEN p.funds >= p.needed THEN 'limited' ELSE 'insufficient' END,
                                      NULL, p.amount, 0, 0, CASE WHEN p.is_covered THEN p.amount ELSE p.available END,
                                      0, 0)::economy_outcome) FROM decided p)
        INTO v_portions, v_round_outcomes;
        v_portions := coalesce(v_portions, '{}');

        -- Fees run on the total of the sale so far (LEDGER-11). Where part of a charge came from free grants, the fee is
        -- split by largest remainder, so that what the creator may withdraw is right to the token (LEDGER-9).
        WITH spent AS (
            SELECT t.ord,
                   (coalesce(sum(c.charged) FILTER (WHERE NOT c.is_withdrawable), 0))::bigint AS granted,
                   (coalesce(sum(c.charged + c.held) FILTER (WHERE NOT c.from_hold AND c.is_promotional), 0))::bigint AS promotional,
                   (coalesce(sum(c.charged + c.held) FILTER (WHERE NOT c.from_hold AND NOT c.is_promotional), 0))::bigint AS purchased,
                   (coalesce(sum(c.held), 0) - coalesce(sum(c.charged) FILTER (WHERE c.from_hold), 0))::bigint AS held
            FROM unnest(v_todo) t
            JOIN unnest(v_round_outcomes) o ON o.ord = t.ord AND o.outcome = 'posted'
            LEFT JOIN unnest(v_portions) c ON c.ord = t.ord
            GROUP BY t.ord
        ), fees AS (
            SELECT t.ord, t.payer, t.payee, t.amount, s.granted, s.promotional, s.purchased, s.held,
                   CASE WHEN t.payee IS NULL THEN 0
                        ELSE (coalesce(t.charged_before, 0) + t.amount) * coalesce(t.fee_bp, 0) / 10000
                             - coalesce(t.fee_before, 0) END AS fee
            FROM spent s JOIN unnest(v_todo) t ON t.ord = s.ord
        ), shares AS (
            SELECT f.*, f.granted - CASE WHEN f.amount = 0 THEN 0
                                         ELSE (2 * f.fee * f.granted + f.amount) / (2 * f.amount) END AS share_granted
            FROM fees f
        ), line AS (
            SELECT s.ord, a.id AS account, k.amount
            FROM shares s
            CROSS JOIN LATERAL (
                VALUES (s.payer, 'promotional', -s.promotional), (s.payer, 'purchased', -s.purchased),
                       (s.payer, 'held', s.held), (s.payee, 'pending', s.amount - s.fee - s.share_granted),
                       (s.payee, 'non_withdrawable', s.share_granted)
            ) AS k (owner, kind, amount)
            JOIN economy_ledgeraccount a ON a.owner_id = k.owner AND a.kind = k.kind
            WHERE k.amount <> 0
            UNION ALL
            SELECT s.ord, v_fees, s.fee FROM shares s WHERE s.fee <> 0
        ), moved AS (
            SELECT DISTINCT ord FROM line
        )
        SELECT (SELECT array_agg(
                    ROW (t.ord, uuidv7(), t.type, t.kind, t.key, t.source_type, t.source_id, t.payer, t.payee, t.actor,
                         -t.amount, s.fee, t.fee_bp, coalesce(t.charged_before, 0) = 0, NULL, t.data)::economy_header)
                FROM shares s JOIN moved m ON m.ord = s.ord JOIN unnest(v_todo) t ON t.ord = s.ord),
               (SELECT array_agg(ROW (l.ord, l.account, l.amount)::economy_line) FROM line l)
        INTO v_headers, v_lines;

        IF v_headers IS NOT NULL THEN
            PERFORM economy_post(v_headers, v_lines, p_now);

            -- What may be withdrawn of it waits for its day (PAY-1); a row of its own, so that nobody queues for it.
            INSERT INTO economy_earning (transaction_id, creator_id, amount, reversed, available_at)
            SELECT h.id, h.payee, l.amount, 0, p_now + make_interval(
                days => economy_hold_days(h.payee, t.hold_days, t.new_hold_days, t.new_since))
            FROM unnest(v_lines) l
            JOIN economy_ledgeraccount a ON a.id = l.account AND a.kind = 'pending'
            JOIN unnest(v_headers) h ON h.ord = l.ord
            JOIN unnest(v_todo) t ON t.ord = l.ord;

            UPDATE economy_tokenlot l
            SET remaining = l.remaining - c.size
            FROM (SELECT lot, sum(charged + held) AS size FROM unnest(v_portions) WHERE NOT from_hold GROUP BY lot) c
            WHERE l.id = c.lot;

            INSERT INTO economy_lotuse (lot_id, transaction_id, hold_id, amount)
            SELECT c.lot, h.id, CASE WHEN c.from_hold THEN c.hold END, c.charged
            FROM unnest(v_portions) WITH ORDINALITY
                 AS c (ord, lot, hold, from_hold, is_promotional, is_withdrawable, charged, held, place)
            JOIN unnest(v_headers) h ON h.ord = c.ord
            WHERE c.charged > 0
            ORDER BY c.place;  -- a refund returns the last taken first

            IF v_has_holds THEN
                UPDATE economy_holdlot hl
                SET remaining = hl.remaining - c.charged
                FROM unnest(v_portions) c
                WHERE c.from_hold AND c.charged > 0 AND hl.hold_id = c.hold AND hl.lot_id = c.lot;

                INSERT INTO economy_holdlot (hold_id, lot_id, remaining)
                SELECT c.hold, c.lot, c.held FROM unnest(v_portions) c WHERE NOT c.from_hold AND c.held > 0
                ON CONFLICT (hold_id, lot_id) DO UPDATE SET remaining = economy_holdlot.remaining + excluded.remaining;

                UPDATE economy_hold h
                SET amount = h.amount + c.moved_in, remaining = h.remaining + c.moved_in - c.moved_out
                FROM (
                    SELECT hold, coalesce(sum(held), 0) AS moved_in,
                           coalesce(sum(charged) FILTER (WHERE from_hold), 0) AS moved_out
                    FROM unnest(v_portions) WHERE hold IS NOT NULL GROUP BY hold
                ) c
                WHERE h.id = c.hold AND (c.moved_in > 0 OR c.moved_out > 0);
            END IF;
        END IF;

        v_outcomes := v_outcomes || ARRAY(
            SELECT ROW (o.ord, CASE WHEN o.outcome = 'posted' AND h.id IS NULL THEN 'nothing' ELSE o.outcome END,
                        h.id, o.amount, coalesce(-h.amount - h.fee, 0), coalesce(h.fee, 0), o.covered, 0, 0)::economy_outcome
            FROM unnest(v_round_outcomes) o LEFT JOIN unnest(v_headers) h ON h.ord = o.ord
        );
    END LOOP;

    -- How each hold and wallet stands after all of it.
    RETURN QUERY
    SELECT o.ord, o.outcome, o.transaction_id, o.amount, o.share, o.fee, o.covered,
           coalesce(h.remaining, 0),
           least(coalesce(w.spendable, 0), greatest(0, economy_limit_left(r.payer, p_now)))::bigint
    FROM unnest(v_outcomes) o
    JOIN unnest(v_requests) r ON r.ord = o.ord
    LEFT JOIN economy_hold h ON h.id = r.hold
    LEFT JOIN (
        SELECT l.owner_id, sum(l.remaining) AS spendable
        FROM economy_tokenlot l
        JOIN economy_ledgeraccount d ON d.owner_id = l.owner_id AND d.kind = 'debt' AND d.balance = 0
        WHERE l.owner_id = ANY (v_payers) AND l.remaining > 0 AND NOT l.is_disputed
              AND (l.expires_at IS NULL OR l.expires_at > p_now)
        GROUP BY l.owner_id
    ) w ON w.owner_id = r.payer
    ORDER BY o.ord;
END
$$;
