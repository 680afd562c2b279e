"""The key by which push services know that a push is ours (VAPID, RFC 8292)."""

from __future__ import annotations

import os
import tempfile
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from py_vapid import Vapid02
from py_vapid.utils import b64urldecode, b64urlencode

SIZE = 32


def is_on() -> bool:
    """Tell whether this installation sends push at all."""
    return bool(settings.WEB_PUSH)


def public_key() -> str:
    """Return what a browser subscribes with: pushes signed by any other key are refused."""
    point = get_signer().public_key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return str(b64urlencode(point))


def get_signer() -> Vapid02:
    """Return the signing key: the stated one, or the one kept in the state folder, made at its first use."""
    return _read(settings.VAPID_PRIVATE_KEY or keep_key(settings.VAPID_KEY_FILE))


def make_key() -> str:
    """Return a new private key as VAPID_PRIVATE_KEY wants it."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return str(b64urlencode(number.to_bytes(SIZE, "big")))


def keep_key(name: str) -> str:
    """Return the key kept in a file; of several processes that make it at once, the first one wins."""
    if not name:
        raise ImproperlyConfigured("Set VAPID_PRIVATE_KEY: `manage.py make_vapid_key` prints one.")
    file = Path(name)
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, fresh = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # readable by its owner only
        with os.fdopen(handle, "w", encoding="ascii") as part:
            part.write(make_key())
        try:
            os.link(fresh, file)
        except FileExistsError:
            pass
        finally:
            Path(fresh).unlink()
    return file.read_text(encoding="ascii").strip()


@lru_cache(maxsize=4)
def _read(text: str) -> Vapid02:
    try:
        raw = b64urldecode(text.encode("ascii"))
        number = int.from_bytes(raw, "big") if len(raw) == SIZE else 0
        return Vapid02(ec.derive_private_key(number, ec.SECP256R1()))
    except ValueError as error:
        raise ImproperlyConfigured(
            "Set VAPID_PRIVATE_KEY to 32 bytes in base64url: `manage.py make_vapid_key` prints one."
        ) from error
