"""People who are told something, by the ways they chose."""

from __future__ import annotations

from typing import Any

from accounts import services as accounts
from notifications import services
from notifications.models import Delivery
from tests import make


def listener(name: str = "listener", *channels: str, **fields: Any) -> Any:
    """Make a creator who hears of new followers by these ways besides the inbox."""
    person = make.make_creator(name, **fields)
    for channel in channels:
        services.set_preference(person=person, category="followers", channel=channel, is_on=True)
    return person


def follow(followed: Any, name: str = "") -> Any:
    """Have somebody follow a person; return who."""
    follower = make.make_person(name)
    accounts.follow(follower=follower, followed=followed)
    return follower


def delivery_of(person: Any, channel: str) -> Delivery:
    """Return the newest delivery to a person by one channel."""
    return Delivery.objects.filter(notification__person=person, channel=channel).latest("created_at")


def run() -> None:
    """Do what waits and is due."""
    make.handle_outbox("notifications.deliver", "notifications.digest", "notifications.push_rest")
