"""Sessions: where a person is signed in, and signing out from afar."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction

from accounts import devices
from accounts.models import Device, Presence, User
from accounts.services import proofs
from accounts.services.letters import address_of, write
from accounts.signals import session_renewed
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


@transaction.atomic
def note_session_renewed(*, person: User, old_key: str, new_key: str) -> None:
    """Carry what hangs on a session over to its new key: its place in the owner's list, and what listeners keep."""
    UserSession.objects.filter(user=person.pk, session_key=old_key).update(session_key=new_key)
    session_renewed.send(sender=User, person=person, old_key=old_key, new_key=new_key)


def prune_sessions() -> None:
    """Delete sessions that ran out, with their place in their owners' lists, and what is kept no longer (LAW-11).

    A browser not seen for so long counts as new when it returns; of somebody not seen for so long nobody is told.
    """
    SessionStore.clear_expired()
    UserSession.objects.filter(last_seen_at__lt=clock.now() - LIST_FOR).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    until = clock.now() - timedelta(days=settings.RETENTION_DAYS["sessions"])
    Device.objects.filter(last_seen_at__lt=until).delete()
    Presence.objects.filter(last_seen_at__lt=until).delete()
