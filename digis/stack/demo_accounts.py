"""The people of the demo data whom one may sign in as. They exist only in a database that `manage.py up` started."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from dataclasses import dataclass
from typing import Final

DEMO_PASSWORD: Final = "digis-demo-2026"  # noqa: S105  # printed at every start, worth nothing anywhere else
DEMO_TOTP_SECRET: Final = "DIGISDEMODIGISDEMODIGISDEMO23456"  # noqa: S105  # base32, the same


@dataclass(frozen=True)
class DemoAccount:
    """One account of the demo data."""

    email: str
    what: str
    is_staff: bool = False


DEMO_ACCOUNTS: Final = (
    DemoAccount("fan@digis.test", "a fan with tokens"),
    DemoAccount("fan2@digis.test", "a second fan"),
    DemoAccount("fan3@digis.test", "a third fan"),
    DemoAccount("creator@digis.test", "the creator @ana: sign in as her in another browser, and call her"),
    DemoAccount("moderator@digis.test", "a moderator", is_staff=True),
    DemoAccount("finance@digis.test", "a finance clerk", is_staff=True),
    DemoAccount("admin@digis.test", "the superuser", is_staff=True),
)


def totp_code(secret: str, at: float) -> str:
    """Return the six digits an authenticator app shows for that secret at that time."""
    key = base64.b32decode(secret)
    digest = hmac.new(key, struct.pack(">Q", int(at // 30)), hashlib.sha1).digest()
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFF_FFFF
    return f"{number % 1_000_000:06d}"
