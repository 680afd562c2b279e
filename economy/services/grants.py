"""Tokens the platform gives, and their expiry."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.permissions import require_not_staff
from digis.core import clock
from economy.models import LedgerTransaction, TokenLot
from economy.services.balances import announce_balances
from economy.sql import one, rows


def grant_promotional(
    *,
    person: User,
    amount: int,
    key: str,
    reason: str,
    expires_at: datetime | None = None,
    actor: User | None = None,
) -> LedgerTransaction:
    """Give promotional tokens as a lot of their own, and return the transaction.

    Amount in tokens. They expire after PROMOTIONAL_DAYS unless told otherwise, and what creators earn from them is
    never withdrawable (LEDGER-9). Repeating a key gives nothing more (LEDGER-4). Raises StaffStandApart (ACC-5).
    """
    require_not_staff(person)
    now = clock.now()
    with transaction.atomic():
        transaction_id, is_new = one(
            "SELECT transaction_id, is_new FROM economy_grant(%(person)s, %(amount)s, %(origin)s, %(withdrawable)s, "
            "%(expires_at)s, %(key)s, %(kind)s, %(actor)s, %(data)s::jsonb, %(now)s)",
            {
                "person": person.pk,
                "amount": amount,
                "origin": TokenLot.Origin.GRANT,
                "withdrawable": False,
                "expires_at": expires_at or now + timedelta(days=settings.PROMOTIONAL_DAYS),
                "key": key,
                "kind": "grant",
                "actor": actor.pk if actor else None,
                "data": json.dumps({"reason": reason}),
                "now": now,
            },
        )
        if is_new:
            announce_balances(people={person.pk})
        return LedgerTransaction.objects.get(pk=transaction_id)


def grant_on_sign_up(*, person: User) -> LedgerTransaction | None:
    """Give the welcome grant, once per verified person; nothing when SIGNUP_GRANT is zero or the account is staff."""
    if settings.SIGNUP_GRANT == 0 or person.is_staff:
        return None
    return grant_promotional(
        person=person, amount=settings.SIGNUP_GRANT, key=f"signup-grant:{person.pk}", reason="sign_up"
    )


def expire_promotional_lots(*, limit: int = 500) -> int:
    """Take back what is left of promotional lots whose time has passed; return how many people had some (LEDGER-13)."""
    with transaction.atomic():
        people: list[UUID] = [
            row[0]
            for row in rows("SELECT economy_expire_lots(%(limit)s, %(now)s)", {"limit": limit, "now": clock.now()})
        ]
        announce_balances(people=people)
    return len(people)
