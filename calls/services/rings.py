"""Rings: asking, and the three answers (CALL-1 to CALL-4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.services import announce_presence
from calls import errors, events
from calls.kinds import tell_of_answer, tell_of_ring
from calls.models import Call, CallBeat, CallInvitation, CallRate, CallSeat
from calls.selectors import find_refusal, get_offering, get_quote, taken
from digis.core import clock, outbox
from digis.core.errors import DomainError, NotFound
from digis.core.idempotency import fingerprint_of, run_once
from digis.core.ids import uuid7
from digis.core.realtime import publish_on_commit
from economy import selectors as ledger
from economy import services as economy
from economy.errors import InsufficientTokens, SpendingLimitReached

Status = CallInvitation.Status


def ring_creator(*, fan: User, creator: User, call_type: str, key: str, message: str = "") -> CallInvitation:
    """Ring a creator for 30 seconds, with rate and policy as they are now (CALL-1, CALL-2, CALL-4).

    The fan needs twice the rate, in tokens, or InsufficientTokens (CALL-3); nothing is held before the answer. Raises
    what `find_refusal` returns. Repeating a key returns the first ring, marked `is_replay`; with anything else asked for,
    the message included, it raises IdempotencyConflict (LEDGER-4).
    """

    def act() -> CallInvitation:
        return _ring(fan=fan, creator=creator, call_type=call_type, message=message)

    invitation, is_replay = run_once(
        person=fan,
        scope="calls.ring",
        key=key,
        fingerprint=fingerprint_of(creator=creator.pk, call_type=call_type, message=message),
        act=act,
        load=lambda ref: CallInvitation.objects.select_related("fan", "creator").get(pk=ref),
        ref=lambda found: str(found.pk),
    )
    invitation.is_replay = is_replay
    return invitation


def _ring(*, fan: User, creator: User, call_type: str, message: str) -> CallInvitation:
    now = clock.now()
    _expire(CallInvitation.objects.filter(creator=creator.pk) | CallInvitation.objects.filter(fan=fan.pk), now)
    offering = get_offering(creator)
    refusal = find_refusal(fan, creator, call_type=call_type, offering=offering)
    if refusal is not None:
        raise refusal
    quote = get_quote(fan, offering, call_type)
    if offering is None or quote is None:
        raise errors.NotOffered(name=creator.display_name)
    if not quote.is_affordable:
        if ledger.get_balance(fan).spendable >= quote.needed:
            raise SpendingLimitReached(left=quote.spendable)
        raise InsufficientTokens(needed=quote.needed, covered=quote.spendable)
    try:
        with transaction.atomic():
            invitation = CallInvitation.objects.create(
                fan=fan,
                creator=creator,
                call_type=call_type,
                message=message,
                rate=quote.rate,
                video_rate=offering.video_rate,
                voice_rate=offering.voice_rate,
                fee_bp=ledger.fee_for(kind="call", creator_id=creator.pk),
                whole_minutes=quote.whole_minutes,
                free_seconds=quote.free_seconds,
                min_seconds=quote.min_seconds,
                minutes_quoted=quote.minutes_left,
                granted_tokens=min(ledger.get_granted(fan), quote.spendable),
                created_at=now,
                expires_at=now + timedelta(seconds=settings.CALL_RING_SECONDS),
            )
    except IntegrityError:
        # Somebody else's ring, or a second one of our own, was a moment quicker.
        if CallInvitation.objects.filter(fan=fan.pk, status=Status.PENDING).exists():
            raise errors.YouAreBusy from None
        raise taken(fan, creator) from None
    publish_on_commit(events.CallRinging(invitation), to=f"user:{creator.pk}")
    tell_of_ring(invitation)
    return invitation


def accept_ring(*, creator: User, invitation_id: UUID | str) -> Call:
    """Pick up: check everything again, hold twice the rate, and open the call (CALL-1, CALL-3).

    Where the call is no longer possible the ring ends as expired, free, and the reason is raised: RingOver, a refusal of
    `find_refusal`, FanShort. Repeating it returns the same call.
    """
    outcome = _accept(creator=creator, invitation_id=invitation_id)
    if isinstance(outcome, DomainError):
        raise outcome  # after the commit: that the ring is over stays true
    return outcome


@transaction.atomic
def _accept(*, creator: User, invitation_id: UUID | str) -> Call | DomainError:
    invitation = _lock(invitation_id, creator=creator)
    now = clock.now()
    if invitation.status == Status.ACCEPTED:
        return Call.objects.select_related("fan", "creator", "invitation").get(invitation=invitation)
    if not invitation.is_pending:
        return errors.RingOver()
    if invitation.expires_at <= now:
        _close(invitation, Status.MISSED, now)
        return errors.RingOver()
    call = _try_to_open(invitation, now)
    if isinstance(call, DomainError):
        _close(invitation, Status.EXPIRED, now)
        return call
    _close(invitation, Status.ACCEPTED, now, call=call)
    people = [invitation.fan_id, invitation.creator_id]
    others = CallInvitation.objects.filter(fan__in=people) | CallInvitation.objects.filter(creator__in=people)
    pending = others.filter(status=Status.PENDING).select_related("fan", "creator")
    for other in pending.select_for_update(of=("self",), skip_locked=True):  # locked: being answered, a seat decides
        _close(other, Status.EXPIRED, now)
    return call


def _try_to_open(invitation: CallInvitation, now: datetime) -> Call | DomainError:
    refusal = find_refusal(invitation.fan, invitation.creator, answering=invitation)
    if refusal is not None:
        return refusal
    try:
        with transaction.atomic():
            return _open_call(invitation, now)
    except (InsufficientTokens, SpendingLimitReached):
        return errors.FanShort(name=invitation.fan.display_name)
    except IntegrityError:
        return errors.FanBusy(name=invitation.fan.display_name)


def _open_call(invitation: CallInvitation, now: datetime) -> Call:
    call_id = uuid7()
    held = 2 * invitation.rate
    hold = economy.place_hold(
        person=invitation.fan,
        amount=held,
        key=f"call:{invitation.pk}:hold",
        source_type="call",
        source_id=str(call_id),
    )
    call = Call.objects.create(
        id=call_id,
        invitation=invitation,
        fan=invitation.fan,
        creator=invitation.creator,
        call_type=invitation.call_type,
        fee_bp=invitation.fee_bp,
        whole_minutes=invitation.whole_minutes,
        hold_id=hold.pk,
        held_tokens=held,
        accepted_at=now,
    )
    people = sorted([invitation.fan_id, invitation.creator_id])
    CallSeat.objects.bulk_create([CallSeat(call=call, person_id=person, taken_at=now) for person in people])
    CallBeat.objects.bulk_create([CallBeat(call=call, person_id=person) for person in people])
    CallRate.objects.create(call=call, from_second=0, call_type=invitation.call_type, rate=invitation.rate)
    announce_presence(people=people)
    return call


@transaction.atomic
def decline_ring(*, creator: User, invitation_id: UUID | str) -> CallInvitation:
    """Refuse a ring; free (CALL-4). Repeatable. Raises RingOver when it ended another way."""
    invitation = _lock(invitation_id, creator=creator)
    return _answer(invitation, Status.DECLINED)


@transaction.atomic
def cancel_ring(*, fan: User, invitation_id: UUID | str) -> CallInvitation:
    """Stop ringing; free (CALL-4). Repeatable. Raises RingOver when it ended another way."""
    invitation = _lock(invitation_id, fan=fan)
    return _answer(invitation, Status.CANCELLED)


def _answer(invitation: CallInvitation, status: CallInvitation.Status) -> CallInvitation:
    if invitation.status == status:
        return invitation
    if not invitation.is_pending:
        raise errors.RingOver
    _close(invitation, status, clock.now())
    return invitation


@transaction.atomic
def expire_due_rings() -> int:
    """End every ring that rang for its 30 seconds as missed, free; return how many (CALL-4). Queries do not grow."""
    return _expire(CallInvitation.objects.all(), clock.now())


@transaction.atomic
def void_rings(*, people: list[UUID], between: bool = False) -> None:
    """End pending rings of these people as expired: all of them, or only those between two."""
    found = CallInvitation.objects.filter(status=Status.PENDING)
    if between:
        found = found.filter(fan__in=people, creator__in=people)
    else:
        found = found.filter(fan__in=people) | found.filter(creator__in=people)
    now = clock.now()
    for invitation in found.select_for_update(of=("self",)).select_related("fan", "creator"):
        _close(invitation, Status.EXPIRED, now)


def _lock(invitation_id: UUID | str, *, fan: User | None = None, creator: User | None = None) -> CallInvitation:
    sides = {"fan": fan.pk} if fan is not None else {"creator": creator.pk if creator is not None else None}
    invitation = (
        CallInvitation.objects.select_for_update(of=("self",))
        .select_related("fan__creator", "creator__creator")
        .filter(pk=invitation_id, **sides)
        .first()
    )
    if invitation is None:
        raise NotFound
    return invitation


def _expire(rings: object, now: datetime) -> int:
    due = list(
        rings.filter(status=Status.PENDING, expires_at__lte=now)  # type: ignore[attr-defined]
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("fan", "creator")
    )
    if due:
        CallInvitation.objects.filter(pk__in=[ring.pk for ring in due]).update(status=Status.MISSED, answered_at=now)
    for ring in due:
        ring.status, ring.answered_at = Status.MISSED, now
        _tell(ring)
    if due:  # one promise for all of them: the sweep stays short
        outbox.enqueue(kind="calls.tell_missed", payload={"rings": [str(ring.pk) for ring in due]})
    return len(due)


@transaction.atomic
def tell_missed_rings(*, ring_ids: list[str]) -> None:
    """Tell creators of rings that nobody answered. Repeatable: each is told once (NOT-4)."""
    for ring in CallInvitation.objects.select_related("fan", "creator").filter(pk__in=ring_ids):
        tell_of_answer(ring)


def _close(
    invitation: CallInvitation, status: CallInvitation.Status, now: datetime, *, call: Call | None = None
) -> None:
    invitation.status, invitation.answered_at = status, now
    invitation.save(update_fields=["status", "answered_at"])
    _tell(invitation, call)
    tell_of_answer(invitation)


def _tell(invitation: CallInvitation, call: Call | None = None) -> None:
    publish_on_commit(events.CallRingEnded(invitation), to=f"user:{invitation.creator_id}")
    told: events.RingAnswered | None = {
        Status.DECLINED: events.CallDeclined(invitation),
        Status.MISSED: events.CallMissed(invitation),
        Status.EXPIRED: events.CallExpired(invitation),
    }.get(Status(invitation.status))
    if call is not None:
        told = events.CallAccepted(invitation, call)
    if told is not None:
        publish_on_commit(told, to=f"user:{invitation.fan_id}")
