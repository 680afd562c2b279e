"""Mail about accounts. Each is written to the outbox with its cause and sent after the commit."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.models import User
from accounts.signals import letter_written
from digis.core import mail

# Letters whose reader waits for them at this moment: a code, a link. They go even where mail came back (NOT-7).
ASKED_FOR = frozenset({"verify", "sign_in_code", "step_up", "reset", "change_email"})


def write(*, to: str, letter: str, person: User | None = None, **context: Any) -> None:
    """Post `accounts/mail/<letter>` to an address. Runs inside the caller's transaction."""
    mail.send(
        to=to,
        template=f"accounts/{letter}",
        context={"name": person.name if person else "", "handle": person.username if person else "", **context},
        is_asked_for=letter in ASKED_FOR,
    )
    if person is not None:
        letter_written.send(sender=User, person=person, letter=letter, facts=context)


def address_of(*, page: str, args: tuple[Any, ...] = ()) -> str:
    """Return the whole address of one of our pages, for a mail."""
    return f"{settings.SITE_URL}{reverse(page, args=args)}"
