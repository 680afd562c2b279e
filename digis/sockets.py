"""The WebSocket routes. Only our own pages may open one: the Origin header must name an allowed host."""

from __future__ import annotations

from typing import Any, cast

from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path, re_path

from digis.core.realtime.consumer import SocketConsumer, refuse

routes: list[Any] = [  # Django's stubs know views only; Channels routes ASGI applications by the same paths
    path("ws/", cast("Any", SocketConsumer())),
    re_path(r"", cast("Any", refuse)),
]

websocket = AllowedHostsOriginValidator(URLRouter(routes))
