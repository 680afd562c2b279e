"""Second factors and sessions. allauth keeps both; this is where the rest of the house reads them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import Q

from accounts import devices
from accounts.models import Device, User
from digis.core import clock
from digis.core.errors import NotFound


@dataclass(frozen=True)
class SessionRow:
    """A signed-in browser as its owner sees it."""

    id: int
    device: devices.Device
    ip: str
    created_at: datetime
    last_seen_at: datetime
    is_current: bool


def has_second_factor(person: User) -> bool:
    """Tell whether an authenticator app is set up; recovery codes alone do not count."""
    return Authenticator.objects.filter(user=person.pk, type=Authenticator.Type.TOTP).exists()


def get_second_factor(person: User) -> Authenticator:
    """Return the person's authenticator app. Raises NotFound."""
    factor: Authenticator | None = Authenticator.objects.filter(user=person.pk, type=Authenticator.Type.TOTP).first()
    if factor is None:
        raise NotFound
    return factor


def totp_address(person: User, secret: str) -> str:
    """Return what the QR picture of a new second factor says."""
    return str(get_adapter().build_totp_url(person, secret))


def list_recovery_codes(person: User) -> list[str]:
    """List the recovery codes not used yet; empty without a second factor."""
    kept = Authenticator.objects.filter(user=person.pk, type=Authenticator.Type.RECOVERY_CODES).first()
    return [] if kept is None else list(kept.wrap().get_unused_codes())


def count_recovery_codes(person: User) -> int:
    """Count the recovery codes not used yet."""
    return len(list_recovery_codes(person))


def list_sessions(person: User, *, current_key: str | None) -> list[SessionRow]:
    """List a person's live sessions, the present one first, then by when they were last used.

    Two queries, however many there are. Rows whose session is gone, or was begun with another password, are left out.
    """
    found = list(UserSession.objects.filter(user=person.pk))
    live = _live_keys(person, [row.session_key for row in found])
    rows = [
        SessionRow(
            id=row.pk,
            device=devices.describe(row.user_agent),
            ip=row.ip,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            is_current=row.session_key == current_key,
        )
        for row in found
        if row.session_key in live
    ]
    return sorted(rows, key=lambda row: (not row.is_current, -row.last_seen_at.timestamp()))


def _live_keys(person: User, keys: list[str]) -> set[str]:
    hashes = {person.get_session_auth_hash(), *person.get_session_auth_fallback_hash()}
    live = set()
    for session in Session.objects.filter(session_key__in=keys, expire_date__gt=clock.now()):
        data = session.get_decoded()
        if data.get(SESSION_KEY) == str(person.pk) and data.get(HASH_SESSION_KEY) in hashes:
            live.add(session.session_key)
    return live


def knows_browser(login: str, token: str) -> bool:
    """Tell whether a browser, by its cookie, has signed in to the account of this name or address before."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    return Device.objects.filter(Q(user__username=login) | Q(user__email=login), token_hash=digest).exists()


def share_device(a: User, b: User) -> bool:
    """Tell whether two people signed in from one and the same browser, as far as browsers are remembered."""
    return Device.objects.filter(
        user=a.pk, token_hash__in=Device.objects.filter(user=b.pk).values("token_hash")
    ).exists()
