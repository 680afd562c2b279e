"""Sessions: where a person is signed in, and signing out from afar."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final

from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction

from accounts import devices
from accounts.models import Device, User
from accounts.services import proofs
from accounts.services.letters import address_of, write
from digis.core import clock
from digis.core.errors import NotFound

LIST_FOR: Final = timedelta(days=31)


@transaction.atomic
def end_session(*, person: User, session_id: int) -> None:
    """Sign one of a person's browsers out and close its sockets. Raises NotFound."""
    session = UserSession.objects.select_for_update().filter(user=person.pk, pk=session_id).first()
    if session is None:
        raise NotFound
    proofs.end_one(person=person, session=session)


@transaction.atomic
def end_other_sessions(*, person: User, session_key: str | None) -> None:
    """Sign every browser of a person out but the present one, and close the sockets of those sessions."""
    proofs.end_sessions_of(person=person, but=session_key)


@transaction.atomic
def end_all_sessions(*, person: User) -> None:
    """Sign every browser of a person out."""
    proofs.end_sessions_of(person=person)


@transaction.atomic
def note_sign_in(*, person: User, device_token: str, user_agent: str, ip: str) -> None:
    """Remember the browser a person signed in from, and tell them by mail when it is a new one.

    The first browser of an account is not news.
    """
    digest = hashlib.sha256(device_token.encode()).hexdigest()
    label = str(devices.describe(user_agent))
    known = Device.objects.filter(user=person.pk)
    had_any = known.exists()
    _device, is_new = Device.objects.update_or_create(
        user=person, token_hash=digest, defaults={"label": label, "last_seen_at": clock.now()}
    )
    if is_new and had_any:
        write(
            to=person.email,
            letter="new_device",
            person=person,
            device=label,
            ip=ip,
            at=f"{clock.now():%d %B %Y, %H:%M} UTC",
            sessions=address_of(page="accounts:settings_sessions"),
        )


def prune_sessions() -> None:
    """Delete sessions that ran out, with their place in their owners' lists."""
    SessionStore.clear_expired()
    for row in UserSession.objects.filter(last_seen_at__lt=clock.now() - LIST_FOR).iterator():
        row.purge()
