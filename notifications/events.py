"""What open pages show differently when somebody was told something, or has read it elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from typing_extensions import override

from accounts.selectors import get_person
from digis.core.realtime import Event
from notifications import selectors
from notifications.models import Notification
from notifications.selectors import Line

TABS = ("all", "unread")


def place_of(tab: str, category: str = "") -> str:
    """Return the id of the list that shows a tab of the inbox, perhaps narrowed to a category."""
    return f"news-{tab}-{category}" if category else f"news-{tab}"


def url_of(tab: str, category: str = "") -> str:
    """Return the address of a tab."""
    query = {name: value for name, value in (("tab", tab if tab != "all" else ""), ("category", category)) if value}
    base = reverse("notifications:list")
    return f"{base}?{urlencode(query)}" if query else base


@dataclass(frozen=True)
class NotificationArrived(Event):
    """A line to be put on top of whatever list of the inbox is open."""

    name: ClassVar[str] = "notification.new"
    template: ClassVar[str] = "notifications/frames/arrived.html"

    person_id: UUID
    notification_id: UUID

    @cached_property
    def line(self) -> Line | None:
        """The line as its owner may see it when the frame is made, after the commit (NOT-2)."""
        row = Notification.objects.filter(pk=self.notification_id, person=self.person_id).first()
        return None if row is None else selectors.present_line(get_person(id=self.person_id), row)

    @override
    def context(self) -> dict[str, Any]:
        if self.line is None:
            return {"places": []}
        tabs = TABS[:1] if self.line.is_read else TABS
        places = [
            {"tab": tab, "list": place_of(tab, category), "url": url_of(tab, category)}
            for tab in tabs
            for category in ("", self.line.head.category)
        ]
        return {"line": self.line, "places": places}

    @override
    def data(self) -> dict[str, Any]:
        if self.line is None:
            return {"id": str(self.notification_id)}
        return {
            "id": str(self.notification_id),
            "kind": self.line.head.kind,
            "title": self.line.text.title,
            "url": reverse("notifications:open", args=[self.notification_id]),
        }


@dataclass(frozen=True)
class NotificationsCounted(Event):
    """The bell, and the lines that were read a moment ago, in this tab or another."""

    name: ClassVar[str] = "notification.count"
    template: ClassVar[str] = "notifications/frames/counted.html"

    person_id: UUID
    is_all: bool = False  # everything was read: an open list looks again

    @cached_property
    def unread(self) -> int:
        """How many lines wait when the frame is made."""
        return selectors.count_unread(get_person(id=self.person_id))

    @override
    def context(self) -> dict[str, Any]:
        return {"unread": self.unread, "lines": selectors.list_recently_read(get_person(id=self.person_id))}

    @override
    def data(self) -> dict[str, Any]:
        return {"unread": self.unread, "all": self.is_all}
