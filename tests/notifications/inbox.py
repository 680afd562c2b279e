"""What tests of notifications share: telling, reading the lines, a browser that asked for push."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from notifications import selectors, services
from notifications.models import PushSubscription


def tell(
    person: Any, *, kind: str = "test.news", key: str = "", words: str = "", actor: Any = None, **more: Any
) -> Any:
    """Tell a person something, of a kind of tests unless named."""
    data = more.pop("data", {}) | ({"words": words} if words else {})
    return services.notify(kind=kind, person=person, key=key or uuid4().hex, actor=actor, data=data, **more)


def lines(person: Any, **narrowed: Any) -> list[str]:
    """Return how a person's inbox reads, the newest first."""
    heads = selectors.list_heads(person, **narrowed).order_by(*selectors.ORDER)
    return [line.text.title for line in selectors.present_lines(person, heads)]


def push_device(person: Any) -> PushSubscription:
    """A browser that asked to be woken."""
    return PushSubscription.objects.create(
        person=person,
        endpoint=f"https://push.example/{uuid4()}",
        p256dh="k",
        auth="a",
        session_key="s",
        label="Firefox",
    )
