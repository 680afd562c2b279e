"""Where pushes may go. Browsers name the address, so it is a stranger's: only to public ones, and never on from there."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from typing_extensions import override
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

LONGEST: Final = 1_000
HIDDEN: Final = (".local", ".localhost", ".internal", ".home.arpa", ".lan")
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class NotPublic(Exception):
    """An address inside somebody's network, perhaps ours. No OSError: no library on the way may take it for one."""


def is_allowed(endpoint: str) -> bool:
    """Tell whether an endpoint looks like a push service's: https at a public name, or the stand-in on this machine.

    Where its name leads is looked at when something is sent, by `open_session`.
    """
    if len(endpoint) > LONGEST or not endpoint.isascii() or not endpoint.isprintable():
        return False
    if _is_sandbox(endpoint):
        return True
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return False
    host = (parts.hostname or "").rstrip(".").lower()
    if parts.scheme != "https" or parts.username is not None or parts.password is not None or port not in {None, 443}:
        return False
    try:
        return is_public(host)
    except ValueError:
        return "." in host and not host.endswith(HIDDEN)


def is_public(address: str) -> bool:
    """Tell whether an address is one of the open internet. Raises ValueError for what is no address."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if found.sixtofour is not None or found.teredo is not None or found in _NAT64:
            return False  # a private address may hide inside
    return found.is_global and not found.is_multicast


def open_session() -> Session:
    """Return a session that reaches push services only: no proxies, no redirects, no answer longer than its headers."""
    session = Session()
    session.trust_env = False
    session.max_redirects = 0
    session.adapters.clear()
    session.mount("https://", _PublicAdapter())
    if settings.PUSH_SANDBOX_URL:
        session.mount(f"{settings.PUSH_SANDBOX_URL}/", _ShortAdapter())
    return session


def _is_sandbox(endpoint: str) -> bool:
    return bool(settings.PUSH_SANDBOX_URL) and endpoint.startswith(f"{settings.PUSH_SANDBOX_URL}/")


class _ShortAdapter(HTTPAdapter):
    """Reads the status and headers of an answer. Its body is a stranger's and never read; nor is it followed."""

    @override
    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        response = super().send(request, *args, **{**kwargs, "stream": True})
        response._content = b""  # noqa: SLF001  the one way to keep `requests` from reading it
        response.headers.pop("Location", None)
        response.close()
        return response


class _PublicConnection(HTTPSConnection):
    """Looks its name up once, and connects to what it found or not at all: a name cannot change its mind in between."""

    @override
    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        self._dns_host = _resolve(name, self.port or 443)
        try:
            return super()._new_conn()
        finally:
            self._dns_host = name  # the certificate is held against the name


class _PublicPool(HTTPSConnectionPool):
    ConnectionCls = _PublicConnection


class _PublicAdapter(_ShortAdapter):
    @override
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"https": _PublicPool}


def _resolve(name: str, port: int) -> str:
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]
    if not found or not all(is_public(address.partition("%")[0]) for address in found):
        raise NotPublic(f"{name} does not lead to the public internet.")
    return found[0]
