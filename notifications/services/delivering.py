"""Delivering what was told, after its commit and at least once: everything is asked again at this moment (NOT-1, NOT-2)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from digis.core import clock, outbox
from digis.core.realtime import publish_on_commit
from notifications import bounces, letters, push, selectors, unsubscribe
from notifications.events import NotificationArrived
from notifications.kinds import Kind, Text, get_kind
from notifications.models import Channel, Delivery, Notification
from notifications.selectors.choices import find_quiet_end
from notifications.services.planning import announce_count, promise

PUSH_LIVES: Final = timedelta(days=1)  # how long a push service keeps one for a browser that is away
Status = Delivery.Status
OPEN: Final = (Status.WAITING, Status.FAILED)


@transaction.atomic
def deliver(*, delivery_id: UUID) -> Delivery | None:
    """Deliver one notification by one channel, or note why not; return the delivery, None where it is gone.

    Asked again: whether the person still wants it, may see it and can be reached, and whether it is too late or too early.
    Run again after a crash it sends the same letter, tag or fragment: the person sees it once (NOT-1). Raises what the
    channel raises; the outbox tries again and parks what never works.
    """
    delivery = lock(delivery_id)
    if delivery is None or delivery.status not in OPEN or delivery.is_digest:
        return delivery
    delivery.attempts += 1
    now = clock.now()
    spec = get_kind(delivery.notification.kind)
    if reason := reason_to_drop(delivery, spec, now):
        return note(delivery, Status.DROPPED, reason=reason)
    if until := _quiet_until(delivery, spec, now):
        delivery.due_at = until
        delivery.save(update_fields=["due_at"])
        promise(delivery)
        return delivery
    return {
        Channel.INBOX: _show,
        Channel.MAIL: _mail,
        Channel.PUSH: _push,
    }[Channel(delivery.channel)](delivery, spec)


def lock(delivery_id: UUID) -> Delivery | None:
    """Return a delivery with its notification, held until the transaction ends, or None where it is gone."""
    return (
        Delivery.objects.select_for_update(of=("self",))
        .select_related("notification__person", "notification__actor__creator")
        .filter(pk=delivery_id)
        .first()
    )


def reason_to_drop(delivery: Delivery, spec: Kind, now: datetime) -> str:
    """Return why this need not, or must not, be delivered any more; empty where it should."""
    told, is_outside = delivery.notification, delivery.channel != Channel.INBOX
    person = told.person
    checks: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("inactive", lambda: not person.is_active),
        ("late", lambda: is_outside and told.expires_at is not None and told.expires_at <= now),
        ("hidden", lambda: not selectors.can_read(person, told)),
        ("muted", lambda: not selectors.wants(person, spec, delivery.channel)),
        ("muted", lambda: not _hears_bell(told, spec)),
        ("read", lambda: is_outside and told.is_read and not spec.mandatory),
    )
    return next((reason for reason, holds in checks if holds()), "") or _reason_unreachable(delivery, spec)


def _hears_bell(told: Notification, spec: Kind) -> bool:
    return not spec.bell or told.actor is None or selectors.hears_bell(told.person, told.actor, spec.bell)


def _reason_unreachable(delivery: Delivery, spec: Kind) -> str:
    person = delivery.notification.person
    if delivery.channel != Channel.MAIL:
        return ""
    if not person.is_email_verified:
        return "unverified"
    found = bounces.find_suppression(person.email)
    if found is None or (spec.mandatory and not bounces.is_dead(person.email)):  # a complaint is not about these
        return ""
    return f"suppressed: {found.reason}"


def _quiet_until(delivery: Delivery, spec: Kind, now: datetime) -> datetime | None:
    if delivery.channel == Channel.INBOX or spec.is_urgent or spec.mandatory:
        return None
    return find_quiet_end(delivery.notification.person, now)


def note(delivery: Delivery, status: Delivery.Status, *, reason: str = "", provider_id: str = "") -> Delivery:
    """Write into the delivery log what became of a delivery."""
    delivery.status, delivery.reason = status, reason[:300]
    if status == Status.SENT:
        delivery.sent_at = clock.now()
        delivery.provider_id = provider_id[:255]
    delivery.save()
    return delivery


def _show(delivery: Delivery, _spec: Kind) -> Delivery:
    told = delivery.notification
    arrived = NotificationArrived(person_id=told.person_id, notification_id=told.pk)
    publish_on_commit(arrived, to=f"user:{told.person_id}")
    announce_count(person_id=told.person_id)
    return note(delivery, Status.SENT)


def _mail(delivery: Delivery, spec: Kind) -> Delivery:
    told = delivery.notification
    way_out = "" if spec.mandatory else unsubscribe.make_url(person=told.person, category=spec.category)
    provider_id = letters.send_letter(delivery=delivery, text=words_of(told), unsubscribe_url=way_out)
    if not provider_id:
        return note(delivery, Status.BOUNCED, reason="no such mailbox")
    return note(delivery, Status.SENT, provider_id=provider_id)


def _push(delivery: Delivery, spec: Kind) -> Delivery:
    outcome = _send_push(delivery, spec)
    if outcome.waiting:  # some browsers were reached; the others alone are tried again
        _promise_push(delivery, outcome.waiting, _after_patience(outcome))
    if outcome.is_sent:
        return note(delivery, Status.SENT)
    status = Status.FAILED if outcome.failed else Status.DROPPED
    return note(delivery, status, reason=outcome.reason or "no browser")


def _send_push(delivery: Delivery, spec: Kind, *, only: Collection[UUID] | None = None) -> push.PushOutcome:
    told = delivery.notification
    left = PUSH_LIVES if told.expires_at is None else told.expires_at - clock.now()
    return push.send_push(
        person=told.person,
        text=words_of(told),
        tag=str(told.data.get("tag") or told.group),
        ttl=max(0, int(left.total_seconds())),
        urgency="high" if spec.is_urgent else "normal",
        data={"id": str(told.pk), "kind": told.kind, **_when_late(told, spec)},
        only=only,
    )


def _when_late(told: Notification, spec: Kind) -> dict[str, Any]:
    """Return what a browser shows in place of a ring that reaches it too late (NOT-4)."""
    if told.expires_at is None:
        return {}
    if spec.late is None:
        return {"expires_at": told.expires_at}
    with letters.in_words_of(told.person):
        late = spec.late([told])
        return {
            "expires_at": told.expires_at,
            "late": {"title": str(late.title), "body": str(late.body), "url": late.url},
        }


@transaction.atomic
def push_rest(*, delivery_id: UUID, only: Collection[UUID]) -> None:
    """Push to those browsers whose push service asked for patience, unless it is too late by now.

    In quiet hours it waits for their end, as the first try did (NOT-8). Raises TryLater while nobody was reached and a push
    service asks for patience.
    """
    delivery = lock(delivery_id)
    if delivery is None:
        return
    now = clock.now()
    spec = get_kind(delivery.notification.kind)
    if reason_to_drop(delivery, spec, now):
        return
    if until := _quiet_until(delivery, spec, now):
        _promise_push(delivery, only, until)
        return
    outcome = _send_push(delivery, spec, only=only)
    if outcome.waiting:
        _promise_push(delivery, outcome.waiting, _after_patience(outcome))


def _promise_push(delivery: Delivery, only: Collection[UUID], moment: datetime) -> None:
    payload = {"delivery": str(delivery.pk), "only": [str(pk) for pk in only]}
    outbox.enqueue(kind="notifications.push_rest", payload=payload, not_before=moment)


def _after_patience(outcome: push.PushOutcome) -> datetime:
    return clock.now() + timedelta(seconds=max(outcome.retry_after, 2.0))


def words_of(told: Notification) -> Text:
    """Return a notification's words in its reader's language; its link marks it as read on the way (I18N-3)."""
    with letters.in_words_of(told.person):
        text = get_kind(told.kind).render([told])
        return replace(
            text, title=str(text.title), body=str(text.body), url=reverse("notifications:open", args=[told.pk])
        )
