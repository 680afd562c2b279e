"""Sending: sealed for the browser (RFC 8291), signed as ours (RFC 8292), with a life time and a tag (RFC 8030)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, Literal
from uuid import UUID

import structlog
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _
from prometheus_client import Counter
from pywebpush import WebPushException, webpush
from requests import RequestException

from digis.core import clock
from digis.core.outbox import TryLater
from notifications.models import PushSubscription
from notifications.push import devices, door, keys

if TYPE_CHECKING:
    from accounts.models import User
    from notifications.kinds import Text

log = structlog.get_logger(__name__)

TIMEOUT: Final = 8.0  # seconds to connect, and to answer
LONGEST_TITLE, LONGEST_BODY = 120, 300  # a push carries at most 4 kB, sealed
URGENCIES: Final = frozenset({"very-low", "low", "normal", "high"})
AT_ONCE: Final = 5

PUSHED = Counter("digis_push_total", "Pushes by what the push service answered.", ["result"])


@dataclass(frozen=True, slots=True)
class PushOutcome:
    """What became of a push: how many browsers were reached, forgotten, refused; and which are to be tried again."""

    sent: int = 0
    gone: int = 0
    failed: int = 0
    waiting: tuple[UUID, ...] = ()  # their push service asked for patience, or did not answer
    retry_after: float = 0.0  # seconds it asked for
    reason: str = ""

    @property
    def is_sent(self) -> bool:
        """Whether the person was reached somewhere."""
        return self.sent > 0


@dataclass(frozen=True, slots=True)
class _Answer:
    result: Literal["sent", "gone", "later", "failed"]
    error: str = ""
    seconds: float = 0.0


def send_push(
    *,
    person: User,
    text: Text,
    tag: str,
    ttl: int,
    urgency: str,
    data: dict[str, Any] | None = None,
    only: Collection[UUID] | None = None,
) -> PushOutcome:
    """Wake a person's browsers, or `only` those named, with a text already in their language.

    The same `tag` replaces what was shown or still waits under it: sent twice, it is seen once (NOT-1). `ttl` is how many
    seconds a push service may keep it; `data` travels along: `expires_at` (a moment) makes the browser show `late`, a dict
    with title, body and url, in place of a ring that comes too late (NOT-4).

    A browser that is gone (404, 410) is forgotten. Raises outbox.TryLater where nobody was reached and a push service asked
    for patience, with its Retry-After; where some were reached, `waiting` names the others.
    """
    if urgency not in URGENCIES:
        raise ValueError(f"{urgency!r} is no urgency of RFC 8030.")
    if not keys.is_on():
        return PushOutcome(reason="Push is off.")
    rows = [row for row in devices.list_awake(person) if only is None or row.pk in only]
    if not rows:
        return PushOutcome(reason="No browser asks for push.")
    body = make_payload(text, tag=tag, data=data or {})
    headers = {"Topic": topic_of(tag), "Urgency": urgency}
    with ThreadPoolExecutor(max_workers=min(AT_ONCE, len(rows))) as pool:  # no thread of it touches the database
        answers = list(pool.map(lambda row: _send_one(row, body, headers, ttl), rows))
    return _conclude(list(zip(rows, answers, strict=True)))


def make_payload(text: Text, *, tag: str, data: dict[str, Any]) -> str:
    """Return what the service worker reads."""
    title, words = _cut(text.title, LONGEST_TITLE), _cut(text.body, LONGEST_BODY)
    payload = {
        **data,
        "title": title,
        "body": words,
        "url": text.url or "/",
        "icon": text.picture or "",
        "tag": tag,
        "sent_at": clock.now(),
    }
    if "expires_at" in data and "late" not in data:
        payload["late"] = {"title": title, "body": _("You missed this."), "url": text.url or "/"}
    return json.dumps(payload, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))


def topic_of(tag: str) -> str:
    """Return a tag as push services take it: 32 letters of base64url."""
    return base64.urlsafe_b64encode(hashlib.sha256(tag.encode()).digest()).decode()[:32]


def _cut(words: Any, most: int) -> str:
    text = " ".join(str(words or "").split())
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _send_one(row: PushSubscription, body: str, headers: dict[str, str], ttl: int) -> _Answer:
    try:
        with door.open_session() as session:
            webpush(
                subscription_info={"endpoint": row.endpoint, "keys": {"p256dh": row.p256dh, "auth": row.auth}},
                data=body,
                vapid_private_key=keys.get_signer(),
                vapid_claims={"sub": settings.VAPID_SUBJECT},
                ttl=max(0, ttl),
                timeout=TIMEOUT,
                headers=dict(headers),
                requests_session=session,
            )
    except WebPushException as error:
        return _read_refusal(error)
    except door.NotPublic as error:
        return _Answer("gone", str(error))
    except RequestException as error:
        return _Answer("later", f"{type(error).__name__}: {row.endpoint.split('/')[2]} did not answer.")
    return _Answer("sent")


def _read_refusal(error: WebPushException) -> _Answer:
    status = error.status_code or 0
    told = f"The push service answered {status}."
    if status in {404, 410}:
        return _Answer("gone", told)
    if status == 429 or status >= 500:
        return _Answer("later", told, _seconds_of(error.retry_after or ""))
    return _Answer("failed", told)


def _seconds_of(header: str) -> float:
    """Read Retry-After: a number of seconds, or a date."""
    if header.strip().isdecimal():
        return float(header)
    try:
        return max(0.0, (parsedate_to_datetime(header) - clock.now()).total_seconds())
    except (TypeError, ValueError):
        return 0.0


def _conclude(answered: list[tuple[PushSubscription, _Answer]]) -> PushOutcome:
    by_result: dict[str, list[UUID]] = {"sent": [], "gone": [], "later": [], "failed": []}
    for row, answer in answered:
        by_result[answer.result].append(row.pk)
        PUSHED.labels(answer.result).inc()
        if answer.result == "failed":
            log.warning("push_failed", host=row.endpoint.split("/")[2], error=answer.error)
            PushSubscription.objects.filter(pk=row.pk).update(last_error=answer.error)
    PushSubscription.objects.filter(pk__in=by_result["gone"]).delete()
    PushSubscription.objects.filter(pk__in=by_result["sent"]).update(last_sent_at=clock.now(), last_error="")
    later = [answer for _row, answer in answered if answer.result == "later"]
    outcome = PushOutcome(
        sent=len(by_result["sent"]),
        gone=len(by_result["gone"]),
        failed=len(by_result["failed"]),
        waiting=tuple(by_result["later"]),
        retry_after=max((answer.seconds for answer in later), default=0.0),
        reason="; ".join(dict.fromkeys(answer.error for _row, answer in answered if answer.error)),
    )
    if outcome.waiting and not outcome.sent:
        raise TryLater(outcome.reason, seconds=outcome.retry_after)
    return outcome
