"""The WebSocket routes, and who may open one from where.

A browser sends the address of the page that opens a socket: only our own pages may, since the browser adds the cookie
by itself. A program sends none; it needs a ticket, which no foreign page can get hold of.
"""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlsplit

from channels.routing import URLRouter
from channels.security.websocket import OriginValidator, WebsocketDenier
from django.conf import settings
from django.urls import path, re_path
from typing_extensions import override

from digis.core.realtime.consumer import SocketConsumer, refuse
from digis.core.realtime.tickets import ticket_of

routes: list[Any] = [  # Django's stubs know views only; Channels routes ASGI applications by the same paths
    path("ws/", cast("Any", SocketConsumer())),
    re_path(r"", cast("Any", refuse)),
]


class OriginGate(OriginValidator):
    """Let in pages of our own hosts, and programs that bring a ticket. Everybody else is refused before anything runs."""

    @override
    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        origins = [value for name, value in scope.get("headers", []) if name == b"origin"]
        if not origins and ticket_of(scope.get("query_string", b"")) is not None:
            return await self.application(scope, receive, send)
        hosts = [value for name, value in scope.get("headers", []) if name == b"host"]
        if len(origins) != 1 or not _is_own(origins[0], hosts):
            return await WebsocketDenier()(scope, receive, send)
        return await super().__call__(scope, receive, send)  # type: ignore[no-untyped-call]


def _is_own(origin: bytes, hosts: list[bytes]) -> bool:
    """Tell whether a page was served from the very address it opens the socket at: another port is another site."""
    scheme, _, host = origin.decode("latin1").partition("://")
    return scheme == urlsplit(settings.SITE_URL).scheme and [host.lower()] == [
        own.decode("latin1").lower() for own in hosts
    ]


websocket = OriginGate(URLRouter(routes), settings.ALLOWED_HOSTS)  # type: ignore[no-untyped-call]
