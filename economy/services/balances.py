"""What every movement has in common: telling the person, and how long returned tokens live."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from uuid import UUID

from digis.core.realtime import publish_on_commit
from economy.events import BalanceChanged

RETURN_GRACE: Final = timedelta(days=30)  # tokens that return to an expired lot live so much longer (LEDGER-3)


def announce_balances(*, people: Iterable[UUID]) -> None:
    """Show each person their balance as it is after the commit, in every tab they have open."""
    for person_id in people:
        publish_on_commit(BalanceChanged(person_id=person_id), to=f"user:{person_id}")
