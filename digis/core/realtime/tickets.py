"""Tickets to a socket, for programs that hold no cookie: 30 seconds, one use, bound to the session that asked.

Valkey keeps a ticket's hash, never the ticket, and hands it over in one step to whoever comes first. The socket it
opens hangs on the caller's session, so that signing out closes it like any other.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from digis.core import clock, valkey
from digis.core.errors import DomainError

LIFE = timedelta(seconds=30)
PARAMETER = "ticket"


class RealtimeUnavailable(DomainError):
    """No ticket can be given now: what the socket would tell has to be asked for by HTTP."""

    code = "REALTIME_UNAVAILABLE"
    message = _("Live news are not available right now. Try again in a moment.")


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a program needs to open its socket."""

    ticket: str
    ws_url: str
    expires_at: datetime


def issue_ticket(*, person_id: str, session_key: str) -> Ticket:
    """Return a fresh ticket for a person's session; raise RealtimeUnavailable while Valkey is away."""
    secret = secrets.token_urlsafe(32)
    held = json.dumps({"person": person_id, "session": session_key})
    expires_at = clock.now() + LIFE
    try:
        valkey.attempt(lambda store: store.set(_key(secret), held, ex=int(LIFE.total_seconds())))
    except valkey.ValkeyUnavailable as error:
        raise RealtimeUnavailable from error
    return Ticket(secret, socket_url(), expires_at)


def redeem_ticket(secret: str) -> tuple[str, str] | None:
    """Take a ticket out of use and return whose person and session it is for; None when it is none, or used."""
    try:
        held = valkey.attempt(lambda store: store.getdel(_key(secret)))
    except valkey.ValkeyUnavailable:
        return None
    if not isinstance(held, bytes):
        return None
    found = json.loads(held)
    return found["person"], found["session"]


def ticket_of(query: bytes) -> str | None:
    """Return the ticket in a socket's address; None when it names none."""
    found = parse_qs(query.decode("latin1"), keep_blank_values=True).get(PARAMETER)
    return found[0][:200] if found else None


def since_of(query: bytes) -> int | None:
    """Return when the page that opens a socket was read, in milliseconds; None when its address does not say."""
    found = parse_qs(query.decode("latin1")).get("since", [""])[0]
    return int(found) if found.isascii() and found.isdigit() and len(found) <= 15 else None


def socket_url() -> str:
    """Return the socket's address, as the site's own."""
    site = urlsplit(settings.SITE_URL)
    return f"{'wss' if site.scheme == 'https' else 'ws'}://{site.netloc}/ws/"


def _key(secret: str) -> str:
    return f"{settings.REALTIME_CHANNEL}:ticket:{hashlib.sha256(secret.encode()).hexdigest()}"
