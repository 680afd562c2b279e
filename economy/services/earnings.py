"""Earnings on their way from pending to available (PAY-1)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import User
from digis.core import clock
from digis.core.errors import InvalidState
from economy.models import Earning
from economy.selectors.earnings import get_hold_days
from economy.services.balances import announce_earnings
from economy.services.reviews import date_reviewed_sale
from economy.sql import rows


def mature_earnings(*, limit: int = 2_000, creator: User | None = None) -> list[UUID]:
    """Release earnings whose day has come, and return the creators whose balances moved.

    What a creator owes is paid from them first (PAY-4). `limit` bounds the earnings looked at in one transaction; all
    due ones of a creator that was met go together. Repeating it releases nothing twice; any number may run at once.
    """
    with transaction.atomic():
        moved = [
            row[0]
            for row in rows(
                "SELECT economy_mature(%(limit)s, %(now)s, %(creator)s)",
                {"limit": limit, "now": clock.now(), "creator": creator.pk if creator else None},
            )
        ]
        announce_earnings(people=moved)
    return moved


def start_hold(*, transaction_id: UUID, kind: str, at: datetime | None = None) -> None:
    """Let the hold of an earning begin that waited for its event: a delivery, an acceptance (PAY-1).

    Once begun it stays as it is; repeating it changes nothing. Raises InvalidState for an earning that does not exist.
    """
    with transaction.atomic():
        earning = Earning.objects.select_for_update().filter(pk=transaction_id).first()
        if earning is None:
            raise InvalidState
        if earning.available_at is None:
            days = get_hold_days(kind=kind, creator_id=earning.creator_id)
            available_at = (at or clock.now()) + timedelta(days=days)
            if date_reviewed_sale(transaction_id=transaction_id, available_at=available_at):
                return  # staff look at it: it has that day once they release it
            earning.available_at = available_at
            earning.save(update_fields=["available_at"])
