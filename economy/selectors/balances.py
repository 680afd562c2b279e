"""What a person has, holds, owes and earned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Case, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from accounts.models import User
from digis.core import clock
from economy.models import EntryToFold, Hold, LedgerAccount, TokenLot
from economy.sources import Source, describe

Kind = LedgerAccount.Kind


@dataclass(frozen=True, slots=True)
class Balance:
    """A person's tokens. `spendable` is free now: nothing while something is owed (LEDGER-8)."""

    purchased: int = 0
    promotional: int = 0
    held: int = 0
    debt: int = 0

    @property
    def spendable(self) -> int:
        return 0 if self.debt else self.purchased + self.promotional

    @property
    def total(self) -> int:
        return self.purchased + self.promotional + self.held


@dataclass(frozen=True, slots=True)
class Earnings:
    """What a creator earned and was not paid yet, in tokens, appended entries included."""

    pending: int = 0
    available: int = 0
    non_withdrawable: int = 0

    @property
    def total(self) -> int:
        return self.pending + self.available + self.non_withdrawable


@dataclass(frozen=True, slots=True)
class Held:
    """Tokens set aside, and for what."""

    hold: Hold
    source: Source | None


def get_balance(person: User) -> Balance:
    """Return a person's tokens, expired and disputed lots left out."""
    return get_balance_of(person.pk)


def get_balance_of(person_id: UUID) -> Balance:
    """Return the tokens of the person with this id, in one query; zero for one who never had any."""
    lots = (
        free_lots(person_id)
        .order_by()
        .values(
            label=Case(
                When(origin=TokenLot.Origin.PURCHASE, then=Value(Kind.PURCHASED)), default=Value(Kind.PROMOTIONAL)
            )
        )
        .annotate(total=Sum("remaining"))
        .values_list("label", "total")
    )
    others = (
        LedgerAccount.objects.filter(owner_id=person_id, kind__in=[Kind.HELD, Kind.DEBT])
        .order_by()
        .values_list("kind", "balance")
    )
    found = dict(lots.union(others, all=True))
    return Balance(
        purchased=int(found.get(Kind.PURCHASED, 0)),
        promotional=int(found.get(Kind.PROMOTIONAL, 0)),
        held=int(found.get(Kind.HELD, 0)),
        debt=int(found.get(Kind.DEBT, 0)),
    )


def free_lots(person_id: UUID) -> QuerySet[TokenLot]:
    """Return the lots a person may spend from now."""
    return TokenLot.objects.filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=clock.now()),
        owner_id=person_id,
        remaining__gt=0,
        is_disputed=False,
    )


def list_lots(person: User) -> list[TokenLot]:
    """Return a person's free lots in the order they will be spent (LEDGER-3)."""
    lots = free_lots(person.pk).select_related("purchase")
    return sorted(lots, key=_spend_order)


def _spend_order(lot: TokenLot) -> tuple[bool, bool, datetime, int]:
    is_bought = lot.origin == TokenLot.Origin.PURCHASE
    return (is_bought, lot.expires_at is None, lot.expires_at or lot.created_at, lot.pk)


def find_next_expiry(person: User) -> TokenLot | None:
    """Return the promotional lot that expires first, if any."""
    return free_lots(person.pk).filter(expires_at__isnull=False).order_by("expires_at", "pk").first()


def list_held(person: User) -> list[Held]:
    """Return what a person's tokens are held for, newest first."""
    holds = list(Hold.objects.filter(person=person, state=Hold.State.OPEN, remaining__gt=0).order_by("-id"))
    sources = describe(((hold.source_type, hold.source_id) for hold in holds), viewer=person)
    return [Held(hold, sources.get((hold.source_type, hold.source_id))) for hold in holds]


def get_hold(*, id: UUID) -> Hold:  # noqa: A002  the house's selectors take `id`
    """Return one hold."""
    return Hold.objects.get(pk=id)


def get_earnings(creator: User) -> Earnings:
    """Return a creator's earnings in tokens: cached balances and what waits to be folded, in one query."""
    kinds = [Kind.PENDING, Kind.AVAILABLE, Kind.NON_WITHDRAWABLE]
    cached = LedgerAccount.objects.filter(owner=creator, kind__in=kinds).order_by().values_list("kind", "balance")
    waiting = (
        EntryToFold.objects.filter(account__owner=creator, account__kind__in=kinds)
        .order_by()
        .values("account__kind")
        .annotate(total=Coalesce(Sum("amount"), 0))
        .values_list("account__kind", "total")
    )
    found = dict.fromkeys(kinds, 0)
    for kind, amount in _pairs(cached.union(waiting, all=True)):
        found[Kind(kind)] += amount
    return Earnings(found[Kind.PENDING], found[Kind.AVAILABLE], found[Kind.NON_WITHDRAWABLE])


def _pairs(rows: Iterable[tuple[str, int]]) -> Iterable[tuple[str, int]]:
    return ((kind, int(amount)) for kind, amount in rows)
