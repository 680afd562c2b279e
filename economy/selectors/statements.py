"""A person's month in one role, summed from the ledger's entries: live while it is open, as it was kept once it is closed.

Months are those of UTC, the same for everybody. Amounts are tokens as the platform owes them: what a person owes counts
against what they have, so that opening + lines = closing whatever happened in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from accounts.models import User
from digis.core import clock
from digis.core.errors import NotFound
from digis.core.money import Money
from economy.models import Invoice, LedgerAccount, LedgerTransaction, Statement
from economy.sources import label_of
from economy.sql import rows

Kind, Role, Type = LedgerAccount.Kind, Statement.Role, LedgerTransaction.Type

POTS: Final[dict[str, tuple[str, ...]]] = {
    Role.FAN: (Kind.PURCHASED, Kind.PROMOTIONAL, Kind.HELD, Kind.DEBT),
    Role.CREATOR: (Kind.PENDING, Kind.AVAILABLE, Kind.NON_WITHDRAWABLE, Kind.IN_PAYOUT, Kind.CREATOR_DEBT),
}
# Movements of a month that changed what a person has, one row each; what only moved between their own pots is none.
MOVED: Final = """
    SELECT t.id, t.type, t.kind, t.source_type, t.is_first, sum(e.amount) AS net,
           CASE WHEN t.payee_id = %(person)s AND t.type IN ('deduction', 'refund', 'adjustment') THEN t.fee ELSE 0 END AS fee
    FROM economy_ledgertransaction t
    JOIN economy_ledgerentry e ON e.transaction_id = t.id
    JOIN economy_ledgeraccount a ON a.id = e.account_id AND a.owner_id = %(person)s AND a.kind = ANY (%(pots)s)
    WHERE t.created_at >= %(since)s AND t.created_at < %(until)s
    GROUP BY t.id HAVING sum(e.amount) <> 0
"""


@dataclass(frozen=True, slots=True)
class SumRow:
    """The movements of one group: how many sales, what they came to before and after the platform's fee.

    A sale that is posted in parts counts where it began.
    """

    type: str
    kind: str
    source_type: str
    count: int
    net: int
    fee: int

    @property
    def gross(self) -> int:
        return self.net + self.fee

    @property
    def title(self) -> str:
        return describe_group(self.type, self.kind, self.source_type)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A month in one role. `closed_at` is empty while it is open: then the sums are those of now."""

    person: User
    role: str
    month: date
    opening: int
    closing: int
    fee: int
    lines: int
    payout_micros: int
    rows: tuple[SumRow, ...] = ()
    pots: dict[str, int] = field(default_factory=dict)
    closed_at: datetime | None = None
    id: UUID | None = None

    @property
    def change(self) -> int:
        return self.closing - self.opening

    @property
    def name(self) -> str:
        """The month as addresses and files have it: 2026-11."""
        return f"{self.month:%Y-%m}"

    @property
    def is_creator(self) -> bool:
        return self.role == Role.CREATOR

    @property
    def totals(self) -> SumRow:
        return SumRow("", "", "", self.lines, self.change, self.fee)

    @property
    def named_pots(self) -> list[tuple[str, int]]:
        """The balances at the end that are not empty, by what the pots are called."""
        return [(name_pot(kind), value) for kind, value in self.pots.items() if value]

    def worth(self, tokens: int) -> Money:
        """Return what so many earned tokens were worth in the month, cut to the cent, towards zero (PAY-9)."""
        cents = abs(tokens) * self.payout_micros // 10_000
        return Money(cents if tokens >= 0 else -cents, settings.TOKEN_CURRENCY)


def month_of(text: str) -> date:
    """Return the first day of the month an address names. Raises NotFound for what is none, or is yet to come."""
    try:
        month = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        raise NotFound from None
    if month > this_month():
        raise NotFound
    return month


def this_month() -> date:
    """Return the first day of the present month."""
    return clock.now().astimezone(UTC).date().replace(day=1)


def next_month(month: date) -> date:
    """Return the first day of the month after."""
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def start_of(month: date) -> datetime:
    """Return the moment at which a month begins."""
    return datetime(month.year, month.month, 1, tzinfo=UTC)


def draw_up(person: User, *, role: str, month: date) -> Sheet:
    """Return a person's month as the ledger has it now."""
    given = {
        "person": person.pk,
        "pots": list(POTS[role]),
        "since": start_of(month),
        "until": start_of(next_month(month)),
    }
    pots = {
        kind: (int(before), int(upto))
        for kind, before, upto in rows(
            """
            SELECT a.kind, coalesce(sum(e.amount) FILTER (WHERE t.created_at < %(since)s), 0), sum(e.amount)
            FROM economy_ledgeraccount a
            JOIN economy_ledgerentry e ON e.account_id = a.id
            JOIN economy_ledgertransaction t ON t.id = e.transaction_id AND t.created_at < %(until)s
            WHERE a.owner_id = %(person)s AND a.kind = ANY (%(pots)s)
            GROUP BY a.kind
            """,
            given,
        )
    }
    groups = rows(
        f"""
        SELECT type, kind, source_type, count(*) FILTER (WHERE is_first), count(*), sum(net), sum(fee)
        FROM ({MOVED}) moved
        GROUP BY type, kind, source_type ORDER BY type, kind, source_type
        """,  # noqa: S608  constants of ours
        given,
    )
    sums = tuple(SumRow(t, k, s, int(n), int(net), int(fee)) for t, k, s, n, _lines, net, fee in groups)
    return Sheet(
        person=person,
        role=role,
        month=month,
        opening=sum(before for before, _upto in pots.values()),
        closing=sum(upto for _before, upto in pots.values()),
        fee=sum(row.fee for row in sums),
        lines=sum(int(row[4]) for row in groups),
        payout_micros=settings.TOKEN_PAYOUT_MICROS,
        rows=sums,
        pots={kind: pots[kind][1] for kind in POTS[role] if kind in pots},
    )


def get_sheet(person: User, *, role: str, month: date) -> Sheet:
    """Return a person's month: as it was closed, or as it stands. Raises NotFound where nothing moved and nothing is kept."""
    kept = Statement.objects.filter(person=person, role=role, month=month).first()
    sheet = _of_kept(kept, person) if kept else draw_up(person, role=role, month=month)
    if kept is None and not sheet.lines and month != this_month():
        raise NotFound
    return sheet


def list_statements(person: User, *, role: str) -> QuerySet[Statement]:
    """Return a person's closed months, the latest first."""
    return Statement.objects.filter(person=person, role=role).order_by("-month")


def list_statement_lines(sheet: Sheet) -> QuerySet[LedgerTransaction]:
    """Return the movements of a month, newest first, each with `net`: what it changed (tokens, signed)."""
    return (
        LedgerTransaction.objects.filter(
            created_at__gte=start_of(sheet.month),
            created_at__lt=start_of(next_month(sheet.month)),
            entries__account__owner=sheet.person,
            entries__account__kind__in=POTS[sheet.role],
        )
        .annotate(net=Sum("entries__amount"))
        .exclude(net=0)
        .order_by("-id")
    )


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One movement. `balance` is what the person had after it, where lines are read in order.

    `corrects` is the movement that it turns round (PAY-8).
    """

    transaction: LedgerTransaction
    title: str
    net: int
    fee: int
    balance: int | None = None
    parts: int = 1

    @property
    def gross(self) -> int:
        return self.net + self.fee

    @property
    def unsigned(self) -> int:
        return abs(self.net)

    @property
    def reference(self) -> str:
        return str(self.transaction.pk)

    @property
    def corrects(self) -> str:
        return str(self.transaction.reverses_id or "")


def read_statement_lines(sheet: Sheet) -> list[StatementLine]:
    """Return every movement of a month, oldest first, with the balance after each; the last is the closing balance."""
    balance, lines = sheet.opening, []
    for line in present_statement_lines(list_statement_lines(sheet).order_by("created_at", "id"), sheet=sheet):
        balance += line.net
        lines.append(replace(line, balance=balance))
    return lines


def present_statement_lines(movements: Iterable[LedgerTransaction], *, sheet: Sheet) -> list[StatementLine]:
    """Turn movements of a month into lines, in the order given, without balances."""
    lines = []
    for row in movements:
        is_sale = row.payee_id == sheet.person.pk and row.type in {Type.DEDUCTION, Type.REFUND, Type.ADJUSTMENT}
        title = describe_group(row.type, row.kind, row.source_type)
        lines.append(StatementLine(row, title, getattr(row, "net", 0), row.fee if is_sale else 0))
    return lines


def join_parts(lines: Sequence[StatementLine]) -> list[StatementLine]:
    """Return lines with the neighboring parts of one sale as one, under the first of them given: for reading."""
    joined: list[StatementLine] = []
    for line in lines:
        last = joined[-1] if joined else None
        if last is not None and line.transaction.source_id and _sale(last) == _sale(line):
            joined[-1] = replace(last, net=last.net + line.net, fee=last.fee + line.fee, parts=last.parts + 1)
        else:
            joined.append(line)
    return joined


def _sale(line: StatementLine) -> tuple[object, ...]:
    row = line.transaction
    return (row.type, row.kind, row.source_type, row.source_id, row.reverses_id)


def describe_group(type_: str, kind: str, source_type: str) -> str:
    """Say in a word or two what kind of movement it was. Names of people are left out: they change, statements do not."""
    what = label_of(source_type)
    own = {
        "expiry": _("Bonus tokens expired"),
        "payout": _("Payout"),
        "payout_returned": _("Payout came back"),
        "purchase": _("Tokens bought"),
        "purchase_restored": _("Payment restored"),
        "purchase_disputed": _("Payment disputed"),
        "purchase_returned": _("Payment returned"),
        "forgive_fan": _("Debt written off"),
        "forgive_creator": _("Debt written off"),
    }
    if kind in own:
        return own[kind]
    if type_ == Type.PROMO:
        return _("Bonus tokens")
    if source_type == "adjustment" or not what:
        return str(Type(type_).label)
    if type_ == Type.REFUND:
        return _("%(what)s, given back") % {"what": what}
    if type_ == Type.ADJUSTMENT:
        return _("%(what)s, dispute settled") % {"what": what}
    return what


def name_pot(kind: str) -> str:
    """Return what an account is called on a statement."""
    return str(Kind(kind).label)


def list_invoices(person: User, *, role: str = "") -> QuerySet[Invoice]:
    """Return a person's numbered documents, the latest first: all, or those they bought by, or those of their earnings."""
    found = Invoice.objects.filter(person=person).select_related("purchase", "statement", "tax").order_by("-number")
    return found.filter(statement__isnull=role != Role.CREATOR) if role else found


def get_invoice(*, viewer: User, id: UUID) -> Invoice:  # noqa: A002  the house's selectors take `id`
    """Return one of the viewer's own documents. Raises NotFound for anybody else's."""
    found = list_invoices(viewer).select_related("corrects").filter(pk=id).first()
    if found is None:
        raise NotFound
    return found


def list_invoices_of(purchase_id: UUID) -> QuerySet[Invoice]:
    """Return a purchase's documents, in the order of their numbers."""
    return Invoice.objects.filter(purchase=purchase_id).select_related("tax").order_by("number")


def find_months_to_close(*, before: date) -> list[date]:
    """Return the months before this one that are not closed yet: those after the last that is, or from the first movement."""
    found = rows(
        """
        SELECT m::date FROM generate_series(
            coalesce((SELECT max(month) + interval '1 month' FROM economy_closedmonth),
                     (SELECT date_trunc('month', min(created_at) AT TIME ZONE 'UTC') FROM economy_ledgertransaction)),
            %(before)s::timestamp - interval '1 day', interval '1 month') AS m
        ORDER BY 1
        """,
        {"before": before},
    )
    return [month for (month,) in found]


def find_unstated(month: date) -> list[tuple[UUID, str]]:
    """Return who moved anything in a month, in which role, and has no statement of it."""
    found: Sequence[tuple[Any, ...]] = rows(
        """
        SELECT a.owner_id, r.role
        FROM economy_ledgertransaction t
        JOIN economy_ledgerentry e ON e.transaction_id = t.id
        JOIN economy_ledgeraccount a ON a.id = e.account_id AND a.owner_id IS NOT NULL
        JOIN (SELECT unnest(%(fan)s::text[]) AS kind, 'fan' AS role
              UNION ALL SELECT unnest(%(creator)s::text[]), 'creator') r ON r.kind = a.kind
        WHERE t.created_at >= %(since)s AND t.created_at < %(until)s
          AND NOT EXISTS (SELECT 1 FROM economy_statement s
                          WHERE s.person_id = a.owner_id AND s.role = r.role AND s.month = %(month)s)
        GROUP BY a.owner_id, r.role
        ORDER BY a.owner_id, r.role
        """,
        {
            "fan": list(POTS[Role.FAN]),
            "creator": list(POTS[Role.CREATOR]),
            "since": start_of(month),
            "until": start_of(next_month(month)),
            "month": month,
        },
    )
    return [(owner, role) for owner, role in found]


def _of_kept(kept: Statement, person: User) -> Sheet:
    return Sheet(
        person=person,
        role=kept.role,
        month=kept.month,
        opening=kept.opening,
        closing=kept.closing,
        fee=kept.fee,
        lines=kept.lines,
        payout_micros=kept.payout_micros,
        rows=tuple(SumRow(**row) for row in kept.sums),
        pots=kept.pots,
        closed_at=kept.closed_at,
        id=kept.pk,
    )
