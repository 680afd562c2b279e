"""The room: a topic that the benchmark opens, asked at every subscription like any other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from django.apps import AppConfig
from typing_extensions import override

from digis.core import realtime

TOPIC = "room:evening"


@dataclass(frozen=True)
class LineAdded(realtime.Event):
    """Somebody said something in the room."""

    name: ClassVar[str] = "room.line"
    template: ClassVar[str] = "digis_room/line.html"
    number: str
    sent: str

    @override
    def context(self) -> dict[str, Any]:
        return {"number": self.number, "sent": self.sent}


class RoomConfig(AppConfig):
    name = "benchmarks.realtime_peers.digis_room"
    label = "digis_room"

    @override
    def ready(self) -> None:
        """Open the topic."""
        realtime.register_topic("room", authorize=may_listen)


def may_listen(user: Any, topic_id: str) -> bool:
    """Ask the database, as the rooms of the product do."""
    return topic_id == TOPIC.partition(":")[2] and type(user).objects.filter(pk=user.pk, is_active=True).exists()
