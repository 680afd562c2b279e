"""The one synchronous way to Valkey: short time-outs, and a breaker so that its absence costs one try a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import redis
from django.conf import settings

T = TypeVar("T")

RETRY_SECONDS = 1.0
_lock = threading.Lock()
_clients: dict[str, redis.Redis] = {}
_down_until = 0.0


class ValkeyUnavailable(Exception):
    """Valkey did not answer. Callers say what happens then; nobody guesses."""


def client() -> redis.Redis:
    """Return this process's client; it opens connections when first used."""
    url: str = settings.REDIS_URL
    if not url:
        raise ValkeyUnavailable("REDIS_URL is not set.")
    with _lock:
        if url not in _clients:
            _clients[url] = redis.Redis.from_url(
                url, socket_connect_timeout=0.5, socket_timeout=1.0, health_check_interval=30, retry=None
            )
        return _clients[url]


def attempt(act: Callable[[redis.Redis], T]) -> T:
    """Run `act` on Valkey, or raise ValkeyUnavailable at once while it is known to be down."""
    global _down_until  # noqa: PLW0603  the breaker is one per process
    if time.monotonic() < _down_until:
        raise ValkeyUnavailable("Valkey did not answer a moment ago.")
    try:
        return act(client())
    except (redis.ConnectionError, redis.TimeoutError, redis.exceptions.BusyLoadingError, OSError) as error:
        _down_until = time.monotonic() + RETRY_SECONDS
        raise ValkeyUnavailable(str(error)) from error


def is_up() -> bool:
    """Say whether Valkey answers now."""
    try:
        return bool(attempt(lambda valkey: valkey.ping()))
    except ValkeyUnavailable:
        return False


def reset() -> None:
    """Forget clients and the breaker, as a fresh process would."""
    global _down_until  # noqa: PLW0603  the breaker is one per process
    with _lock:
        clients: list[Any] = list(_clients.values())
        _clients.clear()
        _down_until = 0.0
    for one in clients:
        one.close()
