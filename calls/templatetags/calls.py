"""What the pages of calls show and no model says: seconds until a moment, and a creator's share of a rate."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from django import template
from django.conf import settings

from calls.selectors import Meter
from digis.core import clock
from digis.core.money import earnings_in_money, fee_on
from digis.core.templatetags import digis

register = template.Library()


@register.filter
def seconds_until(moment: datetime | None) -> int:
    """Return the whole seconds until a moment by the server's clock, never below zero."""
    if moment is None:
        return 0
    return max(0, round((moment - clock.now()).total_seconds()))


@register.filter
def share_of(rate: int | None, fee_bp: int) -> int:
    """Return the tokens of a price that are the creator's after the fee (LEDGER-11)."""
    whole = int(rate or 0)
    return whole - fee_on(whole, int(fee_bp))


@register.filter
def coming_costs(meter: Meter) -> str:
    """Return what a page's script writes while its clock runs on: [second, tokens, money] as text, where they change."""
    written, last = [], meter.cost
    for second, cost in meter.costs:
        if cost != last:
            money = f"≈ {digis.money(cost)}" if meter.is_fan else digis.earned(cost)
            written.append([second, digis.tokens(cost), money])
            last = cost
    return json.dumps(written, ensure_ascii=False)


@register.filter
def paid_out(amount: int | None) -> int:
    """Return the minor units of money a creator is paid for so many earned tokens (PAY-9)."""
    return earnings_in_money(int(amount or 0)).minor


@dataclass(frozen=True, slots=True)
class RateExample:
    """What a rate means: tokens a fan pays a minute, and the creator's share of them."""

    rate: int
    share: int


EXAMPLES = (10, 25, 40, 100)


@register.simple_tag
def rate_examples() -> list[RateExample]:
    """Return a few rates with the creator's share of each."""
    return [RateExample(rate, share_of(rate, settings.PLATFORM_FEE_BP)) for rate in EXAMPLES]


@register.simple_tag
def token_terms() -> dict[str, int | str]:
    """Return what a script needs to say what a creator gets, as the server would: the payout in millionths, its currency, the fee."""
    return {
        "payout": settings.TOKEN_PAYOUT_MICROS,
        "fee": settings.PLATFORM_FEE_BP,
        "currency": settings.TOKEN_CURRENCY,
    }
