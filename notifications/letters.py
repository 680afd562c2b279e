"""Notifications as letters: text and HTML in the reader's language, with a way out that one press takes (NOT-1, NOT-6)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import translation

from digis.core import clock, currencies, mail, mail_routes
from notifications import bounces

if TYPE_CHECKING:
    from accounts.models import User
    from notifications.kinds import Text
    from notifications.models import Delivery


def send_letter(*, delivery: Delivery, text: Text, unsubscribe_url: str) -> str:
    """Send one notification by mail and return the id its provider's events will name it by.

    The Message-ID comes from the delivery's id: sent again after a crash it is the same letter (NOT-1). Without
    `unsubscribe_url` (mandatory kinds) there is no way out to offer. Returns "" where there is no such mailbox: the
    address is held back from then on (NOT-7). Raises NoRoute when no route takes it: the outbox tries again.
    """
    person = delivery.notification.person
    context = {"item": whole(text), "person": person, "unsubscribe_url": unsubscribe_url}
    return _post(
        person=person,
        template="notifications/letter",
        context=context,
        letter_id=str(delivery.pk),
        unsubscribe_url=unsubscribe_url,
        metadata={"delivery": str(delivery.pk)},
    )


def send_digest(*, person: User, due: Iterable[Delivery], texts: Sequence[Text], unsubscribe_url: str) -> str:
    """Send many notifications in one letter, under one Message-ID; see `send_letter`.

    `due` is every delivery this run looked at, also those it left out.
    """
    # What is read or muted between a try and its repeat changes what the letter holds, never what was due: a lost commit
    # leaves the first of these waiting, tried as often as before. Once it was noted it leads no other letter; where
    # staff try it again it was tried more often.
    first = min(due, key=lambda delivery: delivery.pk)
    name = f"{first.pk} {first.attempts}"
    context = {"items": [whole(text) for text in texts], "person": person, "unsubscribe_url": unsubscribe_url}
    return _post(
        person=person,
        template="notifications/digest",
        context=context,
        letter_id=f"digest-{hashlib.sha256(name.encode()).hexdigest()[:32]}",
        unsubscribe_url=unsubscribe_url,
        metadata={},  # the provider's own id, kept with each delivery, finds them all
    )


def language_of(person: User) -> str:
    """Return the first of a person's languages that Digis speaks (I18N-3)."""
    spoken = {code for code, _ in settings.LANGUAGES}
    return next((code for code in person.languages if code in spoken), settings.LANGUAGE_CODE)


@contextmanager
def in_words_of(person: User) -> Iterator[None]:
    """Write what stands within the block in a person's language and currency, whoever caused it (I18N-3)."""
    with translation.override(language_of(person)), currencies.shown_to(person.currency):
        yield


def whole(text: Text) -> dict[str, str]:
    """Return a text's parts with whole addresses, as a mail program or a browser's notification needs them."""
    picture = getattr(text, "picture", None) or ""
    return {
        "title": str(text.title),
        "body": str(text.body or ""),
        "url": whole_address(str(text.url)),
        "picture": whole_address(str(picture)) if picture else "",
    }


def whole_address(url: str) -> str:
    """Put our own host before a path."""
    return f"{settings.SITE_URL}{url}" if url.startswith("/") else url


def _post(
    *,
    person: User,
    template: str,
    context: dict[str, Any],
    letter_id: str,
    unsubscribe_url: str,
    metadata: dict[str, str],
) -> str:
    subject, text, html = mail.render(template, context, language=language_of(person), currency=person.currency)
    headers = {}
    if unsubscribe_url:
        headers = {
            "List-Unsubscribe": f"<{unsubscribe_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    letter = mail_routes.Letter(
        id=letter_id, to=person.email, subject=subject, text=text, html=html, headers=headers, metadata=metadata
    )
    try:
        return mail_routes.post(letter).provider_id
    except mail_routes.AddressRefused as error:
        with transaction.atomic():
            bounces.suppress(
                address=person.email,
                reason=bounces.Reason.HARD_BOUNCE,
                since=clock.now(),
                detail=str(error),
            )
        return ""
