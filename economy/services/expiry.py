"""The notice before promotional tokens expire (LEDGER-13)."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from digis.core import clock
from economy.models import TokenLot
from economy.selectors.expiry import list_expiring_lots
from notifications.days import days_before
from notifications.services import cancel_reminders, schedule_reminder

KIND = "economy.tokens_expire"
AHEAD = timedelta(days=2)  # so long before the notice it is written down; runs may be missed


def plan_expiry_reminders() -> int:
    """Write down a reminder for every lot that expires soon, EXPIRY_NOTICE_DAYS before on its owner's calendar; return how many.

    Derived from the lots, so that bonuses, grants and extended ones are all found. Repeatable: a lot and its day have one
    reminder, and one that is empty by then is not told of.
    """
    now = clock.now()
    horizon = now + timedelta(days=settings.EXPIRY_NOTICE_DAYS) + AHEAD
    lots = list(list_expiring_lots(after=now, until=horizon))
    for lot in lots:
        _plan(lot)
    return len(lots)


@transaction.atomic
def _plan(lot: TokenLot) -> None:
    assert lot.expires_at is not None  # noqa: S101  the query asks for it
    slot = f"{settings.EXPIRY_NOTICE_DAYS} days before {lot.expires_at:%F}"
    due_at = days_before(lot.expires_at, days=settings.EXPIRY_NOTICE_DAYS, zone=lot.owner.time_zone)
    if due_at < lot.created_at:
        return  # it came with less time than that: the wallet says when it goes
    cancel_reminders(target=lot, but=slot)
    schedule_reminder(
        kind=KIND,
        person=lot.owner,
        target=lot,
        slot=slot,
        due_at=due_at,
        data={"tokens": lot.remaining, "expires_at": lot.expires_at.isoformat()},
    )
