"""Exchange, for money that reaches an account in another currency than it keeps."""

import json
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from digis.sandbox.stripe.errors import ApiError
from digis.sandbox.stripe.world import Call, World

_FIRST = {
    "usd:eur": "0.92",
    "usd:gbp": "0.79",
    "eur:usd": "1.08",
    "gbp:usd": "1.26",
    "jpy:usd": "0.0065",
}
ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"]
)


def known(world: World) -> dict[str, str]:
    return {**_FIRST, **json.loads(world.store.setting("rates", "{}"))}


def put(world: World, rates: dict[str, str]) -> dict[str, str]:
    """Set rates such as {"usd:eur": "0.9"} from now on."""
    merged = {**known(world), **{pair.lower(): str(Decimal(str(rate))) for pair, rate in rates.items()}}
    world.store.set("rates", json.dumps(merged))
    return merged


def rate(call: Call, source: str, target: str) -> Decimal | None:
    """Return the rate, or nothing where the currencies are the same."""
    if source == target:
        return None
    found = known(call.world).get(f"{source}:{target}")
    if found is None:
        raise ApiError(f"This stand-in knows no rate from {source} to {target}.", param="currency")
    return Decimal(found)


def settle(call: Call, amount: int, currency: str) -> tuple[int, str, Decimal | None]:
    """Return what an amount that was charged comes to in the currency the account keeps, and the rate.

    Where no rate is known it stays as it is, as with an account that keeps that currency too.
    """
    account = call.store.find(call.account or call.world.platform) or {}
    kept = account.get("default_currency") or currency
    found = known(call.world).get(f"{currency}:{kept}")
    if currency == kept or found is None:
        return amount, currency, None
    places = (kept not in ZERO_DECIMAL) - (currency not in ZERO_DECIMAL)
    exact = amount * Decimal(found) * 100**places
    return int(exact.to_integral_value(ROUND_HALF_UP)), kept, Decimal(found)


def convert(amount: int, at: Decimal | None) -> int:
    return amount if at is None else int((amount * at).to_integral_value(ROUND_DOWN))
