"""The meter as each side sees it. Derived from rows and the server's clock; nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from calls import meter
from calls.models import Call, CallBeat, CallInvitation, CallRate, CallType
from calls.selectors.history import may_be_free
from digis.core import clock
from digis.core.money import fee_on
from economy import selectors as economy

DRAWN_LATE = timedelta(milliseconds=1_500)  # what a heartbeat may be late on its way before a page's clock waits for it


def lost_after() -> timedelta:
    """Return how long a side may stay silent before it counts as gone (CALL-5)."""
    return timedelta(seconds=settings.CALL_LOST_SECONDS)


def vanished_at(at: datetime, *beats: CallBeat) -> list[CallBeat]:
    """Return the sides that are gone at a moment: those no longer heard, whether or not their media was connected (CALL-6).

    Where both are heard, the one whose heartbeats are overdue; then the ones without a line, as the line itself broke.
    """
    for within in (lost_after(), 2 * heartbeat()):
        silent = [beat for beat in beats if not beat.is_heard(at, within)]
        if silent:
            return silent
    return [beat for beat in beats if not beat.side.is_fresh(at, lost_after())]


def heartbeat() -> timedelta:
    """Return how often each side is heard (CALL-5)."""
    return timedelta(seconds=settings.CALL_HEARTBEAT_SECONDS)


def terms_of(call: Call, invitation: CallInvitation, rates: list[CallRate]) -> meter.Terms:
    """Return a call's price terms from its own rows: what was quoted, and the switches since (CALL-2)."""
    return meter.Terms(
        steps=tuple(meter.Step(rate.from_second, rate.rate) for rate in rates),
        whole_minutes=call.whole_minutes,
        free_seconds=invitation.free_seconds,
        min_seconds=invitation.min_seconds,
    )


def get_terms(call: Call) -> meter.Terms:
    """Return a call's price terms, reading its rate steps (CALL-2)."""
    return terms_of(call, call.invitation, list(CallRate.objects.filter(call=call.pk)))


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything a meter shows, at one moment, for whichever side."""

    call: Call
    terms: meter.Terms
    fan: CallBeat
    creator: CallBeat
    held: int
    spendable: int
    at: datetime
    may_be_free: bool = True  # whether this pair has a short free call left today (CALL-5)

    @property
    def covered(self) -> int:
        """The last billable second the fan's tokens pay for (CALL-5)."""
        return meter.covered_seconds(self.call.charged_tokens + self.held + self.spendable, self.terms)

    @property
    def seconds_left(self) -> int:
        """How long the fan's tokens last from here."""
        return max(0, self.covered - self.call.seconds)

    @property
    def cost(self) -> int:
        """What hanging up now would cost the fan; after the end, what it did cost."""
        if self.call.is_over:
            return self.call.charged_tokens
        return self.cost_at(self.call.seconds)

    def cost_at(self, seconds: int) -> int:
        """Return what hanging up after so many billable seconds would cost the fan."""
        due = meter.charge_for(seconds, self.terms, may_be_free=self.may_be_free)
        return max(self.call.charged_tokens, due)

    @property
    def horizon(self) -> int:
        """Up to which microsecond a page may draw on by itself: one heartbeat past what both sides confirmed.

        Never beyond what the tokens pay for, and never further for a side that vanished.
        """
        call = self.call
        if call.status != Call.Status.ACTIVE:
            return call.billable_us
        ahead = (heartbeat() + DRAWN_LATE) // meter.MICROSECOND
        return max(call.billable_us, min(call.billable_us + ahead, self.covered * meter.SECOND))

    @property
    def due(self) -> int:
        """The microseconds a hang-up at this moment would bill, up to the horizon (CALL-5)."""
        call = self.call
        if call.status != Call.Status.ACTIVE:
            return call.billable_us
        more = meter.unheard(self.fan.side, self.creator.side, self.at, lost_after(), call.counting_from)
        return min(self.horizon, call.billable_us + more)

    @property
    def deadline(self) -> datetime | None:
        """When the call ends by itself unless something happens, or None while it runs."""
        call = self.call
        if call.status == Call.Status.JOINING:
            return call.accepted_at + timedelta(seconds=settings.CALL_JOIN_SECONDS)
        if call.status == Call.Status.PAUSED:
            return call.resume_by
        if call.status == Call.Status.GRACE and call.grace_started_at is not None:
            return call.grace_started_at + timedelta(seconds=settings.CALL_GRACE_SECONDS)
        return None

    @property
    def low(self) -> int | None:
        """The warning in force: the lowest threshold the time left is under (CALL-7)."""
        if self.call.status not in {Call.Status.ACTIVE, Call.Status.GRACE}:
            return None
        if self.call.status == Call.Status.GRACE:
            return 0
        return min((mark for mark in settings.CALL_WARN_SECONDS if self.seconds_left <= mark), default=None)


@dataclass(frozen=True, slots=True)
class Meter:
    """One side's view of a running call: what the meter fragment renders and the socket sends."""

    call_id: UUID
    status: str
    is_fan: bool
    elapsed: int
    cost: int
    rate: int
    call_type: str
    seconds_left: int | None
    held: int
    countdown: int | None
    missing: str | None
    pauses_left: int
    low: int | None
    due: int  # microseconds a hang-up at this moment would bill; `elapsed` is what both sides have confirmed of them
    horizon: int  # up to which a page draws on by itself
    costs: tuple[tuple[int, int], ...]  # (second, tokens from there on), up to the horizon

    @property
    def ahead(self) -> str:
        """How far the moment is ahead of what is confirmed, in seconds, as markup writes numbers."""
        return f"{max(0, self.due - self.elapsed * meter.SECOND) / meter.SECOND:.1f}"

    @property
    def until(self) -> str:
        """The horizon in seconds, as markup writes numbers."""
        return f"{self.horizon / meter.SECOND:.1f}"

    @property
    def minutes_left(self) -> int | None:
        """Whole minutes the fan's tokens last, rounded up so that the last one is not shown as none."""
        return None if self.seconds_left is None else -(-self.seconds_left // 60)

    @property
    def is_running(self) -> bool:
        """Whether media should flow (CALL-6)."""
        return self.status in {Call.Status.ACTIVE, Call.Status.GRACE}

    def data(self) -> dict[str, object]:
        """Return the figures a page's script needs, for the socket."""
        return {
            "call": str(self.call_id),
            "status": self.status,
            "elapsed": self.elapsed,
            "due": self.due // meter.SECOND,
            "cost": self.cost,
            "rate": self.rate,
            "call_type": self.call_type,
            "seconds_left": self.seconds_left,
            "countdown": self.countdown,
            "missing": self.missing,
            "low": self.low,
        }


def read_meter(call: Call) -> Reading:
    """Return a call's meter as it stands, without locking anything; five queries whatever its length."""
    beats = {beat.person_id: beat for beat in CallBeat.objects.filter(call=call.pk)}
    return Reading(
        call=call,
        terms=get_terms(call),
        fan=beats[call.fan_id],
        creator=beats[call.creator_id],
        held=economy.get_hold(id=call.hold_id).remaining,
        spendable=economy.get_spendable(call.fan),
        at=(now := clock.now()),
        may_be_free=is_still_free(call, at=now),
    )


def is_still_free(call: Call, *, at: datetime) -> bool:
    """Tell whether a call under the free window would stay free now; asks only while it is under it (CALL-5)."""
    return call.seconds >= call.invitation.free_seconds or may_be_free(call, at=at)


def view_of(reading: Reading, *, is_fan: bool) -> Meter:
    """Return one side's view of a reading. The creator sees what they earn, and not how much the fan has left."""
    call = reading.call
    deadline = reading.deadline

    def mine(cost: int) -> int:
        return cost if is_fan else cost - fee_on(cost, call.fee_bp)

    elapsed = call.seconds if call.billed_seconds is None else call.billed_seconds
    coming = range(elapsed + 1, reading.horizon // meter.SECOND + 1)
    seconds_left = reading.seconds_left if is_fan or reading.low is not None else None
    return Meter(
        call_id=call.pk,
        status=call.status,
        is_fan=is_fan,
        elapsed=elapsed,
        cost=mine(reading.cost),
        rate=_rate_now(reading),
        call_type=call.call_type,
        seconds_left=seconds_left,
        held=reading.held,
        countdown=None if deadline is None else max(0, int((deadline - reading.at).total_seconds())),
        missing=_missing(reading, is_fan=is_fan),
        pauses_left=max(0, settings.CALL_MAX_PAUSES - call.pauses),
        low=reading.low,
        due=reading.due,
        horizon=reading.horizon,
        costs=tuple((second, mine(reading.cost_at(second))) for second in coming),
    )


def meter_for(viewer_id: UUID, call: Call) -> Meter:
    """Return a participant's view of the meter (CALL-7)."""
    return view_of(read_meter(call), is_fan=viewer_id == call.fan_id)


def _rate_now(reading: Reading) -> int:
    seconds = reading.call.seconds
    return next(step.rate for step in reversed(reading.terms.steps) if step.from_second <= seconds)


def _missing(reading: Reading, *, is_fan: bool) -> str | None:
    if reading.call.status not in {Call.Status.PAUSED, Call.Status.JOINING}:
        return None
    mine, theirs = (reading.fan, reading.creator) if is_fan else (reading.creator, reading.fan)
    gone = vanished_at(reading.at, mine, theirs)
    if len(gone) == 2:
        return "both"
    return None if not gone else "me" if gone[0] is mine else "peer"


@dataclass(frozen=True, slots=True)
class Switch:
    """What one side may change about the kind of the call, and what was asked (CALL-2)."""

    call_id: UUID
    call_type: str
    can_voice: bool
    can_ask_video: bool
    asked_by_me: bool
    asked_by_peer: bool
    voice_rate: int | None
    video_rate: int | None
    next_rate: int | None


def switch_for(viewer_id: UUID, call: Call, terms: meter.Terms) -> Switch:
    """Return what a participant may change, from the rates that were quoted with the ring (CALL-2)."""
    invitation = call.invitation
    coming = [step.rate for step in terms.steps if step.from_second > call.seconds]
    is_voice = call.call_type == CallType.VOICE
    asked = call.video_asked_by_id
    return Switch(
        call_id=call.pk,
        call_type=call.call_type,
        can_voice=not is_voice and invitation.voice_rate is not None and not call.is_over,
        can_ask_video=is_voice and invitation.video_rate is not None and asked is None and not call.is_over,
        asked_by_me=asked is not None and asked == viewer_id,
        asked_by_peer=asked is not None and asked != viewer_id,
        voice_rate=invitation.voice_rate,
        video_rate=invitation.video_rate,
        next_rate=coming[-1] if coming else None,
    )
