"""What a browser does with a push (RFC 8291, RFC 8188), and a push service with its signature (RFC 8292).

Written from the RFCs with nothing of the library that seals, so that both would have to be wrong in the same way.
"""

from __future__ import annotations

import base64
import json
import os
import time
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()
DAY = 86_400
HEAD = 21  # salt, record size, length of the key
LAST_RECORD = 2


class Refused(Exception):
    """A push that a real service, or the browser behind it, would not take."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True)
class BrowserKeys:
    """The two secrets a browser makes with each subscription."""

    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(CURVE))
    secret: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def point(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def public(self) -> dict[str, str]:
        return {"p256dh": encode(self.point), "auth": encode(self.secret)}

    def open(self, sealed: bytes) -> str:
        """Return the text of a push in the encoding aes128gcm."""
        if len(sealed) <= HEAD:
            raise Refused(400, "The body is shorter than its own head.")
        salt, record_size, length = sealed[:16], int.from_bytes(sealed[16:20], "big"), sealed[20]
        sender, record = sealed[HEAD : HEAD + length], sealed[HEAD + length :]
        if length != 65 or len(record) > record_size:
            raise Refused(400, "The head of the body names no key of the sender, or the record is longer than it says.")
        try:
            shared = self.private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, sender))
            mixed = _derive(self.secret, shared, b"WebPush: info\0" + self.point + sender, 32)
            key = _derive(salt, mixed, b"Content-Encoding: aes128gcm\0", 16)
            nonce = _derive(salt, mixed, b"Content-Encoding: nonce\0", 12)
            plain = AESGCM(key).decrypt(nonce, record, None).rstrip(b"\0")
        except (InvalidTag, ValueError) as error:
            raise Refused(400, "The browser could not open it.") from error
        if not plain or plain[-1] != LAST_RECORD:
            raise Refused(400, "The last record is not marked as such.")
        return plain[:-1].decode()


def _derive(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def check_signature(header: str, *, audience: str, key: str) -> dict[str, Any]:
    """Return the claims of `Authorization: vapid t=…,k=…`, or refuse. `key` is the one the browser subscribed with."""
    scheme, _, rest = header.partition(" ")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    token, signer = parts.get("t", ""), parts.get("k", "")
    if scheme.lower() != "vapid" or token.count(".") != 2:
        raise Refused(401, "There is no VAPID signature.")
    if key and signer != key:
        raise Refused(403, "The browser subscribed with another key.")
    body, _, signature = token.rpartition(".")
    try:
        head, claims = (json.loads(decode(part)) for part in body.split("."))
        raw = decode(signature)
        public = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, decode(signer))
        pair = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        public.verify(pair, body.encode(), ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError) as error:
        raise Refused(401, "The VAPID signature does not hold.") from error
    now = time.time()
    if head.get("alg") != "ES256" or len(raw) != 64:
        raise Refused(401, "VAPID is signed by ES256.")
    if claims.get("aud") != audience:
        raise Refused(401, "The token is meant for another push service.")
    if not now < float(claims.get("exp", 0)) <= now + DAY:
        raise Refused(401, "The token has run out, or lives longer than a day.")
    if not str(claims.get("sub", "")).startswith(("mailto:", "https:")):
        raise Refused(401, "The token names nobody to write to.")
    return dict(claims)
