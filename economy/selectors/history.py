"""What happened to a person's tokens, as lines people can read, and sums that agree to the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import F, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from accounts.models import User
from digis.core.errors import NotFound
from digis.core.money import Money, money_for
from economy.models import LedgerTransaction, Purchase
from economy.sources import Source, describe

Type = LedgerTransaction.Type

HISTORY_KINDS: Final[dict[str, Q]] = {
    "all": Q(),
    "added": Q(type__in=[Type.PURCHASE, Type.PROMO, Type.TRANSFER], amount__gt=0),
    "spent": Q(type=Type.DEDUCTION) | Q(type=Type.TRANSFER, amount__lt=0),
    "refunds": Q(type=Type.REFUND) | Q(type=Type.ADJUSTMENT, reverses__isnull=False),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a person's history. `amount` is signed tokens over all parts of the sale; `money` is unsigned."""

    transaction: LedgerTransaction
    title: str
    amount: int
    money: Money
    note: str = ""
    url: str = ""
    person: User | None = None  # whose face stands beside it

    @property
    def is_added(self) -> bool:
        return self.amount > 0

    @property
    def unsigned(self) -> int:
        return abs(self.amount)

    @property
    def receipt_url(self) -> str:
        return reverse("economy:receipt", args=[self.transaction.pk])


@dataclass(frozen=True, slots=True)
class Charged:
    """What something cost in all: tokens from the payer, the payee's share and the fee."""

    amount: int = 0
    share: int = 0
    fee: int = 0


def list_history(person: User, kind: str | None = None, *, handle: str = "") -> QuerySet[LedgerTransaction]:
    """Return the heads of a person's movements, newest first; `kind` is a key of HISTORY_KINDS, `handle` a creator's.

    Holds are left out: they move nothing out of the person's hands. A sale posted in parts is one head.
    """
    chosen = HISTORY_KINDS.get(kind or "all", Q())
    if handle:
        chosen &= Q(payee__username=handle)
    return (
        LedgerTransaction.objects.filter(chosen, person=person, is_first=True)
        .exclude(type=Type.HOLD)
        .select_related("payee")
        .order_by("-id")
    )


def list_payees(person: User, *, limit: int = 100) -> list[User]:
    """Return whom a person ever paid, by name: what their history can be narrowed to."""
    paid = LedgerTransaction.objects.filter(person=person, payee__isnull=False, is_first=True).values("payee")
    return list(User.objects.filter(pk__in=paid).order_by("display_name", "pk")[:limit])


def present_history(heads: Sequence[LedgerTransaction], *, viewer: User, is_whole: bool = True) -> list[Line]:
    """Turn heads into lines: parts summed, titles and links from the rooms that caused them, in a fixed number of queries.

    Without `is_whole` each transaction stands for itself.
    """
    parts = _sum_parts(heads, viewer) if is_whole else {}
    purchases = _purchases_of(heads)
    sources = describe(((head.source_type, head.source_id) for head in heads), viewer=viewer)
    return [
        _line(
            head,
            head.amount + parts.get((head.kind, head.source_type, head.source_id), 0) * (head.type == Type.DEDUCTION),
            purchases.get(head.source_id),
            sources.get((head.source_type, head.source_id)),
        )
        for head in heads
    ]


def get_receipt(*, viewer: User, id: UUID) -> tuple[Line, list[LedgerTransaction]]:  # noqa: A002  the house's selectors take `id`
    """Return a person's own movement as a line, with all its parts. Raises NotFound for anybody else's."""
    try:
        head = LedgerTransaction.objects.select_related("payee").get(pk=id, person=viewer)
    except LedgerTransaction.DoesNotExist:
        raise NotFound from None
    (line,) = present_history([head], viewer=viewer)
    parts = [head]
    if head.type == Type.DEDUCTION and head.source_id:
        parts += LedgerTransaction.objects.filter(
            person=viewer,
            type=Type.DEDUCTION,
            kind=head.kind,
            source_type=head.source_type,
            source_id=head.source_id,
            is_first=False,
        ).order_by("id")
    return line, parts


def sum_charged(*, source_type: str, source_id: str) -> Charged:
    """Return what something cost in all, refunds taken off, from the ledger itself."""
    return _charged(
        LedgerTransaction.objects.filter(
            source_type=source_type,
            source_id=source_id,
            type__in=[Type.DEDUCTION, Type.REFUND, Type.ADJUSTMENT],
            payee__isnull=False,
        )
    )


def list_earnings_of(creator: User, *, source_type: str | None = None) -> QuerySet[LedgerTransaction]:
    """Return the movements a creator earned by (or lost by refund), newest first; `share` of each is theirs."""
    earned = (
        LedgerTransaction.objects.filter(payee=creator)
        .exclude(type=Type.PAYOUT)
        .select_related("person")
        .order_by("-id")
    )
    return earned.filter(source_type=source_type) if source_type else earned


def sum_earned(creator: User, *, since: datetime | None = None, until: datetime | None = None) -> int:
    """Return a creator's net share in tokens over [since, until), as the ledger has it (AN-1)."""
    earned = LedgerTransaction.objects.filter(payee=creator)
    if since:
        earned = earned.filter(created_at__gte=since)
    if until:
        earned = earned.filter(created_at__lt=until)
    return _charged(earned).share


def sum_spent(person: User) -> int:
    """Return all tokens a person ever paid to others, refunds taken off."""
    return _charged(LedgerTransaction.objects.filter(person=person, payee__isnull=False)).amount


def _charged(movements: QuerySet[LedgerTransaction]) -> Charged:
    found = movements.aggregate(amount=Sum(-F("amount"), default=0), fee=Sum("fee", default=0))
    return Charged(amount=found["amount"], share=found["amount"] - found["fee"], fee=found["fee"])


def _sum_parts(heads: Iterable[LedgerTransaction], viewer: User) -> dict[tuple[str, str, str], int]:
    ids = {head.source_id for head in heads if head.type == Type.DEDUCTION and head.source_id}
    rows = (
        LedgerTransaction.objects.filter(person=viewer, type=Type.DEDUCTION, is_first=False, source_id__in=ids)
        .order_by()
        .values_list("kind", "source_type", "source_id")
        .annotate(total=Sum("amount"))
    )
    return {(kind, source_type, source_id): total for kind, source_type, source_id, total in rows}


def _purchases_of(heads: Iterable[LedgerTransaction]) -> dict[str, Purchase]:
    ids = {head.source_id for head in heads if head.source_type == "purchase"}
    return {str(purchase.pk): purchase for purchase in Purchase.objects.filter(pk__in=ids)}


def _line(head: LedgerTransaction, amount: int, purchase: Purchase | None, source: Source | None) -> Line:
    price = money_for(abs(amount))
    if purchase is not None:
        return _purchase_line(head, amount, purchase)
    title, note, url, person = _own_title(head), "", "", head.payee
    if source is not None:
        title, url, person = str(source.title), source.url, source.person or head.payee
        title = _returned(head, title)
    return Line(head, title, amount, price, note, url, person)


def _returned(head: LedgerTransaction, title: str) -> str:
    """Say of a movement that turns another round what it did; what a dispute took and gave is told apart (LEDGER-8)."""
    if head.type == Type.REFUND and head.data.get("reason") == "dispute":
        return _("Taken back by the dispute: %(what)s") % {"what": title}
    if head.type == Type.REFUND:
        return _("Returned: %(what)s") % {"what": title}
    if head.type == Type.ADJUSTMENT and head.reverses_id:
        return _("Paid again after the dispute: %(what)s") % {"what": title}
    return title


def _purchase_line(head: LedgerTransaction, amount: int, purchase: Purchase) -> Line:
    tokens, bonus = abs(head.data.get("tokens", 0)), abs(head.data.get("bonus", 0))
    counts = {"tokens": number_format(tokens, force_grouping=True), "bonus": number_format(bonus, force_grouping=True)}
    if head.kind == "purchase":
        title = (_("Bought %(tokens)s + %(bonus)s") if bonus else _("Bought %(tokens)s tokens")) % counts
    elif head.kind == "purchase_restored":
        title = _("Payment restored")
    elif head.kind == "purchase_disputed":
        title = _("Payment disputed at your bank")
    else:
        title = _("Payment returned to you")
    price = Money(purchase.amount_minor * tokens // purchase.tokens, purchase.currency)
    owed = head.data.get("owed", 0)
    note = _("%(owed)s tokens of it were spent and are owed") % {"owed": owed} if owed else purchase.card
    return Line(head, title, amount, price, note, reverse("economy:purchase", args=[purchase.pk]))


def _own_title(head: LedgerTransaction) -> str:
    reason: Any = head.data.get("reason", "")
    if head.type == Type.PROMO:
        if head.kind == "expiry":
            return _("Bonus tokens expired")
        own = {
            "sign_up": _("Welcome bonus"),
            "voucher": _("Bonus tokens from a code"),
            "referral": _("Bonus tokens for an invitation"),
        }
        return own.get(reason, _("Bonus tokens"))
    if head.type == Type.PAYOUT:
        return _("Payout came back") if head.kind == "payout_returned" else _("Payout")
    if head.kind == "debt_payment":
        return _("Paid what you owed")
    if head.payee is not None:
        who = {"name": head.payee.display_name}
        is_plain_refund = head.type == Type.REFUND and head.data.get("reason") != "dispute"
        return _("Returned by %(name)s") % who if is_plain_refund else _returned(head, _("Paid to %(name)s") % who)
    return str(Type(head.type).label)
