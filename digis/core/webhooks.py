"""The door of signed webhooks: what a library that verifies signatures forgets to refuse."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.request import RawPostDataException, UnreadablePostError

from digis.core import clock

log = structlog.get_logger(__name__)

MAX_BODY = 512 * 1024
LONGEST_ID = 255
_TIMESTAMP = re.compile(r"(?:^|,)\s*t=(\d{1,12})(?=\s*(?:,|$))")


def signed_door(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Refuse what should never reach the view: bodies too big, and signatures stamped in the future.

    Stripe's library refuses a stamp older than its tolerance and accepts any that lies ahead, so that a stolen event
    could be kept fresh for ever. Ours holds on both sides of now (LEDGER-5). The signature itself is the view's work.
    """

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not str(length).isdigit() or int(length) > MAX_BODY:
            return HttpResponse(status=413)
        try:
            if len(request.body) > MAX_BODY:
                return HttpResponse(status=413)
        except (UnreadablePostError, RawPostDataException):
            return HttpResponse(status=400)
        stamps = [int(stamp) for stamp in _TIMESTAMP.findall(request.headers.get("Stripe-Signature", ""))]
        latest = clock.now().timestamp() + settings.STRIPE_WEBHOOK_TOLERANCE
        if len(stamps) != 1 or stamps[0] > latest:
            log.warning("webhook_refused", reason="timestamp", stamps=stamps[:3])
            return HttpResponse(status=400)
        if not _can_be_kept(request.body):
            log.warning("webhook_refused", reason="unreadable")
            return HttpResponse(status=400)
        return view(request, *args, **kwargs)

    return inner


def _can_be_kept(body: bytes) -> bool:
    """Say whether a body is an event as far as a table can hold it: a JSON object with an id, and no NUL in it."""
    try:
        event = json.loads(body)
    except ValueError:
        return False
    name = event.get("id") if isinstance(event, dict) else None
    return isinstance(name, str) and 0 < len(name) <= LONGEST_ID and b"\\u0000" not in body
