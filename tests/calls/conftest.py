"""A clock that the tests of the meter move, and the proof after each of them that the books balance."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from digis.core import valkey
from economy import invariants
from tests.calls import cast


class Clock:
    """The shared clock, set to whole seconds after a fixed noon. Only the milliseconds a test takes are its own."""

    noon = datetime(2027, 6, 1, 12, tzinfo=UTC)

    def __init__(self, path: Path) -> None:
        self.path, self.second = path, 0.0
        self.to(0)

    def to(self, second: float) -> None:
        """Set the clock to so many seconds after noon."""
        self.second = float(second)
        offset = self.noon + timedelta(seconds=second) - datetime.now(UTC)
        self.path.write_text(str(offset.total_seconds()), encoding="ascii")

    def forward(self, seconds: float) -> None:
        """Move the clock on."""
        self.to(self.second + seconds)


@pytest.fixture
def clock() -> Iterator[Clock]:
    path = Path(settings.CLOCK_OFFSET_FILE)
    moved = Clock(path)
    yield moved
    path.unlink(missing_ok=True)


class Heard:
    """Every frame the hub would hand on, read from the one channel it listens to."""

    def __init__(self) -> None:
        self._pubsub = valkey.client().pubsub()
        self._pubsub.subscribe(settings.REALTIME_CHANNEL)
        self._pubsub.get_message(timeout=5)
        self.frames: list[tuple[str, dict]] = []

    def __call__(self, person, name: str = "") -> list[dict]:
        """Return the events a person was sent so far, of one name or all."""
        while (message := self._pubsub.get_message(timeout=0.2)) is not None:
            header, _, body = message["data"].partition(b"\n")
            self.frames.append((json.loads(header).get("t", ""), json.loads(body or b"null")))
        mine = [frame for topic, frame in self.frames if topic == f"user:{person.pk}"]
        return [frame for frame in mine if name in {"", frame["name"]}]

    def close(self) -> None:
        self._pubsub.close()


@pytest.fixture
def heard(transactional_db) -> Iterator[Heard]:
    listener = Heard()
    yield listener
    listener.close()


@pytest.fixture
def fan(clock, db):
    return cast.make_person("fan", tokens=1_000)


@pytest.fixture
def creator(clock, db):
    return cast.make_creator()


@pytest.fixture
def talk(clock, fan, creator) -> cast.Talk:
    """A call that was just picked up: video at 20 tokens a minute, 1,000 in the fan's wallet."""
    return cast.Talk(clock, cast.open_call(fan, creator))


CALLS_AGREE = """
SELECT c.id, c.charged_tokens, c.fee_tokens, m.amount, m.fee, t.amount AS ledger, t.fee AS ledger_fee
FROM calls_call c
LEFT JOIN LATERAL (
    SELECT coalesce(sum(amount), 0) AS amount, coalesce(sum(fee), 0) AS fee FROM calls_callminute WHERE call_id = c.id
) m ON true
LEFT JOIN LATERAL (
    SELECT coalesce(-sum(amount), 0) AS amount, coalesce(sum(fee), 0) AS fee
    FROM economy_ledgertransaction WHERE kind = 'call' AND source_id = c.id::text
) t ON true
WHERE (c.charged_tokens, c.fee_tokens) <> (m.amount, m.fee)
   OR (c.charged_tokens, c.fee_tokens) <> (t.amount, t.fee)
   OR c.fee_tokens <> c.charged_tokens * c.fee_bp / 10000
   OR (c.status = 'ended' AND EXISTS (SELECT 1 FROM calls_callseat s WHERE s.call_id = c.id AND s.released_at IS NULL))
   OR (c.status = 'ended' AND c.parked_at IS NULL
       AND (SELECT state FROM economy_hold h WHERE h.id = c.hold_id) <> 'released')
"""


@pytest.fixture(autouse=True)
def _books_balance(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test here: the ledger is whole, and each call, its minutes and the ledger tell the same sum."""
    touches_database = {"db", "transactional_db"} & set(request.fixturenames)
    yield
    if not touches_database:
        return
    assert invariants.broken() == []
    with connection.cursor() as cursor:
        cursor.execute(CALLS_AGREE)
        assert cursor.fetchall() == []
