"""kill -9 of PostgreSQL under eight people who spend: what was acknowledged is there, and what was retried is there once."""

from __future__ import annotations

import threading
import time
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, InterfaceError, connection

from digis.stack.supervisor import Stack
from economy import invariants, selectors, services
from economy.models import LedgerTransaction
from tests import make

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]
TROUBLE = (DatabaseError, InterfaceError, psycopg.Error)
SPENDERS, ACTS, PRICE = 8, 60, 3
GIVE_UP = 120  # seconds


class Spender(threading.Thread):
    """Somebody who tips again and again, and asks with the same key until they have an answer (LEDGER-4)."""

    def __init__(self, person: Any, creator: Any, number: int) -> None:
        super().__init__(daemon=True)
        self.person, self.creator, self.number = person, creator, number
        self.acknowledged: list[tuple[str, object]] = []
        self.troubles = 0

    def run(self) -> None:
        try:
            for act in range(ACTS):
                self._insist(f"drill:{self.number}:{act}")
        finally:
            connection.close()

    def _insist(self, key: str) -> None:
        end = time.monotonic() + GIVE_UP
        while time.monotonic() < end:
            try:
                made = services.charge(
                    payer=self.person, payee=self.creator, amount=PRICE, kind="tip", key=key,
                    source_type="drill", source_id=key, fee_bp=2_000,
                )  # fmt: skip
            except TROUBLE:
                self.troubles += 1
                connection.close()
            else:
                self.acknowledged.append((key, made.pk))
                return
        raise AssertionError(f"no answer for {key} within {GIVE_UP} s")


def test_nothing_acknowledged_is_missing_and_nothing_is_doubled(drill: Stack):
    """LEDGER-1, LEDGER-4: three deaths of PostgreSQL, eight spenders that retry with the same key."""
    creator = make.make_creator("till")
    people = [make.make_person(f"spender{number}") for number in range(SPENDERS)]
    for person in people:
        make.buy_tokens(person, ACTS * PRICE)
    before = set(LedgerTransaction.objects.values_list("pk", flat=True))
    connection.close()
    spenders = [Spender(person, creator, number) for number, person in enumerate(people)]
    for spender in spenders:
        spender.start()

    def done() -> int:
        return sum(len(spender.acknowledged) for spender in spenders)

    for part in (1, 3, 5):
        while done() < SPENDERS * ACTS * part // 8:
            assert any(spender.is_alive() for spender in spenders), "they were done too early, or all gave up"
            time.sleep(0.005)
        drill.kill("postgres")
    for spender in spenders:
        spender.join(GIVE_UP)
    drill.wait_ready()

    assert all(len(spender.acknowledged) == ACTS for spender in spenders)
    assert sum(spender.troubles > 0 for spender in spenders) == SPENDERS, "nobody noticed: the drill was none"
    told = dict(pair for spender in spenders for pair in spender.acknowledged)
    kept = dict(LedgerTransaction.objects.filter(source_type="drill").values_list("key", "pk"))
    assert kept == told
    new = LedgerTransaction.objects.exclude(pk__in=before)
    assert new.count() == SPENDERS * ACTS
    assert [selectors.get_balance(person).purchased for person in people] == [0] * SPENDERS
    services.fold_earnings(limit=10_000)
    share = PRICE - PRICE * 2_000 // 10_000
    assert selectors.get_earnings(creator).total == SPENDERS * ACTS * share
    assert invariants.broken() == []
