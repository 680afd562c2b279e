"""What must always be true of the ledger: one list of queries, each of which returns nothing.

They run nightly, in `manage.py check_ledger`, and after every test that touched the ledger. A row is a fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from typing_extensions import override

LIMIT: Final = 20  # rows shown of each fault


@dataclass(frozen=True, slots=True)
class Broken:
    """An invariant that does not hold, and the rows that say where."""

    name: str
    rows: list[dict[str, Any]]

    @override
    def __str__(self) -> str:
        return f"{self.name}: " + "; ".join(str(row) for row in self.rows)


INVARIANTS: Final[dict[str, str]] = {
    "entries sum to zero": """
        SELECT sum(amount) AS difference FROM economy_ledgerentry HAVING sum(amount) <> 0
    """,
    "each transaction sums to zero": """
        SELECT transaction_id, sum(amount) AS difference
        FROM economy_ledgerentry GROUP BY transaction_id HAVING sum(amount) <> 0
    """,
    "each transaction has at least two entries": """
        SELECT t.id, t.key FROM economy_ledgertransaction t
        WHERE (SELECT count(*) FROM economy_ledgerentry e WHERE e.transaction_id = t.id) < 2
    """,
    "cached balance and unfolded entries are the sum of entries": """
        SELECT a.id, a.kind, a.owner_id, a.balance, e.total, f.total AS unfolded
        FROM economy_ledgeraccount a
        LEFT JOIN (SELECT account_id, sum(amount) AS total FROM economy_ledgerentry GROUP BY 1) e ON e.account_id = a.id
        LEFT JOIN (SELECT account_id, sum(amount) AS total FROM economy_entrytofold GROUP BY 1) f ON f.account_id = a.id
        WHERE a.balance + a.side * coalesce(f.total, 0) <> a.side * coalesce(e.total, 0)
    """,
    "what waits to be folded is its entry": """
        SELECT f.entry_id FROM economy_entrytofold f JOIN economy_ledgerentry e ON e.id = f.entry_id
        WHERE f.amount <> e.amount OR f.account_id <> e.account_id OR e.balance_after IS NOT NULL
    """,
    "a closed month is what the ledger says of it": """
        SELECT s.id, s.person_id, s.role, s.month, s.change, s.closing, l.change AS moved, l.closing AS stands
        FROM economy_statement s
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(e.amount) FILTER (WHERE t.created_at >= s.month::timestamp AT TIME ZONE 'UTC'), 0) AS change,
                   coalesce(sum(e.amount), 0) AS closing
            FROM economy_ledgeraccount a
            JOIN economy_ledgerentry e ON e.account_id = a.id
            JOIN economy_ledgertransaction t ON t.id = e.transaction_id
            WHERE a.owner_id = s.person_id
              AND t.created_at < (s.month + interval '1 month')::timestamp AT TIME ZONE 'UTC'
              AND a.kind = ANY (CASE s.role
                  WHEN 'fan' THEN ARRAY['purchased', 'promotional', 'held', 'debt']
                  ELSE ARRAY['pending', 'available', 'non_withdrawable', 'in_payout', 'creator_debt'] END)
        ) l
        WHERE (s.change, s.closing) IS DISTINCT FROM (l.change, l.closing)
          AND s.month >= coalesce((SELECT max(month) - interval '2 months' FROM economy_closedmonth), s.month)
    """,
    "invoice numbers leave no gap": """
        SELECT s.name, s.last, count(i.id) AS documents FROM economy_invoiceseries s
        LEFT JOIN economy_invoice i ON i.series_id = s.name
        GROUP BY s.name HAVING count(i.id) <> s.last OR coalesce(max(i.number), 0) <> s.last
    """,
    "a purchase's documents come to what it says they do": """
        SELECT p.id, p.invoiced_minor, coalesce(sum(i.amount_minor), 0) AS documents
        FROM economy_purchase p LEFT JOIN economy_invoice i ON i.purchase_id = p.id
        GROUP BY p.id HAVING p.invoiced_minor <> coalesce(sum(i.amount_minor), 0) OR p.invoices_made <> count(i.id)
    """,
    "net and tax make the price of a purchase": """
        SELECT p.id, p.amount_minor, t.net_minor, t.tax_minor
        FROM economy_purchasetax t JOIN economy_purchase p ON p.id = t.purchase_id
        WHERE t.net_minor + t.tax_minor <> p.amount_minor
    """,
    "documents carry the part of the tax that belongs to them": """
        SELECT t.purchase_id, t.id, t.tax_minor, sum(i.amount_minor) AS amount, sum(i.tax_minor) AS carried
        FROM economy_purchasetax t JOIN economy_purchase p ON p.id = t.purchase_id
        JOIN economy_invoice i ON i.tax_id = t.id
        GROUP BY t.id, p.amount_minor
        HAVING sum(i.tax_minor) <> div(2 * t.tax_minor::numeric * sum(i.amount_minor) + p.amount_minor, 2 * p.amount_minor)
    """,
    "no person's balance is below zero": """
        SELECT id, kind, owner_id, balance FROM economy_ledgeraccount WHERE owner_id IS NOT NULL AND balance < 0
    """,
    "balances after each entry follow from one another": """
        SELECT id, account_id, balance_after FROM (
            SELECT e.id, e.account_id, e.balance_after, a.side * e.amount AS change,
                   lag(e.balance_after) OVER (PARTITION BY e.account_id ORDER BY e.id) AS before
            FROM economy_ledgerentry e JOIN economy_ledgeraccount a ON a.id = e.account_id
            WHERE a.kind IN ('purchased', 'promotional', 'held', 'debt')
        ) c WHERE balance_after IS DISTINCT FROM coalesce(before, 0) + change
    """,
    "free lots are the purchased and promotional balances": """
        SELECT a.id, a.kind, a.owner_id, a.balance, coalesce(l.total, 0) AS lots
        FROM economy_ledgeraccount a
        LEFT JOIN (
            SELECT owner_id, CASE origin WHEN 'purchase' THEN 'purchased' ELSE 'promotional' END AS kind,
                   sum(remaining) AS total
            FROM economy_tokenlot GROUP BY 1, 2
        ) l ON l.owner_id = a.owner_id AND l.kind = a.kind
        WHERE a.kind IN ('purchased', 'promotional') AND a.balance <> coalesce(l.total, 0)
    """,
    "open holds are the held balance": """
        SELECT a.id, a.owner_id, a.balance, coalesce(h.total, 0) AS holds
        FROM economy_ledgeraccount a
        LEFT JOIN (SELECT person_id, sum(remaining) AS total FROM economy_hold GROUP BY 1) h ON h.person_id = a.owner_id
        WHERE a.kind = 'held' AND a.balance <> coalesce(h.total, 0)
    """,
    "a hold is the sum of its lots": """
        SELECT h.id, h.remaining, coalesce(sum(l.remaining), 0) AS lots
        FROM economy_hold h LEFT JOIN economy_holdlot l ON l.hold_id = h.id
        GROUP BY h.id HAVING h.remaining <> coalesce(sum(l.remaining), 0)
    """,
    "a lot is what remains, what is held and what was used": """
        SELECT l.id, l.owner_id, l.granted, l.remaining, coalesce(h.total, 0) AS held, coalesce(u.total, 0) AS used
        FROM economy_tokenlot l
        LEFT JOIN (SELECT lot_id, sum(remaining) AS total FROM economy_holdlot GROUP BY 1) h ON h.lot_id = l.id
        LEFT JOIN (SELECT lot_id, sum(amount) AS total FROM economy_lotuse GROUP BY 1) u ON u.lot_id = l.id
        WHERE l.granted <> l.remaining + coalesce(h.total, 0) + coalesce(u.total, 0)
    """,
    "lots in a hold belong to its person": """
        SELECT hl.id FROM economy_holdlot hl
        JOIN economy_hold h ON h.id = hl.hold_id JOIN economy_tokenlot l ON l.id = hl.lot_id
        WHERE h.person_id <> l.owner_id
    """,
    "no key was posted twice": """
        SELECT key, count(*) FROM economy_ledgertransaction GROUP BY key HAVING count(*) > 1
    """,
    "fee and share are the charge": """
        SELECT t.id, t.key, t.amount, t.fee, e.fee AS fee_posted, e.share AS share_posted
        FROM economy_ledgertransaction t
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(e.amount) FILTER (WHERE a.kind = 'fees'), 0) AS fee,
                   coalesce(sum(e.amount) FILTER (WHERE a.owner_id = t.payee_id), 0) AS share
            FROM economy_ledgerentry e JOIN economy_ledgeraccount a ON a.id = e.account_id WHERE e.transaction_id = t.id
        ) e
        WHERE (t.type IN ('deduction', 'refund') OR (t.type = 'adjustment' AND t.reverses_id IS NOT NULL))
          AND t.payee_id IS NOT NULL
          AND (t.fee <> e.fee OR e.share <> -t.amount - t.fee OR sign(t.fee) * sign(t.amount) > 0)
    """,
    "a transaction's amount is what its person's tokens changed by": """
        SELECT t.id, t.key, t.amount, coalesce(e.total, 0) AS posted
        FROM economy_ledgertransaction t
        LEFT JOIN (
            SELECT e.transaction_id, a.owner_id, sum(e.amount) AS total
            FROM economy_ledgerentry e JOIN economy_ledgeraccount a ON a.id = e.account_id
            WHERE a.kind IN ('purchased', 'promotional', 'held') GROUP BY 1, 2
        ) e ON e.transaction_id = t.id AND e.owner_id = t.person_id
        WHERE t.amount <> coalesce(e.total, 0)
    """,
    "a charge is covered by its lots": """
        SELECT t.id, t.key, t.amount, coalesce(sum(u.amount), 0) AS lots
        FROM economy_ledgertransaction t LEFT JOIN economy_lotuse u ON u.transaction_id = t.id
        WHERE t.type = 'deduction' OR (t.type = 'transfer' AND t.amount < 0)
        GROUP BY t.id HAVING -t.amount <> coalesce(sum(u.amount), 0)
    """,
    "nothing is refunded beyond its charge": """
        SELECT c.id, c.key, c.amount, sum(r.amount) AS refunded
        FROM economy_ledgertransaction c JOIN economy_ledgertransaction r ON r.reverses_id = c.id
        GROUP BY c.id HAVING sum(r.amount) > -c.amount
    """,
    "fees of a sale in parts are the fee on its total": """
        SELECT source_type, source_id, kind, sum(-amount) AS charged, sum(fee) AS fee
        FROM economy_ledgertransaction
        WHERE type = 'deduction' AND source_id <> '' AND payee_id IS NOT NULL
        GROUP BY source_type, source_id, kind, person_id
        HAVING count(*) FILTER (WHERE is_first) = 1 AND min(fee_bp) = max(fee_bp)
           AND sum(fee) <> floor(sum(-amount) * min(fee_bp) / 10000)
    """,
    "earnings that wait are the pending balance": """
        SELECT coalesce(a.owner_id, w.creator_id) AS creator, a.total AS pending, w.total AS waiting
        FROM (
            SELECT a.owner_id, a.balance + a.side * coalesce(sum(f.amount), 0) AS total
            FROM economy_ledgeraccount a LEFT JOIN economy_entrytofold f ON f.account_id = a.id
            WHERE a.kind = 'pending' GROUP BY a.id
        ) a
        FULL JOIN (
            SELECT creator_id, sum(amount - reversed) AS total FROM economy_earning
            WHERE matured_at IS NULL GROUP BY 1
        ) w ON w.creator_id = a.owner_id
        WHERE coalesce(a.total, 0) <> coalesce(w.total, 0)
    """,
    "an earning is the share that may be withdrawn of its charge": """
        SELECT t.id, t.key, e.total AS share, w.amount, w.creator_id
        FROM economy_ledgertransaction t
        JOIN (
            SELECT e.transaction_id, sum(e.amount) AS total
            FROM economy_ledgerentry e JOIN economy_ledgeraccount a ON a.id = e.account_id AND a.kind = 'pending'
            GROUP BY 1
        ) e ON e.transaction_id = t.id
        FULL JOIN economy_earning w ON w.transaction_id = t.id
        WHERE (t.type = 'deduction' OR t.id IS NULL)
          AND (w.amount IS DISTINCT FROM e.total OR w.creator_id IS DISTINCT FROM t.payee_id)
    """,
    "what was taken back of an earning is in its reversals": """
        SELECT w.transaction_id, w.reversed, coalesce(r.total, 0) AS posted
        FROM economy_earning w
        LEFT JOIN (
            SELECT reverses_id, sum((data ->> 'back_earned')::bigint) AS total
            FROM economy_ledgertransaction WHERE reverses_id IS NOT NULL GROUP BY 1
        ) r ON r.reverses_id = w.transaction_id
        WHERE w.reversed <> coalesce(r.total, 0)
    """,
    "what a dispute took back is a reversal, and given again once": """
        SELECT coalesce(r.id::text, t.key) AS reversal, r.amount, t.amount AS taken, b.amount AS given
        FROM economy_chargereversal r
        FULL JOIN (SELECT * FROM economy_ledgertransaction WHERE key LIKE 'dispute:%') t ON t.id = r.reversal_id
        LEFT JOIN economy_ledgertransaction b ON b.id = r.restored_id
        WHERE r.id IS NULL OR t.id IS NULL OR t.reverses_id <> r.charge_id OR t.amount <> r.amount
           OR (r.restored_id IS NOT NULL AND (b.reverses_id, b.amount, b.fee)
               IS DISTINCT FROM (r.charge_id, -r.amount, -t.fee))
    """,
    "a dispute takes back no more than it disputes": """
        SELECT p.id, p.status, p.disputed_minor, sum(r.amount) AS taken
        FROM economy_chargereversal r JOIN economy_purchase p ON p.id = r.purchase_id
        CROSS JOIN LATERAL (
            SELECT greatest(0, p.amount_minor - p.refunded_minor) AS without,
                   greatest(0, p.amount_minor - p.refunded_minor - p.disputed_minor) AS kept
        ) k
        WHERE r.restored_id IS NULL
        GROUP BY p.id, k.without, k.kept
        HAVING sum(r.amount) > p.tokens * k.without / p.amount_minor - p.tokens * k.kept / p.amount_minor
                             + p.bonus_tokens * k.without / p.amount_minor - p.bonus_tokens * k.kept / p.amount_minor
    """,
    "what staff look at waits for them, and for nobody once they decided": """
        SELECT r.id, r.state, w.transaction_id, w.available_at
        FROM economy_reviewedsale s
        JOIN economy_salereview r ON r.id = s.review_id
        JOIN economy_earning w ON w.transaction_id = s.transaction_id AND w.matured_at IS NULL
        WHERE (r.state = 'open' AND w.available_at IS NOT NULL)
           OR (r.state <> 'open' AND w.available_at IS NULL AND s.available_at IS NOT NULL AND NOT EXISTS (
                   SELECT 1 FROM economy_reviewedsale o JOIN economy_salereview q ON q.id = o.review_id
                   WHERE o.transaction_id = s.transaction_id AND q.state = 'open'))
    """,
    "a sale under review is its two people's": """
        SELECT r.id, t.id AS charge FROM economy_reviewedsale s
        JOIN economy_salereview r ON r.id = s.review_id
        JOIN economy_ledgertransaction t ON t.id = s.transaction_id
        WHERE t.type <> 'deduction' OR (t.person_id, t.payee_id) IS DISTINCT FROM (r.payer_id, r.payee_id)
    """,
    "a correction is posted once, as two people agreed": """
        SELECT coalesce(a.id::text, t.key) AS adjustment, a.state, a.tokens, t.data
        FROM economy_adjustment a
        FULL JOIN (SELECT * FROM economy_ledgertransaction WHERE source_type = 'adjustment') t ON t.id = a.transaction_id
        WHERE (a.id IS NULL OR t.id IS NULL OR t.source_id <> a.id::text OR t.kind <> a.kind
               OR abs((t.data ->> 'tokens')::bigint) <> a.tokens
               OR coalesce(t.person_id, t.payee_id) <> a.person_id)
          AND (a.state = 'posted' OR t.id IS NOT NULL)
    """,
    "purchases are credited once, and as they say": """
        SELECT p.id, p.status, p.credited_tokens, coalesce(e.total, 0) AS posted
        FROM economy_purchase p
        LEFT JOIN (
            SELECT t.source_id, -sum(e.amount) AS total
            FROM economy_ledgertransaction t
            JOIN economy_ledgerentry e ON e.transaction_id = t.id
            JOIN economy_ledgeraccount a ON a.id = e.account_id AND a.kind = 'stripe_clearing'
            WHERE t.source_type = 'purchase' GROUP BY 1
        ) e ON e.source_id = p.id::text
        WHERE p.credited_tokens <> coalesce(e.total, 0)
           OR (p.status IN ('pending', 'failed', 'expired', 'refunded') AND p.credited_tokens + p.credited_bonus <> 0)
           OR (p.status = 'paid' AND p.credited_tokens = 0
               AND p.tokens * greatest(0, p.amount_minor - p.refunded_minor - p.disputed_minor) >= p.amount_minor)
    """,
    "nobody has bought tokens that no purchase brought": """
        SELECT l.id, l.owner_id, l.origin FROM economy_tokenlot l
        LEFT JOIN economy_purchase p ON p.id = l.purchase_id
        WHERE l.origin IN ('purchase', 'bonus') AND (p.id IS NULL OR p.person_id <> l.owner_id)
    """,
    "what one person gives is what the other gets": """
        SELECT g.id, g.amount, s.amount AS sent, r.amount AS received, l.granted
        FROM economy_transfer g
        JOIN economy_ledgertransaction s ON s.id = g.sent_id
        JOIN economy_ledgertransaction r ON r.id = g.received_id
        LEFT JOIN economy_tokenlot l ON l.transaction_id = g.received_id
        WHERE s.amount <> -g.amount OR r.amount <> g.amount OR l.granted IS DISTINCT FROM g.amount
           OR (s.person_id, r.person_id, l.owner_id) IS DISTINCT FROM (g.giver_id, g.receiver_id, g.receiver_id)
    """,
    "tokens between people are on nobody's way": """
        SELECT a.id, sum(e.amount) AS under_way
        FROM economy_ledgeraccount a JOIN economy_ledgerentry e ON e.account_id = a.id
        WHERE a.kind = 'gifts' GROUP BY a.id HAVING sum(e.amount) <> 0
    """,
    "gifts come from bought tokens and are given no further": """
        SELECT l.id, l.owner_id, l.origin, u.transaction_id
        FROM economy_lotuse u JOIN economy_tokenlot l ON l.id = u.lot_id
        JOIN economy_ledgertransaction t ON t.id = u.transaction_id
        WHERE t.type = 'transfer' AND l.origin <> 'purchase'
        UNION ALL
        SELECT l.id, l.owner_id, l.origin, l.transaction_id FROM economy_tokenlot l
        WHERE l.origin = 'gift'
          AND (l.is_withdrawable OR NOT EXISTS (SELECT 1 FROM economy_transfer g WHERE g.received_id = l.transaction_id))
    """,
    "a tip is the charge it names": """
        SELECT i.id, t.kind, t.person_id, t.payee_id FROM economy_tip i
        JOIN economy_ledgertransaction t ON t.id = i.transaction_id
        WHERE (t.type, t.source_type, t.source_id) <> ('deduction', 'tip', i.id::text)
           OR (t.person_id, t.payee_id) IS DISTINCT FROM (i.payer_id, i.payee_id)
    """,
    "codes are used as often as they say": """
        SELECT c.id, c.code, c.used, r.uses FROM economy_vouchercode c
        CROSS JOIN LATERAL (SELECT count(*) AS uses FROM economy_redemption r WHERE r.code_id = c.id) r
        WHERE c.used <> r.uses OR c.used > c.cap
    """,
    "payouts under way are the in-payout balance": """
        SELECT coalesce(a.owner_id, p.creator_id) AS creator, a.balance, p.total AS payouts
        FROM (SELECT owner_id, balance FROM economy_ledgeraccount WHERE kind = 'in_payout') a
        FULL JOIN (
            SELECT creator_id, sum(tokens) AS total FROM economy_payout WHERE place = 'in_payout' GROUP BY 1
        ) p ON p.creator_id = a.owner_id
        WHERE coalesce(a.balance, 0) <> coalesce(p.total, 0)
    """,
    "a payout is posted where it stands, once": """
        SELECT p.id, p.place, p.tokens, p.postings, e.in_payout, e.paid, e.count
        FROM economy_payout p
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(e.amount) FILTER (WHERE a.kind = 'in_payout' AND a.owner_id = p.creator_id), 0) AS in_payout,
                   coalesce(sum(e.amount) FILTER (WHERE a.kind = 'payouts'), 0) AS paid,
                   count(DISTINCT t.id) AS count
            FROM economy_ledgertransaction t
            JOIN economy_ledgerentry e ON e.transaction_id = t.id
            JOIN economy_ledgeraccount a ON a.id = e.account_id
            WHERE t.source_type = 'payout' AND t.source_id = p.id::text
        ) e
        WHERE e.in_payout <> CASE p.place WHEN 'in_payout' THEN p.tokens ELSE 0 END
           OR e.paid <> CASE p.place WHEN 'payouts' THEN p.tokens ELSE 0 END
           OR e.count <> p.postings
    """,
    "what was paid out is the payouts that were paid": """
        SELECT coalesce(e.total, 0) AS posted, p.total AS paid
        FROM (SELECT coalesce(sum(tokens), 0) AS total FROM economy_payout WHERE place = 'payouts') p
        CROSS JOIN (
            SELECT sum(e.amount) AS total FROM economy_ledgerentry e
            JOIN economy_ledgeraccount a ON a.id = e.account_id AND a.kind = 'payouts'
        ) e
        WHERE coalesce(e.total, 0) <> p.total
    """,
    "a payout's tokens are where its state says": """
        SELECT id, state, place FROM economy_payout
        WHERE place <> CASE WHEN state = 'paid' THEN 'payouts'
                            WHEN state IN ('returned', 'canceled') THEN 'available' ELSE 'in_payout' END
    """,
    "a payout's money is its tokens at the payout rate": """
        SELECT id, tokens, payout_micros, amount_minor FROM economy_payout
        WHERE amount_minor <> tokens * payout_micros / 10000
    """,
    "money that left has its transfer": """
        SELECT id, state FROM economy_payout
        WHERE (state IN ('transferred', 'paid', 'failed', 'returned') AND transfer_id = '')
           OR (state IN ('requested', 'in_review', 'approved', 'transferring', 'canceled') AND transfer_id <> '')
    """,
    "one payout of a creator is under way at a time": """
        SELECT creator_id, count(*) FROM economy_payout
        WHERE state IN ('requested', 'in_review', 'approved', 'transferring', 'transferred')
        GROUP BY 1 HAVING count(*) > 1
    """,
    "staff have no wallet": """
        SELECT a.id, a.kind, a.owner_id, a.balance FROM economy_ledgeraccount a
        JOIN accounts_user u ON u.id = a.owner_id WHERE u.is_staff AND a.balance <> 0
    """,
}


def broken() -> list[Broken]:
    """Run every query and return those that found something, with the first rows of each."""
    found = []
    with connection.cursor() as cursor:
        for name, sql in INVARIANTS.items():
            cursor.execute(f"SELECT * FROM ({sql}) faults LIMIT {LIMIT}")  # noqa: S608  our own constants
            columns = [column.name for column in cursor.description or ()]
            rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
            if rows:
                found.append(Broken(name, rows))
    return found
