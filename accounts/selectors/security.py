"""Second factors and sessions. allauth keeps both; this is where the rest of the house reads them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import connection
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


class SharedSignIn(NamedTuple):
    """Somebody and an approved creator who signed in from one place: one browser, or one address. `at`: the later of them last."""

    person_id: UUID
    creator_id: UUID
    is_device: bool
    at: datetime


def list_shared_sign_ins(*, since: datetime) -> list[SharedSignIn]:
    """Return who signed in where an approved creator did, both since a moment, as far as browsers and sessions are remembered.

    An address is a household's: one of IPv4, a network of 64 bits of IPv6. What is no public address says nothing, as
    everybody behind the same proxy has it. Two queries.
    """
    found = []
    with connection.cursor() as cursor:
        for is_device, statement in ((True, SHARED_BROWSERS), (False, SHARED_ADDRESSES)):
            cursor.execute(statement, {"since": since, "private": PRIVATE_NETWORKS})
            found += [SharedSignIn(person, creator, is_device, at) for person, creator, at in cursor.fetchall()]
    return found


PRIVATE_NETWORKS: Final = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
    "::/127", "fc00::/7", "fe80::/10",
]  # fmt: skip
SHARED_BROWSERS: Final = """
    SELECT b.user_id, a.user_id, max(greatest(a.last_seen_at, b.last_seen_at))
    FROM accounts_creatorprofile c
    JOIN accounts_device a ON a.user_id = c.user_id AND a.last_seen_at >= %(since)s
    JOIN accounts_device b ON b.token_hash = a.token_hash AND b.user_id <> a.user_id AND b.last_seen_at >= %(since)s
    WHERE c.approved_at IS NOT NULL
    GROUP BY 1, 2
"""
SHARED_ADDRESSES: Final = """
    WITH seen AS (
        SELECT user_id, network(set_masklen(ip, CASE family(ip) WHEN 4 THEN 32 ELSE 64 END)) AS home, last_seen_at
        FROM usersessions_usersession
        WHERE last_seen_at >= %(since)s AND NOT ip <<= ANY (%(private)s::inet[])
    )
    SELECT b.user_id, a.user_id, max(greatest(a.last_seen_at, b.last_seen_at))
    FROM accounts_creatorprofile c
    JOIN seen a ON a.user_id = c.user_id
    JOIN seen b ON b.home = a.home AND b.user_id <> a.user_id
    WHERE c.approved_at IS NOT NULL
    GROUP BY 1, 2
"""
