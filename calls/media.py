"""How two browsers reach each other: peer to peer by default, Agora where it is set up.

A provider only hands out what a page needs to join. Whether somebody may join is decided before it is asked.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import zlib
from typing import Any, Protocol
from uuid import UUID

from agora_token_builder.RtcTokenBuilder import RtcTokenBuilder
from django.conf import settings

from digis.core import clock

TURN_SECONDS = 3_600
AGORA_SECONDS = 3_600
PUBLISHER = 1  # Agora's role of somebody who sends and receives


class MediaProvider(Protocol):
    """Hands out what a participant's page needs to join a room."""

    name: str

    def join(self, *, room: str, person_id: UUID) -> dict[str, Any]: ...


class Embedded:
    """Peer-to-peer WebRTC, signaled over our own socket; STUN and TURN only where settings name them."""

    name = "embedded"

    def join(self, *, room: str, person_id: UUID) -> dict[str, Any]:
        return {"name": self.name, "room": room, "ice_servers": ice_servers(person_id)}


class Agora:
    """Agora's network: a token for one channel and one person, one hour long."""

    name = "agora"

    def join(self, *, room: str, person_id: UUID) -> dict[str, Any]:
        uid = agora_uid(person_id)
        expires_at = int(clock.now().timestamp()) + AGORA_SECONDS
        token = RtcTokenBuilder.buildTokenWithUid(  # type: ignore[no-untyped-call]  # the library is untyped
            settings.AGORA_APP_ID, settings.AGORA_APP_CERTIFICATE, room, uid, PUBLISHER, expires_at
        )
        return {
            "name": self.name,
            "room": room,
            "app_id": settings.AGORA_APP_ID,
            "channel_name": room,
            "uid": uid,
            "token": token,
            "expires_at": expires_at,
        }


def get_provider() -> MediaProvider:
    """Return the provider the settings name: Agora when its two values are set, peer to peer otherwise."""
    if settings.AGORA_APP_ID and settings.AGORA_APP_CERTIFICATE:
        return Agora()
    return Embedded()


def ice_servers(person_id: UUID) -> list[dict[str, Any]]:
    """Return the ICE servers for one person: those of the settings, and TURN with credentials that expire in an hour.

    The scheme is coturn's shared secret: the name is an expiry time and an id, the password its HMAC-SHA1.
    """
    servers: list[dict[str, Any]] = list(settings.ICE_SERVERS)
    secret: str = settings.TURN_SECRET
    if settings.TURN_URLS and secret:
        name = f"{int(clock.now().timestamp()) + TURN_SECONDS}:{person_id}"
        digest = hmac.new(secret.encode(), name.encode(), hashlib.sha1).digest()
        servers.append({"urls": settings.TURN_URLS, "username": name, "credential": base64.b64encode(digest).decode()})
    return servers


def agora_uid(person_id: UUID) -> int:
    """Return a person's number in an Agora channel: never zero, the same every time."""
    return zlib.crc32(person_id.bytes) or 1
