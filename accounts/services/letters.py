"""Mail about accounts. Each is written to the outbox with its cause and sent after the commit."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.models import User
from digis.core import mail


def write(*, to: str, letter: str, person: User | None = None, **context: Any) -> None:
    """Post `accounts/mail/<letter>` to an address. Runs inside the caller's transaction."""
    mail.send(
        to=to,
        template=f"accounts/{letter}",
        context={"name": person.name if person else "", "handle": person.username if person else "", **context},
    )


def address_of(*, page: str, args: tuple[Any, ...] = ()) -> str:
    """Return the whole address of one of our pages, for a mail."""
    return f"{settings.SITE_URL}{reverse(page, args=args)}"
