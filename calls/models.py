"""Calls by the minute: what a creator offers, rings, running calls, and what the server saw and posted of each."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from calls import meter
from digis.core import clock
from digis.core.ids import uuid7

RATE_MAX = 10_000  # tokens a minute


class CallType(models.TextChoices):
    VIDEO = "video", _("Video")
    VOICE = "voice", _("Voice")


class CallOffering(models.Model):
    """What a creator's minute costs, and whether they pick up now."""

    creator = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="call_offering"
    )
    video_rate = models.BigIntegerField(
        _("video, tokens a minute"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(RATE_MAX)],
    )
    voice_rate = models.BigIntegerField(
        _("voice, tokens a minute"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(RATE_MAX)],
    )
    is_available = models.BooleanField(_("I pick up calls now"), default=False)
    bill_whole_minutes = models.BooleanField(_("bill whole started minutes"), default=False)
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(video_rate__isnull=True) | Q(video_rate__range=(1, RATE_MAX)),
                name="calls_offering_video_rate",
            ),
            models.CheckConstraint(
                condition=Q(voice_rate__isnull=True) | Q(voice_rate__range=(1, RATE_MAX)),
                name="calls_offering_voice_rate",
            ),
        ]
        indexes = [models.Index("creator", condition=Q(is_available=True), name="calls_offering_available")]

    @override
    def __str__(self) -> str:
        return f"{self.creator_id} {self.video_rate}/{self.voice_rate}"

    def rate_for(self, call_type: str) -> int | None:
        """Return the tokens a minute of this kind costs, or None when it is not offered."""
        return self.video_rate if call_type == CallType.VIDEO else self.voice_rate

    @property
    def lowest_rate(self) -> int | None:
        """The price a card shows as “from”."""
        return min((rate for rate in (self.video_rate, self.voice_rate) if rate is not None), default=None)


class CallInvitation(models.Model):
    """A ring: one fan asks one creator, with the price and the policy as they were then (CALL-2)."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Ringing")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        CANCELLED = "cancelled", _("Canceled")
        MISSED = "missed", _("Missed")
        EXPIRED = "expired", _("No longer possible")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    fan = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="rings_made")
    creator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="rings_met")
    call_type = models.CharField(max_length=5, choices=CallType)
    message = models.CharField(max_length=200, blank=True)
    rate = models.BigIntegerField()
    video_rate = models.BigIntegerField(null=True)
    voice_rate = models.BigIntegerField(null=True)
    fee_bp = models.PositiveIntegerField()
    whole_minutes = models.BooleanField()
    free_seconds = models.PositiveSmallIntegerField()
    min_seconds = models.PositiveSmallIntegerField()
    minutes_quoted = models.PositiveIntegerField()  # what the fan's balance reached for when they rang
    granted_tokens = models.BigIntegerField(
        default=0
    )  # free tokens in it: what they bring is not withdrawable (LEDGER-9)
    status = models.CharField(max_length=9, choices=Status, default=Status.PENDING)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    is_replay = False  # not stored: whether a key that was used before brought this ring (LEDGER-4)

    class Meta:
        constraints = [
            models.UniqueConstraint("fan", condition=Q(status="pending"), name="calls_invitation_one_outgoing"),
            models.UniqueConstraint("creator", condition=Q(status="pending"), name="calls_invitation_one_incoming"),
            models.CheckConstraint(condition=~Q(fan=F("creator")), name="calls_invitation_other"),
            models.CheckConstraint(condition=Q(rate__range=(1, RATE_MAX)), name="calls_invitation_rate"),
            models.CheckConstraint(
                condition=Q(status="pending", answered_at__isnull=True)
                | (~Q(status="pending") & Q(answered_at__isnull=False)),
                name="calls_invitation_answered",
            ),
        ]
        indexes = [
            models.Index("expires_at", condition=Q(status="pending"), name="calls_invitation_ringing"),
            models.Index(fields=["fan", "creator", "-created_at"], name="calls_invitation_pair"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.fan_id} rings {self.creator_id}: {self.status}"

    @property
    def is_pending(self) -> bool:
        """Whether it may still be answered; the clock is asked by the service, under the row's lock."""
        return self.status == self.Status.PENDING

    @property
    def is_all_granted(self) -> bool:
        """Whether the fan had nothing but free tokens when they rang: nothing of the call is withdrawable (LEDGER-9)."""
        return self.granted_tokens > 0 and self.granted_tokens // self.rate >= self.minutes_quoted

    def rate_for(self, call_type: str) -> int | None:
        """Return the rate that was quoted for a kind, for a switch during the call (CALL-2)."""
        return self.video_rate if call_type == CallType.VIDEO else self.voice_rate


class Call(models.Model):
    """One call and its meter. Whatever is charged follows from this row, its rates and its heartbeats alone."""

    class Status(models.TextChoices):
        JOINING = "joining", _("Connecting")
        ACTIVE = "active", _("Running")
        PAUSED = "paused", _("Paused")
        GRACE = "grace", _("Out of tokens")
        ENDED = "ended", _("Ended")

    class Reason(models.TextChoices):
        HUNG_UP = "hung_up", _("Hung up")
        FUNDS = "funds", _("The tokens ran out")
        DROPPED = "dropped_by", _("One side lost the connection")
        BOTH_DROPPED = "both_dropped", _("Both sides lost the connection")
        NOT_JOINED = "not_joined", _("The call did not connect")
        BLOCKED = "blocked", _("Ended by a block")
        SUSPENDED = "suspended", _("Ended by Digis")
        PARKED = "parked", _("Ended; the bill is being checked")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    invitation = models.OneToOneField(CallInvitation, on_delete=models.PROTECT, related_name="call")
    fan = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="calls_made")
    creator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="calls_taken")
    call_type = models.CharField(max_length=5, choices=CallType)
    status = models.CharField(max_length=7, choices=Status, default=Status.JOINING)
    fee_bp = models.PositiveIntegerField()
    whole_minutes = models.BooleanField()
    hold = models.OneToOneField("economy.Hold", on_delete=models.PROTECT, related_name="+")

    accepted_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)  # both joined
    ended_at = models.DateTimeField(null=True)
    counting_from = models.DateTimeField(null=True)  # presence before this moment is not billed (start, end of a grace)

    billable_us = models.BigIntegerField(default=0)  # microseconds both were present; never shrinks
    minutes_posted = models.PositiveIntegerField(default=0)
    charged_tokens = models.BigIntegerField(default=0)
    fee_tokens = models.BigIntegerField(default=0)
    billed_seconds = models.PositiveIntegerField(null=True)  # what the final charge stands for
    held_tokens = models.BigIntegerField(default=0)  # all that was ever set aside: charged + released once it ended
    released_tokens = models.BigIntegerField(default=0)  # what the end gave back

    pauses = models.PositiveSmallIntegerField(default=0)
    resume_by = models.DateTimeField(null=True)  # while paused: then it ends
    grace_started_at = models.DateTimeField(null=True)  # once per call (CALL-7)
    warned_seconds = models.PositiveSmallIntegerField(null=True)  # the lowest warning already given
    video_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    metered_at = models.DateTimeField(null=True)  # when both sides were last told the time and cost

    end_reason = models.CharField(max_length=12, choices=Reason, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    parked_at = models.DateTimeField(null=True, blank=True)  # money could not be posted: staff look (CALL-5)
    park_note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(fan=F("creator")), name="calls_call_other"),
            models.CheckConstraint(
                condition=Q(billable_us__gte=0, charged_tokens__gte=0, fee_tokens__gte=0),
                name="calls_call_not_negative",
            ),
            models.CheckConstraint(condition=Q(fee_tokens__lte=F("charged_tokens")), name="calls_call_fee_within"),
            models.CheckConstraint(
                condition=(Q(status="ended", ended_at__isnull=False) & ~Q(end_reason=""))
                | (~Q(status="ended") & Q(ended_at__isnull=True, end_reason="")),
                name="calls_call_ended",
            ),
            models.CheckConstraint(
                condition=Q(status="paused", resume_by__isnull=False) | ~Q(status="paused"), name="calls_call_paused"
            ),
        ]
        indexes = [
            models.Index("status", "id", condition=~Q(status="ended"), name="calls_call_running"),
            models.Index("parked_at", condition=Q(parked_at__isnull=False), name="calls_call_parked"),
            models.Index(fields=["fan", "-id"], name="calls_call_fan"),
            models.Index(fields=["creator", "-id"], name="calls_call_creator"),
            models.Index(fields=["fan", "creator", "ended_at"], name="calls_call_pair"),
        ]
        permissions = [("retry_call", "Can bill a parked call again")]

    @override
    def __str__(self) -> str:
        return f"{self.fan_id} with {self.creator_id}: {self.status}"

    @property
    def is_over(self) -> bool:
        """Whether it has ended; nothing about it changes any more, except a parked bill."""
        return self.status == self.Status.ENDED

    @property
    def seconds(self) -> int:
        """Whole billable seconds so far."""
        return self.billable_us // meter.SECOND

    @property
    def number(self) -> str:
        """The receipt's number, short enough to read aloud."""
        return f"C-{self.id.hex[-10:].upper()}"

    @property
    def earned_tokens(self) -> int:
        """The creator's share of what was posted."""
        return self.charged_tokens - self.fee_tokens

    @property
    def duration(self) -> timedelta:
        """What the bill stands for once it has ended, else the time counted so far."""
        return timedelta(seconds=self.seconds if self.billed_seconds is None else self.billed_seconds)


class CallRate(models.Model):
    """From this billable second on, the call is of this kind at this rate (CALL-2)."""

    id = models.BigAutoField(primary_key=True)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="rates")
    from_second = models.PositiveIntegerField()
    call_type = models.CharField(max_length=5, choices=CallType)
    rate = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint("call", "from_second", name="calls_rate_once"),
            models.CheckConstraint(condition=Q(rate__range=(1, RATE_MAX)), name="calls_rate_positive"),
        ]
        ordering = ["call_id", "from_second"]

    @override
    def __str__(self) -> str:
        return f"{self.rate} from {self.from_second} s"


class CallSeat(models.Model):
    """A person's place in a running call; nobody sits in two (CALL-1)."""

    id = models.BigAutoField(primary_key=True)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="seats")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="call_seats")
    taken_at = models.DateTimeField(default=clock.now)
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("call", "person", name="calls_seat_once"),
            models.UniqueConstraint("person", condition=Q(released_at__isnull=True), name="calls_seat_one_active"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.person_id} in {self.call_id}"


class CallBeat(models.Model):
    """What the server heard of one side: the present run of heartbeats and the latest one (CALL-5).

    `run_started_at`, `last_at` and `is_here` are about heartbeats whose media was connected: those that count. `heard_at` is
    the latest of any: it tells a side that vanished from one whose line broke (CALL-6).
    """

    id = models.BigAutoField(primary_key=True)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="beats")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    joined_at = models.DateTimeField(null=True)
    run_started_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    is_here = models.BooleanField(default=False)
    heard_at = models.DateTimeField(null=True)  # empty: never, or not since it left
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint("call", "person", name="calls_beat_once")]

    @override
    def __str__(self) -> str:
        return f"{self.person_id} in {self.call_id}: {self.last_at}"

    @property
    def side(self) -> meter.Side:
        """The row as the pure meter wants it."""
        return meter.Side(self.run_started_at, self.last_at, self.is_here)

    def is_heard(self, at: datetime, within: timedelta) -> bool:
        """Whether this side said anything lately, its media connected or not."""
        return self.heard_at is not None and at - self.heard_at <= within


class CallMinute(models.Model):
    """One posted minute, or the settled rest of the last one: exactly once (CALL-5)."""

    id = models.BigAutoField(primary_key=True)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="minutes")
    minute = models.PositiveIntegerField()
    amount = models.BigIntegerField()
    fee = models.BigIntegerField()
    transaction = models.OneToOneField("economy.LedgerTransaction", on_delete=models.PROTECT, related_name="+")
    posted_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint("call", "minute", name="calls_minute_once"),
            models.CheckConstraint(condition=Q(amount__gt=0, fee__gte=0), name="calls_minute_positive"),
        ]
        ordering = ["call_id", "minute"]

    @override
    def __str__(self) -> str:
        return f"minute {self.minute} of {self.call_id}: {self.amount}"


class CallPause(models.Model):
    """A stretch in which one side or both were gone (CALL-6)."""

    id = models.BigAutoField(primary_key=True)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="pause_rows")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    missing = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # empty: both

    class Meta:
        constraints = [
            models.UniqueConstraint("call", condition=Q(ended_at__isnull=True), name="calls_pause_one_open"),
        ]
        ordering = ["call_id", "started_at"]

    @override
    def __str__(self) -> str:
        return f"{self.call_id} paused {self.started_at}"
