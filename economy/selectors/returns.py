"""What of a purchase can go back to the card it came from (LEDGER-12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Sum

from digis.core import clock
from digis.core.money import Money
from economy.models import LotUse, Purchase, PurchaseReturn, TokenLot
from economy.selectors.balances import get_balance_of


@dataclass(frozen=True, slots=True)
class Returnable:
    """What would go back: money, and the tokens that leave for it, bonus tokens among them. `until` is the fan's last day."""

    money: Money
    tokens: int
    bonus: int
    until: datetime | None
    used_bonus: int = 0  # bonus tokens that are gone already: as many bought ones stand in for them

    @property
    def is_open(self) -> bool:
        """Whether the buyer may still do it themselves."""
        return self.until is not None and clock.now() < self.until


@dataclass(frozen=True, slots=True)
class _Lot:
    remaining: int = 0
    out: int = 0  # spent or held: neither here nor expired


def find_returnable_part(purchase: Purchase) -> Returnable | None:
    """Return the unused part of a purchase that Stripe can pay back, or None where there is none.

    Only what is unused (LEDGER-12): the bonus shrinks in proportion, and bonus tokens that were spent count as used. The
    greatest amount of money is returned for which nobody owes anything afterwards. Nothing of a purchase that is disputed,
    quarantined, on its way back already, or was not paid through Stripe; nothing while the person owes tokens.
    """
    if purchase.status != Purchase.Status.PAID or purchase.quarantine_reason or not purchase.stripe_payment_intent_id:
        return None
    if PurchaseReturn.objects.filter(purchase=purchase, state=PurchaseReturn.State.REQUESTED).exists():
        return None
    if get_balance_of(purchase.person_id).debt:
        return None
    lots = _lots_of(purchase)
    kept = purchase.amount_minor - purchase.refunded_minor - purchase.disputed_minor
    least, most = 0, max(0, kept)
    while least < most:
        middle = (least + most + 1) // 2
        least, most = (middle, most) if _leaves_no_debt(purchase, lots, kept, middle) else (least, middle - 1)
    if not least:
        return None
    tokens, bonus = _taken(purchase, kept, least)
    used = _owed(lots["bonus"], bonus)
    return Returnable(
        money=Money(least, purchase.currency),
        tokens=tokens + used,
        bonus=bonus - used,
        until=purchase.paid_at + timedelta(days=settings.RETURN_DAYS) if purchase.paid_at else None,
        used_bonus=used,
    )


def _lots_of(purchase: Purchase) -> dict[str, _Lot]:
    found = {"purchase": _Lot(), "bonus": _Lot()}
    for lot in TokenLot.objects.filter(purchase=purchase, is_disputed=False):
        expired = LotUse.objects.filter(lot=lot, transaction__kind="expiry").aggregate(n=Sum("amount", default=0))["n"]
        found[lot.origin] = _Lot(lot.remaining, max(0, lot.granted - lot.remaining - expired))
    return found


def _taken(purchase: Purchase, kept: int, minor: int) -> tuple[int, int]:
    """Return how many tokens, and how many bonus tokens, leave with so much money: target − already credited."""
    tokens, bonus = (of * (kept - minor) // purchase.amount_minor for of in (purchase.tokens, purchase.bonus_tokens))
    return purchase.credited_tokens - tokens, purchase.credited_bonus - bonus


def _owed(bonus: _Lot, taken: int) -> int:
    return min(max(0, taken - bonus.remaining), bonus.out)


def _leaves_no_debt(purchase: Purchase, lots: dict[str, _Lot], kept: int, minor: int) -> bool:
    tokens, bonus = _taken(purchase, kept, minor)
    return tokens + _owed(lots["bonus"], bonus) <= lots["purchase"].remaining
