"""Finance's tax report of a month, in UTC: what was taxed when it was bought, and what falls due where it was spent (LAW-10).

What was bought comes from the numbered documents, to the unit. What was spent comes from the ledger: a token is worth what
was paid for its purchase by the tokens that were bought, a given one by those it was given from. Values are added up exactly
and rounded once a row, half up; the tax within a row is taken of its rounded value. Bonus tokens cost nothing and count
for nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from django.db.models import Count, Sum

from digis.core.money import Money
from economy.models import Invoice
from economy.selectors.statements import next_month, start_of
from economy.selectors.taxes import name_place
from economy.sql import rows
from economy.taxing import Place, get_engine, round_half_up, split_gross, write_rate

# Tokens of each purchase that left a wallet for a sale in the month, or came back from one, by the day of that sale; those that
# were given to somebody as parts of the purchases they were given from. What was taxed when it was bought is none of it.
SPENT: Final = """
    WITH spent AS (
        SELECT u.lot_id, (coalesce(sale.created_at, t.created_at) AT TIME ZONE 'UTC')::date AS day, sum(u.amount) AS tokens
        FROM economy_ledgertransaction t
        JOIN economy_lotuse u ON u.transaction_id = t.id
        LEFT JOIN economy_ledgertransaction sale ON sale.id = t.reverses_id
        WHERE t.created_at >= %(since)s AND t.created_at < %(until)s
          AND (t.type = 'deduction' OR t.reverses_id IS NOT NULL)
        GROUP BY 1, 2
    ), origin AS (
        SELECT s.day, l.purchase_id, s.tokens, 1::bigint AS part, 1::bigint AS whole
        FROM spent s JOIN economy_tokenlot l ON l.id = s.lot_id AND l.origin = 'purchase'
        UNION ALL
        SELECT s.day, given.purchase_id, s.tokens, u.amount, l.granted
        FROM spent s JOIN economy_tokenlot l ON l.id = s.lot_id AND l.origin = 'gift'
        JOIN economy_transfer g ON g.received_id = l.transaction_id
        JOIN economy_lotuse u ON u.transaction_id = g.sent_id
        JOIN economy_tokenlot given ON given.id = u.lot_id
    )
    SELECT o.day, coalesce(w.country, ''), coalesce(w.region, ''), p.currency, p.amount_minor, p.tokens, o.whole,
           sum(o.tokens * o.part)::bigint
    FROM origin o
    JOIN economy_purchase p ON p.id = o.purchase_id
    LEFT JOIN economy_purchaseplace w ON w.purchase_id = p.id
    WHERE NOT EXISTS (SELECT 1 FROM economy_purchasetax x WHERE x.purchase_id = p.id)
    GROUP BY 1, 2, 3, 4, 5, 6, 7
    ORDER BY 1, 2, 3, 4, 5, 6, 7
"""


@dataclass(frozen=True, slots=True)
class TaxRow:
    """What one place was taxed at by one rate in one currency. `count` is documents, or whole tokens that were spent."""

    place: Place | None
    name: str
    rate_ppm: int
    currency: str
    count: int
    net_minor: int
    tax_minor: int

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor

    @property
    def place_name(self) -> str:
        return name_place(self.place) if self.place else ""

    @property
    def percent(self) -> str:
        return write_rate(self.rate_ppm)

    @property
    def net(self) -> Money:
        return Money(self.net_minor, self.currency)

    @property
    def tax(self) -> Money:
        return Money(self.tax_minor, self.currency)

    @property
    def gross(self) -> Money:
        return Money(self.gross_minor, self.currency)


@dataclass(frozen=True, slots=True)
class TaxReport:
    """A month: `bought` by documents, `spent` by the ledger, each with a total per currency."""

    month: date
    bought: tuple[TaxRow, ...]
    spent: tuple[TaxRow, ...]

    @property
    def name(self) -> str:
        """The month as addresses and files have it: 2026-11."""
        return f"{self.month:%Y-%m}"

    @property
    def bought_totals(self) -> list[TaxRow]:
        return _totals(self.bought)

    @property
    def spent_totals(self) -> list[TaxRow]:
        return _totals(self.spent)


def draw_up_tax_report(month: date) -> TaxReport:
    """Return what was taxed in a month, and what falls due; the present month is as it stands."""
    return TaxReport(month, _bought(month), _spent(month))


def _bought(month: date) -> tuple[TaxRow, ...]:
    groups = (
        Invoice.objects.filter(
            purchase__isnull=False, issued_at__gte=start_of(month), issued_at__lt=start_of(next_month(month))
        )
        .values("tax__country", "tax__region", "tax__name", "tax__rate_ppm", "currency")
        .annotate(count=Count("id"), gross=Sum("amount_minor"), carried=Sum("tax_minor"))
        .order_by("tax__country", "tax__region", "tax__name", "tax__rate_ppm", "currency")
    )
    return tuple(
        TaxRow(
            Place(row["tax__country"], row["tax__region"]) if row["tax__country"] else None,
            row["tax__name"] or "",
            row["tax__rate_ppm"] or 0,
            row["currency"],
            row["count"],
            row["gross"] - row["carried"],
            row["carried"],
        )
        for row in groups
    )


def _spent(month: date) -> tuple[TaxRow, ...]:
    engine = get_engine()
    rates: dict[tuple[Place, date, str], tuple[str, int]] = {}
    tokens: dict[tuple[str, str, str, int, str], Fraction] = defaultdict(Fraction)
    values: dict[tuple[str, str, str, int, str], Fraction] = defaultdict(Fraction)
    found = rows(SPENT, {"since": start_of(month), "until": start_of(next_month(month))})
    for day, country, region, currency, paid, bought, whole, moved in found:
        name, rate = "", 0
        if country:
            asked = (Place(country, region), day, currency)
            if asked not in rates:
                said = engine.assess(place=asked[0], day=day, amount=0, currency=currency)
                rates[asked] = (said.name, said.rate_ppm)
            name, rate = rates[asked]
        key = (country, region, name, rate, currency)
        tokens[key] += Fraction(moved, whole)
        values[key] += Fraction(moved * paid, whole * bought)
    report = []
    for key in sorted(values):
        country, region, name, rate, currency = key
        if not tokens[key]:
            continue
        gross = round_half_up(values[key].numerator, values[key].denominator)
        net, tax = split_gross(gross, rate)
        count = round_half_up(tokens[key].numerator, tokens[key].denominator)
        report.append(TaxRow(Place(country, region) if country else None, name, rate, currency, count, net, tax))
    return tuple(report)


def _totals(report: Iterable[TaxRow]) -> list[TaxRow]:
    sums: dict[str, list[int]] = {}
    for row in report:
        parts = sums.setdefault(row.currency, [0, 0, 0])
        for place, value in enumerate((row.count, row.net_minor, row.tax_minor)):
            parts[place] += value
    return [TaxRow(None, "", 0, currency, *parts) for currency, parts in sorted(sums.items())]
