"""Links that stop one kind of mail with one press, signed out, from any mail program (NOT-6, RFC 8058)."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

from accounts.models import User
from digis.core.errors import NotFound

SALT = "notifications.unsubscribe"


class BadToken(NotFound):
    """Somebody's guess, a link cut short by a mail program, or one made with a key that was given up."""


def make_url(*, person: User, category: str, channel: str = "mail") -> str:
    """Return the address that turns a category off on one channel for a person. It does not grow old."""
    return f"{settings.SITE_URL}{reverse('notifications:unsubscribe', args=[make_token(person.pk, category, channel)])}"


def make_token(person_id: UUID, category: str, channel: str = "mail") -> str:
    """Sign who, what and by which way. Letters, digits, dots and dashes only: mail programs leave those whole."""
    return _signer().sign(signing.b64_encode(person_id.bytes + f"{channel}:{category}".encode()).decode())


def read(token: str) -> tuple[UUID, str]:
    """Return whose token it is and which category it turns off. Raises BadToken."""
    person_id, category, _channel = read_whole(token)
    return person_id, category


def read_whole(token: str) -> tuple[UUID, str, str]:
    """Return person, category and channel of a token. Raises BadToken."""
    try:
        value = signing.b64_decode(_signer().unsign(token).encode())
        channel, _colon, category = value[16:].decode().partition(":")
        return UUID(bytes=value[:16]), category, channel
    except (signing.BadSignature, ValueError) as error:
        raise BadToken from error


def _signer() -> signing.Signer:
    return signing.Signer(salt=SALT, sep=".")
