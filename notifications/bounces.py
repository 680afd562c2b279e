"""Mail that came back: what providers say of a letter after it left, and the addresses that get no more (NOT-7).

Providers tell twice, late and in any order. An event counts once; one that is older than the moment its address was proven
again changes nothing; good news never undoes bad news.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason, tracking
from django.db import transaction

from accounts.models import User
from accounts.signals import address_proven
from digis.core import audit, clock, mail
from digis.core.signals import address_refused
from notifications.models import Delivery, MailEvent, Suppression

log = structlog.get_logger(__name__)

KEPT_FOR: Final = timedelta(days=90)
# What providers call a bounce that may mend itself. Whoever says `bounced` and none of these means it for good.
SOFT: Final = frozenset(
    {"softbounce", "soft_bounce", "soft_bounced", "activity.soft_bounced", "transient", "undetermined"}
)
_OWN_MESSAGE_ID = re.compile(r"<?([0-9a-f]{8}-[0-9a-f-]{27})@")

Reason = Suppression.Reason


def connect() -> None:
    """Listen to providers, to mail routes, and to people who prove an address."""
    tracking.connect(on_tracking, dispatch_uid="notifications.mail_event")
    address_refused.connect(on_address_refused, dispatch_uid="notifications.address_refused")
    address_proven.connect(on_address_proven, dispatch_uid="notifications.address_proven")
    mail.skip_dead_addresses(is_dead)


# ── Reading ─────────────────────────────────────────────────────────────────────────────────


def is_suppressed(address: str) -> bool:
    """Tell whether letters to this address are held back, for whatever reason (NOT-7)."""
    return find_suppression(address) is not None


def find_suppression(address: str) -> Suppression | None:
    """Return what holds mail to an address back, or None: the banner says why."""
    return Suppression.objects.filter(address__iexact=address.strip(), lifted_at__isnull=True).first()


def is_dead(address: str) -> bool:
    """Tell whether mail to this address comes back. A complaint does not stop what an account must tell its owner."""
    found = find_suppression(address)
    return found is not None and found.reason == Reason.HARD_BOUNCE


# ── Writing ─────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def suppress(*, address: str, reason: Suppression.Reason, since: datetime, detail: str = "") -> Suppression:
    """Hold mail to an address back. What happened before it was last proven changes nothing; a bounce outweighs a complaint."""
    since = min(since, clock.now())
    row, is_new = Suppression.objects.select_for_update().get_or_create(
        address=address.strip().lower(), defaults={"reason": reason, "since": since, "detail": detail[:300]}
    )
    if is_new:
        return row
    if row.lifted_at is not None and since <= row.lifted_at:
        return row
    if row.is_standing and reason in {row.reason, Reason.COMPLAINT}:
        return row
    row.reason, row.since, row.detail, row.lifted_at = reason, since, detail[:300], None
    row.save(update_fields=["reason", "since", "detail", "lifted_at"])
    return row


def lift(*, address: str) -> bool:
    """Let mail reach an address again, as its owner answered one there or asked for it; tell whether it was held back."""
    return bool(_standing(address).update(lifted_at=clock.now()))


@transaction.atomic
def lift_for_staff(*, address: str, staff: User, reason: str) -> None:
    """Let mail reach an address again on its owner's word to our staff, and write down who did it."""
    row = Suppression.objects.filter(address__iexact=address).get()
    if lift(address=address):
        audit.record(actor=staff, action="notifications.suppression_lifted", target=row, reason=reason)


def prune() -> int:
    """Forget what providers said a quarter of a year ago; what holds an address back stays."""
    return MailEvent.objects.filter(created_at__lt=clock.now() - KEPT_FOR).delete()[0]


def _standing(address: str) -> Any:
    return Suppression.objects.filter(address__iexact=address.strip(), lifted_at__isnull=True)


@transaction.atomic
def record_event(*, provider: str, event: AnymailTrackingEvent) -> MailEvent:
    """Keep what a provider said of a letter, once, and draw the conclusion from it (NOT-7)."""
    deliveries = list(_deliveries_of(event))
    address = (event.recipient or "").strip().lower()[:254]
    detail = " ".join(str(part) for part in (event.reject_reason, event.description, event.mta_response) if part)[:300]
    now = clock.now()
    kept, is_new = MailEvent.objects.get_or_create(
        provider=provider,
        event_id=(event.event_id or _name(event))[:128],
        defaults={
            "kind": str(event.event_type)[:20],
            "address": address,
            "message_id": (event.message_id or "")[:255],
            "detail": detail,
            "delivery": deliveries[0] if deliveries else None,
            "happened_at": event.timestamp or now,
        },
    )
    if is_new:
        _conclude(event, address, detail, kept.happened_at, [delivery.pk for delivery in deliveries])
    return kept


def _conclude(
    event: AnymailTrackingEvent, address: str, detail: str, happened_at: datetime, deliveries: list[UUID]
) -> None:
    if is_final(event):
        if address:
            suppress(address=address, reason=Reason.HARD_BOUNCE, since=happened_at, detail=detail)
        _mark(deliveries, Delivery.Status.BOUNCED, detail)
    elif event.event_type == EventType.COMPLAINED:
        if address:
            suppress(address=address, reason=Reason.COMPLAINT, since=happened_at, detail=detail)
        Delivery.objects.filter(pk__in=deliveries, reason="").update(reason="Marked as spam.")
    elif event.event_type in {EventType.REJECTED, EventType.FAILED, EventType.BOUNCED}:
        _mark(deliveries, Delivery.Status.FAILED, detail)


def _mark(deliveries: list[UUID], status: Delivery.Status, detail: str) -> None:
    found = Delivery.objects.filter(pk__in=deliveries).exclude(status=Delivery.Status.BOUNCED)
    found.update(status=status, reason=detail)


def is_final(event: AnymailTrackingEvent) -> bool:
    """Tell whether an event says that the mailbox is not there, rather than that this letter did not arrive."""
    if event.event_type == EventType.REJECTED:
        return event.reject_reason in {RejectReason.INVALID, RejectReason.BOUNCED}
    if event.event_type != EventType.BOUNCED:
        return False
    is_about_the_letter = event.reject_reason in {RejectReason.TIMED_OUT, RejectReason.BLOCKED, RejectReason.SPAM}
    return not is_about_the_letter and not _says_soft(event.esp_event)


def _says_soft(told: Any) -> bool:
    if not isinstance(told, Mapping):
        return False
    inner = told.get("bounce")
    words = [*told.values(), *(inner.values() if isinstance(inner, Mapping) else ())]
    return any(isinstance(word, str) and word.lower() in SOFT for word in words)


def _deliveries_of(event: AnymailTrackingEvent) -> Iterator[Delivery]:
    """Find the deliveries a letter carried: by what we sent along, by the provider's name for it, by our Message-ID."""
    metadata = event.metadata if isinstance(event.metadata, Mapping) else {}
    message_id = event.message_id or ""
    own = _OWN_MESSAGE_ID.match(message_id)
    ids = {found for word in (metadata.get("delivery"), own and own[1]) if (found := _as_id(word))}
    if message_id:
        ids |= set(Delivery.objects.filter(provider_id=message_id).values_list("pk", flat=True))
    yield from Delivery.objects.filter(pk__in=ids, channel="mail").order_by("pk")


def _as_id(word: object) -> UUID | None:
    try:
        return UUID(str(word)) if word else None
    except ValueError:
        return None


def _name(event: AnymailTrackingEvent) -> str:
    """Name an event its provider gave no id: told again, it has the same name."""
    parts = (event.event_type, event.message_id, event.recipient, event.timestamp and event.timestamp.isoformat())
    return hashlib.sha256("\n".join(str(part) for part in parts).encode()).hexdigest()


# ── News ────────────────────────────────────────────────────────────────────────────────────


def on_tracking(*, event: AnymailTrackingEvent, esp_name: str, **_kwargs: Any) -> None:
    """Take what django-anymail verified and read. Raises what the database raises, so that the provider tells again."""
    kept = record_event(provider=esp_name.lower().replace(" ", "_"), event=event)
    log.info("mail_event", provider=kept.provider, kind=kept.kind, delivery=str(kept.delivery_id or ""))


def on_address_refused(*, address: str, detail: str, **_kwargs: Any) -> None:
    """Hold mail back from an address a mail server just called wrong."""
    suppress(address=address, reason=Reason.HARD_BOUNCE, since=clock.now(), detail=detail)


def on_address_proven(*, person: User, **_kwargs: Any) -> None:
    """Mail reached the address after all. Who called our mail spam is not asked again by signing in with a code."""
    _standing(person.email).filter(reason=Reason.HARD_BOUNCE).update(lifted_at=clock.now())
