"""How notifications leave: whether a browser asked for them, and what the outbox gave up on."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast

from accounts.models import User
from digis.core.models import OutboxEntry
from notifications.models import Delivery, PushSubscription

KIND = "notifications.deliver"


def has_push(person: User) -> bool:
    """Tell whether a browser of a person asked to be woken."""
    return PushSubscription.objects.filter(person=person.pk).exists()


def list_parked(*, limit: int) -> list[tuple[Delivery, OutboxEntry]]:
    """List deliveries that still count as waiting though the outbox has given them up, each with its last error."""
    parked = OutboxEntry.objects.filter(
        kind=KIND, key=Cast(OuterRef("pk"), CharField()), parked_at__isnull=False, done_at__isnull=True
    )
    given_up = list(
        Delivery.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(Exists(parked), status=Delivery.Status.WAITING)
        .order_by("due_at")[:limit]
    )
    entries = OutboxEntry.objects.filter(kind=KIND, key__in=[str(one.pk) for one in given_up], parked_at__isnull=False)
    by_key = {entry.key: entry for entry in entries}
    return [(one, by_key[str(one.pk)]) for one in given_up]


def list_parked_entries(keys: Iterable[str]) -> list[int]:
    """Return the ids of the outbox entries that were given up, by the deliveries they were to carry."""
    return list(
        OutboxEntry.objects.filter(kind=KIND, key__in=list(keys), parked_at__isnull=False).values_list("pk", flat=True)
    )
