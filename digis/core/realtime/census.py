"""How many sockets each person has open in all processes together, and how one process has another close one.

Valkey keeps a sorted set per person: the sockets by when they opened, each named by its process and its number there.
The twenty-first closes the oldest, wherever that is: its process is told over the channel layer (channels-redis),
which carries what processes tell one another; what many sockets are to hear goes through the hub. A process that died
takes its sockets out of the count as soon as the count matters. Without Valkey each process counts its own.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, cast

import redis.asyncio
import redis.exceptions
import structlog
from channels.exceptions import ChannelFull
from channels.layers import get_channel_layer
from django.conf import settings

from digis.core import clock
from digis.core.ids import uuid7

log = structlog.get_logger(__name__)

LIFE_SECONDS = 60  # a process that did not call for so long is dead
KEEP_SECONDS = 7 * 86_400  # what nobody touches for so long goes
LONGEST_PAUSE = 5.0
AWAY = (redis.exceptions.RedisError, OSError, TimeoutError)

# KEYS: the person's sockets. ARGV: now, the new socket, the limit, how a process's sign of life begins, seconds to keep.
# The signs of life are read by computed names, which one Valkey allows (a cluster would not).
_ENTER = """
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[5])
local over = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[3])
if over <= 0 then return {} end
for _, socket in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if redis.call('EXISTS', ARGV[4] .. string.match(socket, '^[^/]*')) == 0 then
    redis.call('ZREM', KEYS[1], socket)
    over = over - 1
  end
end
if over <= 0 then return {} end
local oldest = redis.call('ZRANGE', KEYS[1], 0, over - 1)
redis.call('ZREM', KEYS[1], unpack(oldest))
return oldest
"""


class Census:
    """This process's part in the count. `evict(number)` closes a socket of ours."""

    def __init__(self, limit: int, evict: Callable[[int], None]) -> None:
        self.limit = limit
        self._evict = evict
        self._layer: Any = get_channel_layer()
        self._name = f"sockets.{uuid7().hex}"  # what other processes reach us by
        self._store: Any = redis.asyncio.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=1.0
        )
        self._enter = self._store.register_script(_ENTER)

    async def show_life(self) -> None:
        """Say that this process lives; the sockets of one that does not say so are not counted."""
        await self._store.set(self._sign(self._name), 1, ex=LIFE_SECONDS)

    async def enter(self, person_id: str, number: int, *, opened: float | None = None) -> None:
        """Count a socket, and have the oldest closed if the person has too many now."""
        moment = clock.now().timestamp() if opened is None else opened
        arguments: list[str | float] = [moment, f"{self._name}/{number}", self.limit, self._sign(""), KEEP_SECONDS]
        for oldest in await self._enter(keys=[self._key(person_id)], args=arguments):
            process, _, found = oldest.decode().rpartition("/")
            if process == self._name:
                self._evict(int(found))
            else:
                await self._tell(process, {"type": "socket.evict", "number": int(found)})

    async def leave(self, person_id: str, number: int) -> None:
        """Count a socket no longer."""
        await self._store.zrem(self._key(person_id), f"{self._name}/{number}")

    async def listen(self) -> None:
        """Do what other processes ask for, for ever."""
        pause = 0.1
        while True:
            try:
                message = await self._layer.receive(self._name)
            except AWAY as error:
                log.warning("realtime_layer_away", error=str(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            pause = 0.1
            if message.get("type") == "socket.evict":
                self._evict(int(message["number"]))

    async def stop(self) -> None:
        """Give back what is held; what is written of this process goes, or expires."""
        with contextlib.suppress(*AWAY):
            await self._store.delete(self._sign(self._name))
        await cast("Awaitable[Any]", self._store.aclose())

    async def _tell(self, process: str, message: dict[str, Any]) -> None:
        try:
            await self._layer.send(process, message)
        except (ChannelFull, *AWAY) as error:
            log.warning("realtime_layer_send_failed", error=str(error))

    @staticmethod
    def _key(person_id: str) -> str:
        return f"{settings.REALTIME_CHANNEL}:person:{person_id}"

    @staticmethod
    def _sign(process: str) -> str:
        return f"{settings.REALTIME_CHANNEL}:process:{process}"
