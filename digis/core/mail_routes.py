"""The ways mail leaves: routes in the order of settings.MAIL_ROUTES, the next one when one fails."""

from __future__ import annotations

import re
import smtplib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import structlog
from anymail.exceptions import AnymailRecipientsRefused
from anymail.message import AnymailMessage
from django.conf import settings
from django.core.mail import get_connection
from prometheus_client import Counter

log = structlog.get_logger(__name__)

REST_SECONDS = 30.0  # a route that failed is asked last for so long: nobody waits for its time-out with every letter
NO_SUCH_MAILBOX = re.compile(r"(?<![\d.])5\.1\.(?:1|2|3|6|10)(?![\d.])")  # RFC 3463: the address, not the letter

POSTED = Counter(
    "digis_mail_posted_total", "Letters by the route they took and what became of them.", ["route", "result"]
)
_resting: dict[str, float] = {}


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one address. `id` is the local part of its Message-ID: the same letter keeps it, however often sent."""

    id: str
    to: str
    subject: str
    text: str
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)  # comes back with the provider's events

    @property
    def message_id(self) -> str:
        host = urlsplit(settings.SITE_URL).hostname or "localhost"
        return f"<{self.id}@{host}>"


@dataclass(frozen=True, slots=True)
class Posted:
    """A letter a route has taken. `provider_id` is the name its provider's events call it by."""

    route: str
    message_id: str
    provider_id: str


class AddressRefused(Exception):
    """The route says that there is no such mailbox. Another route, or another try, would hear the same."""


class NoRoute(Exception):
    """Every route failed. Trying again later may help."""


def post(letter: Letter) -> Posted:
    """Hand a letter to the first route that takes it. Raises AddressRefused, or NoRoute when none does."""
    failures: list[str] = []
    for route in _in_order(settings.MAIL_ROUTES):
        name = str(route["name"])
        try:
            posted = _post_by(route, letter)
        except Exception as error:
            if says_no_such_mailbox(error):
                POSTED.labels(name, "refused").inc()
                raise AddressRefused(_one_line(error)) from error
            _resting[name] = time.monotonic() + REST_SECONDS
            POSTED.labels(name, "failed").inc()
            log.warning("mail_route_failed", route=name, error=_one_line(error))
            failures.append(f"{name}: {_one_line(error)}")
        else:
            _resting.pop(name, None)
            POSTED.labels(name, "sent").inc()
            return posted
    raise NoRoute("; ".join(failures) or "MAIL_ROUTES is empty.")


def _in_order(routes: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    now = time.monotonic()
    return sorted(routes, key=lambda route: _resting.get(str(route["name"]), 0.0) > now)


def _post_by(route: Mapping[str, Any], letter: Letter) -> Posted:
    connection = get_connection(route.get("backend") or None, **route.get("options", {}))
    headers = {"Message-ID": letter.message_id, "Auto-Submitted": "auto-generated", **letter.headers}
    message = AnymailMessage(
        subject=letter.subject,
        body=letter.text,
        to=[letter.to],
        headers={**headers, **route.get("headers", {})},
        metadata=dict(letter.metadata),
        connection=connection,
    )
    if letter.html:
        message.attach_alternative(letter.html, "text/html")
    if not message.send():
        raise NoRoute("The route took no letter.")
    known_as = message.anymail_status.message_id
    return Posted(str(route["name"]), letter.message_id, known_as if isinstance(known_as, str) else letter.message_id)


def says_no_such_mailbox(error: BaseException) -> bool:
    """Tell whether a failure is about the address itself, which nothing but another address can mend."""
    if isinstance(error, AnymailRecipientsRefused):
        return True
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        texts = [reply.decode("utf-8", "replace") for _code, reply in error.recipients.values()]
        return bool(texts) and all(NO_SUCH_MAILBOX.search(text) for text in texts)
    return False


def _one_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:500]
