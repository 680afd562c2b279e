"""Stock Channels as its tutorial has it: a group, a consumer that encodes and sends, the layer of channels-redis.

`python -m benchmarks.realtime_peers.stock_channels` is its publisher: `group_send` from outside a consumer.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="x" * 50,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["channels"],
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            # redis-py 8 gives up reading after 5 seconds, which is as long as the layer waits for a message.
            "CONFIG": {"hosts": [{"address": os.environ["REDIS_URL"], "socket_timeout": 60}]},
        }
    },
)
django.setup()

from asgiref.sync import async_to_sync  # noqa: E402  after Django's set-up, see above
from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.layers import get_channel_layer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402
from typing_extensions import override  # noqa: E402

from benchmarks.realtime_peers.lines import NUMBER, SENT, serve  # noqa: E402

GROUP = "room_evening"
urlpatterns: list[Any] = []


class RoomConsumer(AsyncWebsocketConsumer):
    """Everybody who connects is in the room."""

    @override
    async def connect(self) -> None:
        await self.channel_layer.group_add(GROUP, self.channel_name)
        await self.accept()

    @override
    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(GROUP, self.channel_name)

    async def room_line(self, event: dict[str, Any]) -> None:
        """Hand a line of the group to this socket."""
        await self.send(text_data=json.dumps(event["message"]))


application = ProtocolTypeRouter({"websocket": URLRouter([path("ws/", RoomConsumer.as_asgi())])})


def main() -> None:
    """Publish lines as they are asked for."""
    html = Path(os.environ["LINE_FILE"]).read_text(encoding="utf-8")
    send = async_to_sync(get_channel_layer().group_send)

    def publish(_: str, number: str, sent: str) -> None:
        message = {
            "type": "event",
            "topic": "room:evening",
            "name": "room.line",
            "html": html.replace(NUMBER, number).replace(SENT, sent),
            "data": {},
            "seq": int(number),
        }
        send(GROUP, {"type": "room.line", "message": message})

    serve(publish)


if __name__ == "__main__":
    main()
