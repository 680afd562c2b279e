"""What a creator earned, as lines they can read: a sale on one line, with what of it is theirs and from when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, F, Max, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from accounts.models import User
from economy.models import Earning, LedgerTransaction
from economy.selectors.disputes import list_repeats, sum_repeats
from economy.selectors.giving import hidden_payers
from economy.selectors.history import list_earnings_of
from economy.selectors.reviews import held_charges
from economy.sources import Source, describe

Type = LedgerTransaction.Type
Sale = tuple[str, str, str]  # kind, source type, source id


@dataclass(frozen=True, slots=True)
class EarnedLine:
    """One sale, or one that was given back. `share` is the creator's, signed tokens; `waiting` of it is not free yet."""

    transaction: LedgerTransaction
    title: str
    url: str
    person: User | None
    share: int
    fee: int
    waiting: int
    available_at: datetime | None
    not_withdrawable: int
    is_checked: bool  # staff look at it before it is released

    @property
    def unsigned(self) -> int:
        return abs(self.share)

    @property
    def can_be_returned(self) -> bool:
        """Whether it is a sale at all; how much of it is left, its own page says."""
        return self.transaction.type == Type.DEDUCTION


class Hold(NamedTuple):
    """What of a sale may ever be withdrawn, how much of it waits, until when, and whether staff look at it first."""

    earned: int
    waiting: int = 0
    until: datetime | None = None
    is_checked: bool = False


def list_earned(creator: User) -> QuerySet[LedgerTransaction]:
    """Return the heads of what a creator earned or gave back, newest first; a sale posted in parts is one head.

    So is what a dispute took of a sale, or gave again, from whatever lots and parts it came.
    """
    heads = list_earnings_of(creator).filter(is_first=True)
    for repeats in list_repeats(creator):
        heads = heads.exclude(pk__in=repeats)
    return heads


def present_earned(heads: Sequence[LedgerTransaction], *, viewer: User) -> list[EarnedLine]:
    """Turn heads into lines: parts summed, titles and links from the rooms that caused them, in a fixed number of queries."""
    sales = [_sale(head) for head in heads if head.type == Type.DEDUCTION and head.source_id]
    sums, holds = _sum_sales(viewer, sales), _read_holds(viewer, sales)
    sources = describe(((head.source_type, head.source_id) for head in heads), viewer=viewer)
    hidden = hidden_payers(heads)
    turned = sum_repeats(viewer, heads)
    lines = []
    for head in heads:
        is_sale = head.type == Type.DEDUCTION
        own = turned.get(head.pk, (head.share, head.fee))
        share, fee = sums.get(_sale(head), own) if is_sale else own
        hold = holds.get(_sale(head), Hold(share)) if is_sale else Hold(share)
        source = sources.get((head.source_type, head.source_id))
        lines.append(
            EarnedLine(
                transaction=head,
                title=_title(head, source, is_hidden=head.pk in hidden),
                url=source.url if source else "",
                person=(source.person if source else None) or (None if head.pk in hidden else head.person),
                share=share,
                fee=fee,
                waiting=hold.waiting,
                available_at=hold.until,
                not_withdrawable=max(0, share - hold.earned) if is_sale else 0,
                is_checked=hold.is_checked,
            )
        )
    return lines


def _sale(head: LedgerTransaction) -> Sale:
    return (head.kind, head.source_type, head.source_id)


def _title(head: LedgerTransaction, source: Source | None, *, is_hidden: bool) -> str:
    name = head.person.display_name if head.person and not is_hidden else _("somebody")
    title = str(source.title) if source else _("Paid by %(name)s") % {"name": name}
    words = {"what": title, "case": head.data.get("dispute", "")}
    if head.type == Type.ADJUSTMENT and head.reverses_id:
        return (
            _("Dispute settled: %(what)s, case %(case)s") if words["case"] else _("Dispute settled: %(what)s")
        ) % words
    if head.type == Type.REFUND and head.data.get("reason") == "dispute":
        return (_("Adjustment: %(what)s, case %(case)s") if words["case"] else _("Adjustment: %(what)s")) % words
    return _("Given back: %(what)s") % words if head.type == Type.REFUND else title


def _sum_sales(creator: User, sales: Sequence[Sale]) -> dict[Sale, tuple[int, int]]:
    """Return (share, fee) of each sale over all its parts."""
    rows = (
        LedgerTransaction.objects.filter(payee=creator, type=Type.DEDUCTION, source_id__in=[sale[2] for sale in sales])
        .order_by()
        .values_list("kind", "source_type", "source_id")
        .annotate(received=Sum(-F("amount") - F("fee")), fees=Sum("fee"))
    )
    return {(kind, source_type, source_id): (share, fee) for kind, source_type, source_id, share, fee in rows}


def _read_holds(creator: User, sales: Sequence[Sale]) -> dict[Sale, Hold]:
    """Return how each sale waits; one that was never withdrawable is left out."""
    waits = Q(matured_at__isnull=True)
    rows = (
        Earning.objects.filter(creator=creator, transaction__source_id__in=[sale[2] for sale in sales])
        .order_by()
        .values_list("transaction__kind", "transaction__source_type", "transaction__source_id")
        .annotate(
            earned=Sum("amount"),
            waiting=Sum(F("amount") - F("reversed"), filter=waits, default=0),
            until=Max("available_at", filter=waits),
            undated=Count("pk", filter=waits & Q(available_at__isnull=True)),
            checked=Count("pk", filter=waits & Q(pk__in=held_charges())),
        )
    )
    return {
        (kind, source_type, source_id): Hold(earned, waiting, None if undated else until, bool(checked))
        for kind, source_type, source_id, earned, waiting, until, undated, checked in rows
    }
