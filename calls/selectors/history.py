"""Calls that are over: lists, the summary both sides get, and a creator's day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts.models import User
from calls.models import Call, CallMinute
from digis.core import clock
from digis.core.money import Money, earnings_in_money, money_for
from economy import selectors as economy


@dataclass(frozen=True, slots=True)
class CallLine:
    """One call in a list, from one person's side."""

    call: Call
    peer: User
    is_fan: bool
    tokens: int
    granted: int = 0  # of what the creator earned, what came from free tokens and cannot be withdrawn (LEDGER-9)

    @property
    def ending(self) -> str:
        """How it ended, in a word or two. Neither a block nor a suspension is told (MOD-1)."""
        if self.call.end_reason in {Call.Reason.BLOCKED, Call.Reason.SUSPENDED}:
            return _("Ended")
        return self.call.get_end_reason_display()

    @property
    def money(self) -> Money:
        """The tokens in money: list price for who paid, payout value for who earned."""
        return money_for(self.tokens) if self.is_fan else earnings_in_money(self.tokens)


@dataclass(frozen=True, slots=True)
class Summary:
    """A finished call's bill. Both sides read the same figures: charged = earned + fee, held = charged + released.

    What was earned is in two parts for the creator: `withdrawable` and `granted`, which came from free tokens (LEDGER-9).
    """

    seconds: int
    charged: int
    fee: int
    earned: int
    granted: int
    held: int
    released: int
    still_held: int
    rate: int
    minutes: list[tuple[int, int]]
    reason: str
    is_free: bool
    is_parked: bool
    number: str
    receipt_id: UUID | None
    started_at: datetime | None
    ended_at: datetime

    @property
    def withdrawable(self) -> int:
        """The part of the share that may be paid out, in tokens."""
        return self.earned - self.granted

    @property
    def money(self) -> Money:
        """The charge in money."""
        return money_for(self.charged)

    @property
    def earned_money(self) -> Money:
        """The creator's share in money."""
        return earnings_in_money(self.earned)


@dataclass(frozen=True, slots=True)
class Today:
    """A creator's calls since midnight UTC. `granted` of what they earned came from free tokens (LEDGER-9)."""

    count: int
    seconds: int
    earned: int
    granted: int


def list_calls(person: User, *, role: str = "") -> QuerySet[Call]:
    """List a person's calls with both people: those they made (`fan`), took (`creator`), or all."""
    sides = {"fan": Q(fan=person.pk), "creator": Q(creator=person.pk)}
    chosen = sides.get(role, Q(fan=person.pk) | Q(creator=person.pk))
    return Call.objects.filter(chosen).select_related("fan", "creator", "invitation", "ended_by")


def list_calls_by_id(ids: Sequence[str]) -> QuerySet[Call]:
    """List calls by their ids, for those who may see every call."""
    return Call.objects.filter(pk__in=ids).select_related("ended_by")


def lines_for(viewer: User, calls: Sequence[Call]) -> list[CallLine]:
    """Return calls as lines of a participant's list, with what a creator cannot withdraw of them; one query for all."""
    taken = [str(call.pk) for call in calls if call.creator_id == viewer.pk]
    granted = economy.granted_shares(source_type="call", source_ids=taken) if taken else {}
    return [line_for(viewer, call, granted=granted.get(str(call.pk), 0)) for call in calls]


def line_for(viewer: User, call: Call, *, granted: int = 0) -> CallLine:
    """Return a call as one line of a participant's list."""
    is_fan = viewer.pk == call.fan_id
    return CallLine(
        call=call,
        peer=call.creator if is_fan else call.fan,
        is_fan=is_fan,
        tokens=call.charged_tokens if is_fan else call.earned_tokens,
        granted=granted,
    )


def get_summary(viewer: User, call: Call) -> Summary:
    """Return the bill of a finished call for one of its two sides; the figures are equal for both (CALL-5)."""
    minutes = list(CallMinute.objects.filter(call=call.pk))
    receipt = minutes[0].transaction_id if minutes else None
    return Summary(
        seconds=call.seconds if call.billed_seconds is None else call.billed_seconds,
        charged=call.charged_tokens,
        fee=call.fee_tokens,
        earned=call.earned_tokens,
        granted=economy.granted_shares(source_type="call", source_ids=[str(call.pk)]).get(str(call.pk), 0),
        held=call.held_tokens,
        released=call.released_tokens,
        still_held=economy.get_hold(id=call.hold_id).remaining if call.parked_at else 0,
        rate=call.invitation.rate,
        minutes=[(row.minute, row.amount) for row in minutes],
        reason=describe_end(viewer, call),
        is_free=call.charged_tokens == 0 and call.parked_at is None,
        is_parked=call.parked_at is not None,
        number=call.number,
        receipt_id=receipt if viewer.pk == call.fan_id else None,
        started_at=call.started_at,
        ended_at=call.ended_at or clock.now(),
    )


def describe_end(viewer: User | UUID, call: Call) -> str:
    """Say why a call ended, in one sentence, to one of its sides. A block is not told (MOD-1)."""
    by_me = call.ended_by_id == getattr(viewer, "pk", viewer)
    peer = call.creator if getattr(viewer, "pk", viewer) == call.fan_id else call.fan
    name = {"name": peer.display_name}
    reason = call.end_reason
    if reason == Call.Reason.HUNG_UP:
        return _("You hung up.") if by_me else _("%(name)s hung up.") % name
    if reason == Call.Reason.DROPPED:
        return _("Your connection was lost.") if by_me else _("%(name)s lost the connection.") % name
    return {
        Call.Reason.FUNDS: _("The tokens ran out."),
        Call.Reason.BOTH_DROPPED: _("Both connections were lost."),
        Call.Reason.NOT_JOINED: _("The call did not connect, so it is free."),
        Call.Reason.PARKED: _("The call ended. We are checking its bill."),
    }.get(Call.Reason(reason) if reason else Call.Reason.HUNG_UP, _("The call ended."))


def get_today(creator: User) -> Today:
    """Return a creator's day in figures: calls that began since midnight UTC, seconds billed, tokens earned."""
    midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    found = Call.objects.filter(creator=creator.pk, started_at__gte=midnight).aggregate(
        count=Count("id"),
        seconds=Coalesce(Sum("billed_seconds"), 0),
    )
    day = {"since": midnight, "until": midnight + timedelta(days=1)}
    return Today(
        count=found["count"],
        seconds=found["seconds"],
        earned=economy.sum_earned(creator, **day),
        granted=economy.sum_granted(creator, **day),
    )


def count_free_calls(fan_id: UUID, creator_id: UUID, *, at: datetime) -> int:
    """Count a pair's short free calls of the day (CALL-5)."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return Call.objects.filter(
        fan=fan_id,
        creator=creator_id,
        ended_at__gte=midnight,
        started_at__isnull=False,
        charged_tokens=0,
        billable_us__gte=1_000_000,
        parked_at__isnull=True,
    ).count()


def may_be_free(call: Call, *, at: datetime) -> bool:
    """Tell whether a call under the free window stays free for this pair today (CALL-5)."""
    return count_free_calls(call.fan_id, call.creator_id, at=at) < settings.CALL_MAX_FREE_PER_DAY
