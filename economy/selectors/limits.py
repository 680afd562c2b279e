"""A person's own spending limits, and what they leave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import User
from digis.core import clock
from economy.models import SpendingLimit
from economy.selectors.balances import get_balance
from economy.sql import one, rows

NO_LIMIT = 9_000_000_000_000_000  # what economy_limit_left answers where there is none


@dataclass(frozen=True, slots=True)
class Limit:
    """One period's limit as it stands now. None is no limit; `coming` is what it becomes at `coming_at`."""

    period: SpendingLimit.Period
    tokens: int | None
    coming: int | None = None
    coming_at: datetime | None = None


def list_limits(person: User) -> list[Limit]:
    """Return a person's limits for a day, a week and a month, in that order."""
    now = clock.now()
    found = {row.period: row for row in SpendingLimit.objects.filter(person=person)}
    limits = []
    for period in SpendingLimit.Period:
        row = found.get(period)
        if row is None:
            limits.append(Limit(period, None))
        elif row.next_from is None or row.next_from <= now:
            limits.append(Limit(period, row.tokens if row.next_from is None else row.next_tokens))
        else:
            limits.append(Limit(period, row.tokens, row.next_tokens, row.next_from))
    return limits


@dataclass(frozen=True, slots=True)
class Standing:
    """One period's limit and what was spent of it in its present span, holds counted; `left` is None without a limit."""

    limit: Limit
    spent: int
    since: datetime

    @property
    def period(self) -> SpendingLimit.Period:
        return self.limit.period

    @property
    def left(self) -> int | None:
        return None if self.limit.tokens is None else max(0, self.limit.tokens - self.spent)


def list_standings(person: User) -> list[Standing]:
    """Return where a person stands in the present day, week and month of their own zone."""
    spans = {
        period: (spent, since)
        for period, spent, since in rows(
            "SELECT period, spent, since FROM economy_limit_standing(%(person)s, %(now)s)",
            {"person": person.pk, "now": clock.now()},
        )
    }
    held = get_balance(person).held
    return [Standing(limit, spans[limit.period][0] + held, spans[limit.period][1]) for limit in list_limits(person)]


def get_limit_left(person_id: UUID) -> int | None:
    """Return how many tokens a person's limits leave them now, holds counted as spent; None without a limit."""
    (left,) = one("SELECT economy_limit_left(%(person)s, %(now)s)", {"person": person_id, "now": clock.now()})
    return None if left == NO_LIMIT else max(0, left)


def get_spendable(person: User) -> int:
    """Return how many tokens a person can spend now: what is free, as far as their own limits let them."""
    left = get_limit_left(person.pk)
    free = get_balance(person).spendable
    return free if left is None else min(free, left)
