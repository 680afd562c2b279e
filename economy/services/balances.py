"""What every movement has in common: telling the person, and how long returned tokens live."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from uuid import UUID

from digis.core.realtime import publish_on_commit
from economy.events import BalanceChanged, EarningsMoved

RETURN_GRACE: Final = timedelta(days=30)  # tokens that return to an expired lot live so much longer (LEDGER-3)


def announce_balances(*, people: Iterable[UUID]) -> None:
    """Show each person their balance as it is after the commit, in every tab they have open."""
    for person_id in people:
        publish_on_commit(BalanceChanged(person_id=person_id), to=f"user:{person_id}")


def announce_earnings(*, people: Iterable[UUID]) -> None:
    """Have the studio of each creator, in every tab that shows it, ask what they earned, after the commit."""
    for creator_id in people:
        publish_on_commit(EarningsMoved(person_id=creator_id), to=f"user:{creator_id}")
