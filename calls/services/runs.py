"""A call under its row's lock: what every change of a running call starts from and ends with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from calls import events, meter
from calls.models import Call, CallBeat, CallRate
from calls.selectors.meters import Reading, is_still_free, lost_after, switch_for, terms_of, view_of
from digis.core import clock
from digis.core.realtime import publish_on_commit
from economy import selectors as economy

METER_EVERY = timedelta(seconds=4)  # so often do pages hear of a meter that stands
METER_STEP = meter.SECOND  # they hear of every heartbeat that confirmed this much
MUTABLE = [
    "call_type", "status", "started_at", "ended_at", "counting_from", "billable_us", "minutes_posted",
    "charged_tokens", "fee_tokens", "billed_seconds", "held_tokens", "released_tokens", "pauses", "resume_by",
    "grace_started_at", "warned_seconds", "video_asked_by", "metered_at", "end_reason", "ended_by", "parked_at",
    "park_note",
]  # fmt: skip


@dataclass
class Run:
    """A locked call with its two sides and its price, and the moment at which it is looked at."""

    call: Call
    terms: meter.Terms
    beats: dict[UUID, CallBeat]
    at: datetime
    _funds: tuple[int, int] | None = field(default=None, repr=False)
    _is_free: bool | None = field(default=None, repr=False)
    _status_before: str = ""
    _billable_before: int = 0

    def __post_init__(self) -> None:
        self._remember()

    def _remember(self) -> None:
        self._status_before, self._billable_before = self.call.status, self.call.billable_us

    @property
    def fan(self) -> CallBeat:
        return self.beats[self.call.fan_id]

    @property
    def creator(self) -> CallBeat:
        return self.beats[self.call.creator_id]

    def beat_of(self, person_id: UUID) -> CallBeat:
        return self.beats[person_id]

    def other_than(self, person_id: UUID) -> CallBeat:
        return self.creator if person_id == self.call.fan_id else self.fan

    def is_fresh(self, beat: CallBeat, at: datetime | None = None) -> bool:
        """Whether a side counts as present at a moment, now by default (CALL-5)."""
        return beat.side.is_fresh(at or self.at, lost_after())

    @property
    def are_both_here(self) -> bool:
        return self.is_fresh(self.fan) and self.is_fresh(self.creator)

    @property
    def funds(self) -> tuple[int, int]:
        """(held for this call, spendable besides), read once and again after `forget_funds`."""
        if self._funds is None:
            held = economy.get_hold(id=self.call.hold_id).remaining
            self._funds = held, economy.get_spendable(self.call.fan)
        return self._funds

    def set_funds(self, held: int, spendable: int) -> None:
        self._funds = held, spendable

    def forget_funds(self) -> None:
        self._funds = None

    @property
    def reading(self) -> Reading:
        held, spendable = self.funds
        if self._is_free is None:
            self._is_free = is_still_free(self.call, at=self.at)
        return Reading(
            call=self.call,
            terms=self.terms,
            fan=self.fan,
            creator=self.creator,
            held=held,
            spendable=spendable,
            at=self.at,
            may_be_free=self._is_free,
        )

    def save(self) -> None:
        """Write the call back, and tell both pages when enough has changed."""
        call = self.call
        has_moved = call.status != self._status_before
        confirmed = call.billable_us - self._billable_before
        is_late = call.metered_at is None or self.at - call.metered_at >= METER_EVERY
        is_news = confirmed >= METER_STEP or (confirmed == 0 and is_late)  # a smaller step: the other side's follows
        if not call.is_over and (has_moved or is_news):
            call.metered_at = self.at
            self.tell_meter()
        call.save(update_fields=MUTABLE)
        self._remember()

    def tell_meter(self) -> None:
        """Send each side its view of the meter, after the commit."""
        reading = self.reading
        for person_id in (self.call.fan_id, self.call.creator_id):
            view = view_of(reading, is_fan=person_id == self.call.fan_id)
            publish_on_commit(events.CallMetered(view), to=f"user:{person_id}")

    def tell_warning(self, threshold: int) -> None:
        """Send each side a warning, after the commit (CALL-7)."""
        reading = self.reading
        for person_id in (self.call.fan_id, self.call.creator_id):
            view = view_of(reading, is_fan=person_id == self.call.fan_id)
            publish_on_commit(events.CallWarned(view, threshold), to=f"user:{person_id}")

    def tell_switch(self) -> None:
        """Send each side what it may change now, after the commit (CALL-2)."""
        for person_id in (self.call.fan_id, self.call.creator_id):
            switch = switch_for(person_id, self.call, self.terms)
            publish_on_commit(events.CallSwitched(switch), to=f"user:{person_id}")


def running(*, skip_locked: bool = False) -> QuerySet[Call]:
    """Return calls that have not ended, each locked as it is read."""
    calls = Call.objects.exclude(status=Call.Status.ENDED).select_related("fan", "creator", "invitation")
    return calls.select_for_update(of=("self",), no_key=True, skip_locked=skip_locked)


def locked(calls: list[Call]) -> list[Run]:
    """Wrap locked calls with their sides and prices: two queries for however many.

    The clock is read after the locks are held, so that of two workers the later one never reads the earlier time.
    """
    ids = [call.pk for call in calls]
    beats: dict[UUID, dict[UUID, CallBeat]] = {pk: {} for pk in ids}
    for beat in CallBeat.objects.filter(call__in=ids):
        beats[beat.call_id][beat.person_id] = beat
    rates: dict[UUID, list[CallRate]] = {pk: [] for pk in ids}
    for rate in CallRate.objects.filter(call__in=ids).order_by("from_second"):
        rates[rate.call_id].append(rate)
    now = clock.now()
    return [
        Run(call=call, terms=terms_of(call, call.invitation, rates[call.pk]), beats=beats[call.pk], at=now)
        for call in calls
    ]


def reconnect_time() -> timedelta:
    """Return how long a pause may last (CALL-6)."""
    return timedelta(seconds=settings.CALL_RECONNECT_SECONDS)
