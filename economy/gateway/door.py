"""The client: time-outs, the address, and what a failure means."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import cache
from typing import Any, NoReturn

import stripe
import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

CONNECT_SECONDS, READ_SECONDS = 3.0, 10.0
PAGE = 100  # the longest that Stripe gives


class GatewayError(Exception):
    """Stripe could not be asked, or refused. Nothing is known to have changed; asking again is safe."""


class GatewayRefusedError(GatewayError):
    """Stripe understood and said no: nothing moved.

    The refusal belongs to the idempotency key: asking again under the same key repeats it for a day, even when its
    cause is gone. Another attempt takes another key.
    """

    def __init__(self, what: str, *, code: str, message: str) -> None:
        super().__init__(f"{what}: {code or 'refused'}")
        self.code = code  # such as balance_insufficient, payouts_not_allowed, insufficient_capabilities_for_transfer
        self.message = message


@cache
def _client_for(key: str, base: str, version: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        base_addresses={"api": base},
        stripe_version=version,
        max_network_retries=1,
        http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, READ_SECONDS)),
    )


def client() -> stripe.StripeClient:
    if not settings.STRIPE_SECRET_KEY:
        raise GatewayError("STRIPE_SECRET_KEY is not set.")
    return _client_for(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, settings.STRIPE_API_VERSION)


def digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def plain(object_: Any) -> dict[str, Any]:
    """Return a Stripe object as plain dictionaries, so that a missing field is a None and not an exception."""
    found: dict[str, Any] = object_.to_dict(recursive=True)
    return found


def failed(what: str, error: stripe.StripeError) -> GatewayError:
    log.warning("stripe_failed", what=what, kind=type(error).__name__, code=error.code, status=error.http_status)
    return GatewayError(f"{what}: {type(error).__name__}")


def raise_for(what: str, error: stripe.StripeError) -> NoReturn:
    """Tell a refusal, after which nothing moved, from a failure, after which nobody knows."""
    if not isinstance(error, stripe.InvalidRequestError | stripe.PermissionError):
        raise failed(what, error) from error
    code = error.code or (error.error.code if error.error else None) or ""
    log.warning("stripe_refused", what=what, code=code, status=error.http_status)
    raise GatewayRefusedError(what, code=code, message=str(error.user_message or "")[:200]) from error


def between(since: datetime | None, until: datetime | None) -> dict[str, Any]:
    """Ask for what was made from `since` on and before `until`."""
    ends = (("gte", since), ("lt", until))
    created = {name: int(moment.timestamp()) for name, moment in ends if moment is not None}
    return {"limit": PAGE, **({"created": created} if created else {})}


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
