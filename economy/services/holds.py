"""Holds: tokens set aside for something under way, and given back to the lots they came from."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from accounts.permissions import require_not_staff, require_verified
from digis.core import clock
from digis.core.errors import IdempotencyConflict
from digis.core.ids import uuid7
from economy.errors import SpendingLimitReached
from economy.models import Hold
from economy.services.balances import RETURN_GRACE, announce_balances
from economy.services.charges import Charge, charge_many, shortfall
from economy.sql import one


def place_hold(*, person: User, amount: int, key: str, source_type: str, source_id: str) -> Hold:
    """Set `amount` tokens aside, all of them or none.

    Raises InsufficientTokens, SpendingLimitReached, EmailUnverified (nobody spends before that), and IdempotencyConflict when the key is
    someone else's. The same key again returns the first hold (LEDGER-4). Lots are kept apart inside the hold (LEDGER-3).
    """
    require_not_staff(person)
    require_verified(person)
    with transaction.atomic():
        hold_id, outcome, covered, _spendable = one(
            "SELECT hold_id, outcome, covered, spendable FROM economy_place_hold("
            "%(hold)s, %(person)s, %(amount)s, %(key)s, %(source_type)s, %(source_id)s, %(now)s)",
            {
                "hold": uuid7(),
                "person": person.pk,
                "amount": amount,
                "key": key,
                "source_type": source_type,
                "source_id": source_id,
                "now": clock.now(),
            },
        )
        if outcome == "conflict":
            raise IdempotencyConflict
        if outcome == "limited":
            raise SpendingLimitReached(left=covered)
        if outcome == "insufficient":
            raise shortfall(payer=person, needed=amount, covered=covered)
        if outcome == "posted":
            announce_balances(people={person.pk})
        return Hold.objects.get(pk=hold_id)


def top_up_hold(*, hold: Hold, to_amount: int) -> Hold:
    """Fill the hold up to `to_amount` tokens, as far as the free balance reaches, and return it as it is then.

    Never raises for funds and never takes tokens out of the hold.
    """
    charge_many(
        charges=[
            Charge(
                key=f"hold:{hold.pk}:{uuid7()}",
                payer_id=hold.person_id,
                payee_id=None,
                amount=0,
                kind="hold",
                source_type=hold.source_type,
                source_id=hold.source_id,
                fee_bp=0,
                hold_id=hold.pk,
                hold_to=to_amount,
            )
        ]
    )
    return Hold.objects.get(pk=hold.pk)


def release_hold(*, hold: Hold, key: str | None = None) -> int:
    """Give back what is left in the hold, to the same lots, and return how many tokens that was.

    Repeating it gives back nothing more. What the person owes is paid from it first (LEDGER-8).
    """
    with transaction.atomic():
        (released,) = one(
            "SELECT economy_release_hold(%(hold)s, %(key)s, %(grace)s, %(now)s)",
            {"hold": hold.pk, "key": key or f"hold:{hold.pk}:release", "grace": RETURN_GRACE, "now": clock.now()},
        )
        if released:
            announce_balances(people={hold.person_id})
    return int(released)
