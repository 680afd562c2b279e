"""What we take of each kind of sale, from which day, and whom a rule of it concerns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Case, QuerySet, Value, When
from django.utils import formats

from accounts.models import User
from digis.core import clock
from economy.models import FeeRule
from economy.selectors.earnings import fee_for
from economy.sources import list_sales

A_MOMENT = timedelta(microseconds=1)  # as fine as moments are stored
COMING, IN_FORCE, OVER, WITHDRAWN = "coming", "in_force", "over", "withdrawn"


@dataclass(frozen=True, slots=True)
class Fee:
    """What we take of one kind of sale of one creator, in basis points."""

    kind: str
    sales: str  # many of them, in words
    fee_bp: int

    @property
    def percent(self) -> str:
        """The number as people write it."""
        return write_percent(self.fee_bp)


@dataclass(frozen=True, slots=True)
class FeeChange:
    """What a rule changes for one creator: the fee of one kind of sale, in basis points."""

    kind: str
    was: int
    becomes: int


def write_percent(fee_bp: int) -> str:
    """Write basis points as a number of percent, in whole digits: 20, 12.5, 7.25."""
    whole, rest = divmod(fee_bp, 100)
    digits = f"{whole}.{rest:02d}".rstrip("0") if rest else str(whole)
    return formats.number_format(digits)


def list_fees(creator: User) -> list[Fee]:
    """Return what we take of each kind of sale of a creator now."""
    return [Fee(kind, sales, fee_for(kind=kind, creator_id=creator.pk)) for kind, sales in sorted(list_sales().items())]


def list_fee_rules() -> QuerySet[FeeRule]:
    """Return all rules, each with its `state`: to come, in force, over because a later one of its like began, or withdrawn.

    One in force may still be passed over where a narrower one is (`fee_for`).
    """
    latest = _list_ruling().values("pk")
    return FeeRule.objects.annotate(
        state=Case(
            When(withdrawn_at__isnull=False, then=Value(WITHDRAWN)),
            When(starts_at__gt=clock.now(), then=Value(COMING)),
            When(pk__in=latest, then=Value(IN_FORCE)),
            default=Value(OVER),
        )
    )


def find_rule_in_force(*, kind: str, creator: User | None, at: datetime) -> FeeRule | None:
    """Return the rule of exactly this scope that is in force at a moment, if there is one."""
    like = FeeRule.objects.filter(kind=kind, creator=creator, withdrawn_at__isnull=True)
    return like.filter(starts_at__lte=at).order_by("-starts_at").first()


def find_least_fee() -> int:
    """Return the least we take of any sale of anybody now, in basis points: what a token is worth to the best paid creator.

    A rule in force that a narrower one passes over for everybody counts all the same: rather too little than too much.
    """
    ruling = list(_list_ruling())
    has_general = any(rule.creator_id is None and not rule.kind for rule in ruling)
    return min([*(rule.fee_bp for rule in ruling), *([] if has_general else [settings.PLATFORM_FEE_BP])])


def _list_ruling() -> QuerySet[FeeRule]:
    """Return the rules in force, the latest begun of each like."""
    begun = FeeRule.objects.filter(starts_at__lte=clock.now(), withdrawn_at__isnull=True)
    return begun.order_by("creator", "kind", "-starts_at").distinct("creator", "kind")


def list_fee_changes(rule: FeeRule, *, creator_id: UUID) -> list[FeeChange]:
    """Return what changes for a creator the moment a rule begins; nothing where a narrower one stands before it.

    Of one that was withdrawn, what would have changed.
    """
    found = []
    for kind in [rule.kind] if rule.kind else sorted(list_sales()):
        was = fee_for(kind=kind, creator_id=creator_id, at=rule.starts_at - A_MOMENT)
        becomes = fee_for(kind=kind, creator_id=creator_id, at=rule.starts_at, including=rule.pk)
        if was != becomes:
            found.append(FeeChange(kind, was, becomes))
    return found


def list_concerned(rule: FeeRule, *, after: UUID | None, limit: int) -> list[User]:
    """Return the next creators a rule may concern, in order of their ids."""
    creators = User.objects.filter(creator__approved_at__isnull=False, is_active=True).order_by("pk")
    if rule.creator_id is not None:
        creators = creators.filter(pk=rule.creator_id)
    if after is not None:
        creators = creators.filter(pk__gt=after)
    return list(creators[:limit])
