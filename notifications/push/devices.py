"""The browsers a person turned push on in. Each hangs on the session it was turned on in, and ends with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from py_vapid.utils import b64urldecode

from accounts import devices
from accounts.models import User
from accounts.signals import person_signed_out, session_renewed
from digis.core import clock
from digis.core.errors import ValidationFailed
from digis.core.registry import SuspendedAction, register_context, register_suspended_action
from notifications.models import PushSubscription
from notifications.push import door, keys

MOST: Final = 10  # per person; the oldest gives way
POINT_SIZE, SECRET_SIZE = 65, 16
# What everybody reaches, suspended or not: the way out of mail, and the browser's own errands.
OPEN: Final = frozenset({"notifications:unsubscribe", "notifications:service_worker", "notifications:offline"})


@dataclass(frozen=True, slots=True)
class Switch:
    """What the settings show of push: where it is on, and what this browser needs to turn it on."""

    key: str
    session_key: str
    devices: list[PushSubscription]

    @property
    def is_here(self) -> bool:
        """Whether it is on in the browser that asks."""
        return any(device.session_key == self.session_key for device in self.devices)


class UnusableSubscription(ValidationFailed):
    message = _("Your browser named a push service that we cannot use. Try another browser.")


def connect() -> None:
    """Follow sessions: what ends one ends its push, what renews one carries it over."""
    register_context("push_switch", switch_of)
    register_suspended_action(SuspendedAction("letters", OPEN, offer=lambda _person: None))
    person_signed_out.connect(on_signed_out, dispatch_uid="notifications.push_signed_out")
    session_renewed.connect(on_session_renewed, dispatch_uid="notifications.push_session_renewed")


def list_devices(person: User) -> QuerySet[PushSubscription]:
    """List the browsers a person is woken in, the newest first."""
    return PushSubscription.objects.filter(person=person.pk).order_by("-created_at", "-id")


def switch_of(request: HttpRequest) -> Switch | None:
    """Return what the settings show of push; None for visitors, and where push is off."""
    user = getattr(request, "user", None)
    if not isinstance(user, User) or not keys.is_on():
        return None
    return Switch(keys.public_key(), request.session.session_key or "", list(list_devices(user)))


def list_awake(person: User) -> list[PushSubscription]:
    """Return the browsers whose session still lives; those of sessions that ran out are forgotten on the way."""
    rows = list(list_devices(person))
    living = set(
        Session.objects.filter(session_key__in={row.session_key for row in rows}).values_list("session_key", flat=True)
    )
    if asleep := [row.pk for row in rows if row.session_key not in living]:
        PushSubscription.objects.filter(pk__in=asleep).delete()
    return [row for row in rows if row.session_key in living]


@transaction.atomic
def save_device(
    *, person: User, session_key: str, endpoint: str, p256dh: str, auth: str, user_agent: str
) -> PushSubscription:
    """Wake this browser for this person from now on; whoever had it before no longer. At most ten a person.

    Raises UnusableSubscription where the address is no public push service's or the keys are none.
    """
    if not session_key or not door.is_allowed(endpoint) or not _are_keys(p256dh, auth):
        raise UnusableSubscription
    User.objects.select_for_update().get(pk=person.pk)  # two tabs at once count the same devices
    row, _is_new = PushSubscription.objects.update_or_create(
        endpoint=endpoint,
        defaults={
            "person_id": person.pk,
            "session_key": session_key,
            "p256dh": p256dh,
            "auth": auth,
            "label": str(devices.describe(user_agent))[:80],
            "last_error": "",
            "created_at": clock.now(),
        },
    )
    # A browser has one subscription: what it had under another address is an older one.
    mine = PushSubscription.objects.filter(person=person.pk)
    mine.filter(session_key=session_key).exclude(pk=row.pk).delete()
    kept = mine.order_by("-created_at", "-id").values_list("pk", flat=True)[:MOST]
    mine.exclude(pk__in=list(kept)).delete()
    return row


def remove_device(*, person: User, device_id: UUID) -> None:
    """Wake this browser no longer; one that is not there is fine."""
    PushSubscription.objects.filter(person=person.pk, pk=device_id).delete()


def on_signed_out(*, person: User, session_key: str, **_kwargs: Any) -> None:
    """Forget the browser that signed out, or all of them."""
    rows = PushSubscription.objects.filter(person=person.pk)
    (rows.filter(session_key=session_key) if session_key else rows).delete()


def on_session_renewed(*, person: User, old_key: str, new_key: str, **_kwargs: Any) -> None:
    """Carry a browser's push over to its new session key."""
    PushSubscription.objects.filter(person=person.pk, session_key=old_key).update(session_key=new_key)


def _are_keys(p256dh: str, auth: str) -> bool:
    try:
        point, secret = b64urldecode(p256dh.encode("ascii")), b64urldecode(auth.encode("ascii"))
        if len(point) != POINT_SIZE or len(secret) != SECRET_SIZE or max(len(p256dh), len(auth) * 2) > 100:
            return False
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return False
    return True
