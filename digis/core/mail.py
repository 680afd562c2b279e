"""Mail: promised in the cause's transaction, sent by the outbox, readable at /dev/mail/ in development.

How it leaves is the business of `digis.core.mail_routes`.
"""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage as ParsedMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils import translation
from typing_extensions import override

from digis.core import currencies, mail_routes, outbox
from digis.core.errors import NotFound
from digis.core.ids import uuid7
from digis.core.signals import address_refused

KIND = "core.mail"
log = structlog.get_logger(__name__)
_is_dead: Callable[[str], bool] = lambda _address: False  # noqa: E731  replaced by `skip_dead_addresses`


def skip_dead_addresses(is_dead: Callable[[str], bool]) -> None:
    """Ask this before mail leaves: to an address from which mail comes back nothing is sent (NOT-7)."""
    global _is_dead  # noqa: PLW0603  one question for the process, set once in AppConfig.ready()
    _is_dead = is_dead


def send(
    *,
    to: Any,
    template: str,
    context: dict[str, Any] | None = None,
    language: str | None = None,
    is_asked_for: bool = False,
) -> None:
    """Send a mail once the present transaction commits. Delivered at least once, under one Message-ID.

    `to` is an address or somebody who has an `email`; `template` is "accounts/sign_in_code", which names
    templates/accounts/mail/sign_in_code.{subject.txt,txt,html} (the html is optional). It is rendered now, in the
    recipient's language and currency (I18N-3), so the mail says what was true when its cause was committed. What its reader asks for
    this very minute (a code) is sent even to an address from which mail came back: it is how they prove it again (NOT-7).
    """
    address: str = to if isinstance(to, str) else to.email
    currency: str = getattr(to, "currency", "")
    subject, text, html = render(template, context or {}, language=language, currency=currency)
    payload = {"to": address, "subject": subject, "text": text, "html": html, "id": str(uuid7()), "asked": is_asked_for}
    outbox.enqueue(kind=KIND, payload=payload)


def render(
    template: str, context: dict[str, Any], *, language: str | None = None, currency: str = ""
) -> tuple[str, str, str]:
    """Return the subject, text and HTML of a mail template in a language, with money beside tokens in a currency."""
    app, _, name = template.replace("/mail/", "/").partition("/")
    base = f"{app}/mail/{name}"
    with translation.override(language or settings.LANGUAGE_CODE), currencies.shown_to(currency):
        full = {
            "site_name": settings.SITE_NAME,
            "site_url": settings.SITE_URL,
            "language": translation.get_language(),
            "is_right_to_left": translation.get_language_bidi(),
            **context,
        }
        subject = " ".join(render_to_string(f"{base}.subject.txt", full).split())
        return subject, render_to_string(f"{base}.txt", full), _render_optional(f"{base}.html", full)


def _render_optional(template: str, context: dict[str, Any]) -> str:
    try:
        return render_to_string(template, context)
    except TemplateDoesNotExist as missing:
        if str(missing) != template:  # the mail exists, something it includes does not
            raise
        return ""


@outbox.handler(KIND)
def deliver(payload: dict[str, Any]) -> None:
    """Hand one mail to a route. A repeat carries the same Message-ID, so that mail servers may drop it."""
    if not payload.get("asked") and _is_dead(payload["to"]):
        log.info("mail_skipped", reason="dead_address")
        return
    letter = mail_routes.Letter(
        id=payload["id"], to=payload["to"], subject=payload["subject"], text=payload["text"], html=payload["html"]
    )
    try:
        mail_routes.post(letter)
    except mail_routes.AddressRefused as error:
        address_refused.send(sender=None, address=letter.to, detail=str(error))


# ── Development and tests: mail goes nowhere, it can be read ────────────────────────────────


class StoredMailBackend(BaseEmailBackend):
    """Keeps each mail as a file in MAIL_DIR, newest last by name. Never in production (core.E003)."""

    @override
    def send_messages(self, email_messages: Iterable[EmailMessage]) -> int:
        folder = mail_folder()
        folder.mkdir(parents=True, exist_ok=True)
        sent = 0
        for message in email_messages:
            name = f"{uuid7()}.eml"
            part = folder / f".{name}.part"
            part.write_bytes(message.message().as_bytes())
            part.rename(folder / name)  # a reader sees whole mails only
            sent += 1
        return sent


@dataclass(frozen=True, slots=True)
class StoredMail:
    """One mail as /dev/mail/ shows it."""

    id: str
    to: str
    subject: str
    sent_at: datetime | None
    text: str
    html: str
    headers: list[tuple[str, str]]


def mail_folder() -> Path:
    """Return the folder of stored mail."""
    return Path(settings.MAIL_DIR)


def list_stored(*, to: str = "", limit: int = 100) -> list[StoredMail]:
    """Return stored mail, newest first, perhaps only one person's."""
    found: list[StoredMail] = []
    folder = mail_folder()
    for path in sorted(folder.glob("*.eml"), reverse=True) if folder.is_dir() else []:
        mail = _read(path)
        if not to or to.lower() in mail.to.lower():
            found.append(mail)
        if len(found) >= limit:
            break
    return found


def get_stored(mail_id: str) -> StoredMail:
    """Return one stored mail, or raise NotFound."""
    path = mail_folder() / f"{mail_id}.eml"
    if not path.is_file():
        raise NotFound
    return _read(path)


def _read(path: Path) -> StoredMail:
    parsed = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(parsed, ParsedMessage)  # noqa: S101  the policy above makes it one
    sent_at = parsedate_to_datetime(str(parsed["Date"])) if parsed["Date"] else None
    return StoredMail(
        id=path.stem,
        to=str(parsed["To"]),
        subject=str(parsed["Subject"]),
        sent_at=sent_at.replace(tzinfo=sent_at.tzinfo or UTC) if sent_at else None,
        text=_body(parsed, "plain"),
        html=_body(parsed, "html"),
        headers=[(name, str(value)) for name, value in parsed.items()],
    )


def _body(message: ParsedMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""
