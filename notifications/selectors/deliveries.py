"""How notifications leave: whether a browser asked for them, and what the outbox gave up on."""

from __future__ import annotations

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
    """List deliveries that still count as waiting though the outbox has given them up, each with its last error.

    A digest that was given up is every delivery of its person that was due by then. They are locked.
    """
    parked = OutboxEntry.objects.filter(parked_at__isnull=False, done_at=None)
    alone = parked.filter(kind=KIND, key=Cast(OuterRef("pk"), CharField()))
    gathered = parked.filter(
        kind=DIGEST_KIND, key=Cast(OuterRef("notification__person"), CharField()), parked_at__gte=OuterRef("due_at")
    )
    waiting = (
        Delivery.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("notification")
        .filter(status=Delivery.Status.WAITING)
        .order_by("due_at")
    )
    given_up = [
        *waiting.filter(Exists(alone), is_digest=False)[:limit],
        *waiting.filter(Exists(gathered), is_digest=True)[:limit],
    ]
    names = {one.pk: promise_of(one) for one in given_up}
    entries = parked.filter(key__in={key for _kind, key in names.values()}).order_by("parked_at")
    latest = {(entry.kind, entry.key): entry for entry in entries}
    return [(one, latest[names[one.pk]]) for one in given_up]


def list_parked_entries(delivery: Delivery) -> list[int]:
    """Return the ids of the outbox entries that were to carry a delivery and were given up."""
    kind, key = promise_of(delivery)
    return list(OutboxEntry.objects.filter(kind=kind, key=key, parked_at__isnull=False).values_list("pk", flat=True))


def promise_of(delivery: Delivery) -> tuple[str, str]:
    """Return the kind and key of the outbox entry that carries a delivery."""
    if delivery.is_digest:
        return DIGEST_KIND, str(delivery.notification.person_id)
    return KIND, str(delivery.pk)


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
