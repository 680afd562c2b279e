"""The one table of rate limits. Everything that slows a caller down is a line here.

Counting is done in Valkey (GCRA: a smooth window, one key, one round trip). Where money or an account is at
stake a limit must not vanish with Valkey: those lines count in PostgreSQL meanwhile and fail closed. The others
let the request pass, as a page that cannot be read is worse than one read too often.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponseBase
from prometheus_client import Counter

from digis.core import clock, valkey
from digis.core.errors import RateLimited
from digis.core.http import client_address

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


@dataclass(frozen=True, slots=True)
class Limit:
    """So many times per so many seconds. `closed`: keeps counting in PostgreSQL when Valkey is gone."""

    rate: int
    seconds: int
    closed: bool = False
    by_address: bool = False  # count the address as well as the person; always counted when nobody is signed in


MINUTE, HOUR, DAY = 60, 3_600, 86_400

LIMITS: dict[str, Limit] = {
    # People: 20 a minute on everything that authenticates, by person and by address (rules §8).
    "auth": Limit(20, MINUTE, closed=True, by_address=True),
    "sign_in_failed": Limit(
        10, 5 * MINUTE, closed=True
    ),  # by account and known browser: slows a guess spread over many addresses
    "sign_up": Limit(20, HOUR, closed=True, by_address=True),
    "code_send": Limit(5, HOUR, closed=True),  # by the address mailed to: nobody's mailbox is flooded
    "code_try": Limit(20, 15 * MINUTE, closed=True),
    "step_up": Limit(10, MINUTE, closed=True),
    # Money: 10 a minute, by person and by address.
    "payments": Limit(10, MINUTE, closed=True, by_address=True),
    "redeem": Limit(10, HOUR, closed=True, by_address=True),  # codes are not to be guessed
    "webhooks": Limit(1_200, MINUTE),
    # Everything else a person can do.
    "write": Limit(60, MINUTE),
    "social": Limit(60, MINUTE),
    "profile": Limit(30, MINUTE),
    "upload": Limit(20, 10 * MINUTE),
    "apply": Limit(10, HOUR),
    "call": Limit(30, MINUTE),
    "call_beat": Limit(120, MINUTE),
    "appeal": Limit(10, HOUR),
    "export": Limit(10, HOUR),
    "downloads": Limit(30, MINUTE),  # documents that are made when they are asked for
    "report": Limit(20, HOUR),
    "search": Limit(120, MINUTE),
    "socket": Limit(120, MINUTE),  # sockets opened: every page opens one
    "realtime": Limit(60, MINUTE),
    "push": Limit(20, MINUTE),  # browsers turned on and off
    "one_click": Limit(600, MINUTE),  # ways out of mail: one mail provider presses for many people
    "staff": Limit(240, MINUTE),
    "api": Limit(300, MINUTE),
}

REFUSED = Counter("digis_limits_refused_total", "Requests refused by a rate limit.", ["limit", "store"])
FELL_BACK = Counter("digis_limits_without_valkey_total", "Limit checks made while Valkey was gone.", ["limit"])


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands after one count: what X-RateLimit-* and Retry-After say."""

    rate: int
    remaining: int
    reset: int  # seconds until the allowance is whole again
    retry_after: int = 0  # seconds to wait; 0 when allowed

    @property
    def is_allowed(self) -> bool:
        return self.retry_after == 0


# One key holds the moment at which the allowance would be whole again ("theoretical arrival time").
_GCRA = """
local now, step, span = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
if full > now + 2 * span then full = now end  -- a clock that was set back must not lock anyone out
local after = full + step
if after - now > span then return {0, math.floor(after - now - span), math.floor(full - now)} end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil(after - now) + 1000)
return {1, math.floor((span - (after - now)) / step), math.floor(after - now)}
"""


def _store_key(name: str, key: str) -> str:
    digest = hashlib.blake2s(key.encode(), digest_size=16).hexdigest()  # addresses and e-mails stay out of Valkey
    return f"{getattr(settings, 'LIMITS_PREFIX', 'digis:limit')}:{name}:{digest}"


def count(name: str, key: str) -> Standing:
    """Count one use by one key and return where it stands, without refusing."""
    limit = LIMITS[name]
    try:
        return valkey.attempt(lambda store: _count_in_valkey(store, limit, _store_key(name, key)))
    except valkey.ValkeyUnavailable:
        FELL_BACK.labels(name).inc()
        if not limit.closed:
            return Standing(limit.rate, limit.rate, 0)
        return _count_in_postgres(limit, _store_key(name, key))


def _count_in_valkey(store: Any, limit: Limit, key: str) -> Standing:
    now_ms = clock.now().timestamp() * 1000
    span = limit.seconds * 1000
    step = span / limit.rate
    is_allowed, second, reset = store.eval(_GCRA, 1, key, f"{now_ms:.0f}", f"{step:.3f}", f"{span}")
    reset_seconds = math.ceil(reset / 1000)
    if is_allowed:
        return Standing(limit.rate, int(second), reset_seconds)
    return Standing(limit.rate, 0, reset_seconds, retry_after=max(1, math.ceil(second / 1000)))


_COUNT_SQL = """
INSERT INTO core_limithit AS hit (key, window_at, hits, expires_at)
VALUES (%(key)s, %(window)s, 1, %(expires)s)
ON CONFLICT (key, window_at) DO UPDATE SET hits = hit.hits + 1
RETURNING hits
"""


def _count_in_postgres(limit: Limit, key: str) -> Standing:
    """Count in fixed windows.

    A refusal that rolls the caller's transaction back must not undo the count, so callers check limits before they
    open one; `limited` does.
    """
    from datetime import UTC, datetime

    now = clock.now()
    start = int(now.timestamp()) // limit.seconds * limit.seconds
    left = start + limit.seconds - int(now.timestamp())
    window = datetime.fromtimestamp(start, UTC)
    expires = datetime.fromtimestamp(start + 2 * limit.seconds, UTC)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_COUNT_SQL, {"key": key, "window": window, "expires": expires})
        hits: int = cursor.fetchone()[0]
    if hits > limit.rate:
        return Standing(limit.rate, 0, left, retry_after=max(1, left))
    return Standing(limit.rate, limit.rate - hits, left)


def check_limit(name: str, *keys: str) -> Standing:
    """Count one use by each key, and raise RateLimited when any of them has used its allowance up.

    Returns the tightest standing. Keys are any text that names who is counted: `person:<id>`, `address:<ip>`,
    `mail:<address>`.
    """
    tightest: Standing | None = None
    for key in keys:
        standing = count(name, key)
        if not standing.is_allowed:
            REFUSED.labels(name, "any").inc()
            raise RateLimited(standing.retry_after)
        if tightest is None or standing.remaining < tightest.remaining:
            tightest = standing
    return tightest or Standing(LIMITS[name].rate, LIMITS[name].rate, 0)


def forgive(name: str, *keys: str) -> None:
    """Give keys their whole allowance back, as after a right password. Without Valkey what it counted runs out by itself."""
    from digis.core.models import LimitHit

    stored = [_store_key(name, key) for key in keys]
    with contextlib.suppress(valkey.ValkeyUnavailable):
        valkey.attempt(lambda store: store.delete(*stored))
    LimitHit.objects.filter(key__in=stored).delete()


def keys_of(request: HttpRequest, limit: Limit) -> list[str]:
    """Return who is counted for a request: the person when signed in, the address when not or when asked for."""
    user = getattr(request, "user", None)
    person = f"person:{user.pk}" if user is not None and user.is_authenticated else None
    address = f"address:{client_address(request)}"
    if person is None:
        return [address]
    return [person, address] if limit.by_address else [person]


def count_request(request: HttpRequest, name: str) -> Standing:
    """Count a request by whom the table's line counts: the person, the address, or both. Raises RateLimited."""
    return check_limit(name, *keys_of(request, LIMITS[name]))


def limited(name: str, *, methods: frozenset[str] | None = None) -> Callable[[View], View]:
    """Limit a view's unsafe methods (or those named) by the table's line `name`."""
    if name not in LIMITS:
        raise ImproperlyConfigured(f"digis.core.limits.LIMITS has no line {name!r}: add one, with its numbers.")

    def decorate(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            safe = request.method in {"GET", "HEAD", "OPTIONS", "TRACE"}
            if (request.method in methods) if methods is not None else not safe:
                request.rate_limit = count_request(request, name)  # type: ignore[attr-defined]  # read by SecurityHeadersMiddleware
            return view(request, *args, **kwargs)

        inner.limit_name = name  # type: ignore[attr-defined]  # the house test reads it
        return inner  # type: ignore[return-value]  # wraps() keeps the view's own signature

    return decorate
