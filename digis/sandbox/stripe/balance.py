"""Balances, of the platform and of each connected account: money is pending first and available days later."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from digis.sandbox.stripe import money_objects
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call, World

DAY = 86_400
SETTLES_AFTER_DAYS = 2
DISPUTE_FEE = 1_500


def fee_on(amount: int) -> int:
    """Take 2.9 % rounded half up, and 30 minor units."""
    return (amount * 29 + 500) // 1_000 + 30


def settles_on(now: int) -> int:
    """Return the midnight (UTC) at which money of this moment becomes available."""
    return (now // DAY + SETTLES_AFTER_DAYS) * DAY


def book(
    call: Call,
    *,
    amount: int,
    currency: str,
    kind: str,
    source: str | None,
    category: str | None = None,
    fee: int = 0,
    available_on: int | None = None,
    rate: Decimal | None = None,
) -> Thing:
    return call.add(
        money_objects.balance_transaction(
            call,
            amount=amount,
            fee=fee,
            currency=currency,
            kind=kind,
            source=source,
            category=category or kind,
            available_on=call.now if available_on is None else available_on,
            rate=rate,
        )
    )


def available_on(call: Call, charge: Thing) -> int:
    """Return when money taken back from a charge leaves: not before the charge's own money is there."""
    booked = call.find("balance_transaction", charge["balance_transaction"])
    return max(call.now, booked["available_on"]) if booked else call.now


def shown(call: Call, transaction: Thing) -> Thing:
    """Say whether a transaction's money is available by now."""
    return {**transaction, "status": "available" if transaction["available_on"] <= call.now else "pending"}


def available(call: Call, currency: str) -> int:
    """Sum what can be spent now."""
    booked = call.store.all("balance_transaction", call.account, currency=currency)
    return sum(transaction["net"] for transaction in booked if transaction["available_on"] <= call.now)


def balance(call: Call) -> Thing:
    sums: dict[str, defaultdict[str, int]] = {"available": defaultdict(int), "pending": defaultdict(int)}
    for transaction in call.store.all("balance_transaction", call.account):
        sums[shown(call, transaction)["status"]][transaction["currency"]] += transaction["net"]
    account = call.store.find(call.account or call.world.platform) or {}
    currencies = sorted({*sums["available"], *sums["pending"]}) or [account.get("default_currency") or "usd"]
    reserved = [] if call.account else [{"amount": 0, "currency": currency} for currency in currencies]
    return {
        "object": "balance",
        "available": [_amount(sums["available"][currency], currency) for currency in currencies],
        **({"connect_reserved": reserved} if reserved else {}),
        "livemode": False,
        "pending": [_amount(sums["pending"][currency], currency) for currency in currencies],
        "refund_and_dispute_prefunding": {
            "available": [{"amount": 0, "currency": currency} for currency in currencies],
            "pending": [{"amount": 0, "currency": currency} for currency in currencies],
        },
    }


def _amount(amount: int, currency: str) -> dict[str, Any]:
    return {"amount": amount, "currency": currency, "source_types": {"card": amount}}


def announce_available(world: World, *, before: int) -> None:
    """Emit `balance.available` for every account of which time has made some money available since then."""
    found = world.store.rows(
        "SELECT DISTINCT account FROM things WHERE kind = 'balance_transaction' "
        "AND json_extract(data, '$.available_on') > ? AND json_extract(data, '$.available_on') <= ? ORDER BY account",
        before,
        world.clock.now(),
    )
    for row in found:
        call = Call(world, row["account"])
        call.emit("balance.available", balance(call))
