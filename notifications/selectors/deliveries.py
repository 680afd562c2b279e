"""How notifications leave: whether a browser asked for them, and what the outbox gave up on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db.models import CharField, Exists, OuterRef, Q
from django.db.models.functions import Cast

from accounts.models import User
from digis.core.models import OutboxEntry
from notifications.models import Delivery, PushSubscription

KIND: Final = "notifications.deliver"  # one delivery, by its id
DIGEST_KIND: Final = "notifications.digest"  # what is due of a person's digest, by the person's id
PATIENCE: Final = timedelta(minutes=2)  # what is late for longer has been forgotten, not delayed


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


def list_forgotten(*, now: datetime, limit: int) -> list[Delivery]:
    """List deliveries that are late and that no promise of the outbox will carry soon, the oldest first; they are locked.

    A promise counts once its moment has come or it was tried: one for a later day is not theirs.
    """
    open_ones = OutboxEntry.objects.filter(~Q(key=""), done_at=None, parked_at=None)  # as the index by key has them
    soon = open_ones.filter(Q(tries__gt=0) | Q(not_before__lte=now))
    alone = soon.filter(kind=KIND, key=Cast(OuterRef("pk"), CharField()))
    gathered = soon.filter(kind=DIGEST_KIND, key=Cast(OuterRef("notification__person"), CharField()))
    late = Delivery.objects.filter(status=Delivery.Status.WAITING, due_at__lt=now - PATIENCE)
    return list(
        late.filter(Q(is_digest=False) & ~Exists(alone) | Q(is_digest=True) & ~Exists(gathered))
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("notification")
        .order_by("due_at")[:limit]
    )
