"""Exchange rates: from the central bank, by staff, and fixed ones for development. One that looks wrong changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from digis.core import audit, clock
from digis.core.currencies import EXPONENTS, MICROS
from digis.core.errors import ValidationFailed
from economy.gateway.central_bank import DailyRates, RatesUnreadableError, read_daily_rates
from economy.models import ExchangeRate
from economy.selectors.rates import list_newest_rates

log = structlog.get_logger(__name__)
Source = ExchangeRate.Source

MOST_MOVED_BP: Final = 1_000  # a tenth a day
MOST_MOVED_EVER_BP: Final = 5_000  # and half after any number of days: more is for people to look at
# What one dollar was worth in the autumn of 2026, near enough to look at pages with. Never used in production.
FIXED: Final = {
    "AUD": 1_528_400, "BRL": 5_412_600, "CAD": 1_391_200, "CHF": 802_500, "CNY": 7_118_300, "CZK": 21_034_000,
    "DKK": 6_441_500, "EUR": 862_800, "GBP": 748_300, "HKD": 7_782_400, "HUF": 337_120_000, "IDR": 16_604_000_000,
    "ILS": 3_312_500, "INR": 88_215_000, "JPY": 152_340_000, "KRW": 1_421_800_000, "MXN": 18_412_000, "MYR": 4_211_500,
    "NOK": 10_062_000, "NZD": 1_734_500, "PHP": 58_214_000, "PLN": 3_671_500, "RON": 4_384_200, "SEK": 9_452_000,
    "SGD": 1_298_400, "THB": 32_564_000, "TRY": 41_912_000, "ZAR": 17_284_000,
}  # fmt: skip


def fetch_rates() -> int:
    """Take over the central bank's rates of the day from RATES_URL, and return how many were new; without one, none.

    All of them or none: what cannot be read, is older than RATES_MAX_DAYS or moved implausibly is logged as an error and
    changes nothing. Development without RATES_URL gets its fixed ones anew each day.
    """
    if not settings.RATES_URL:
        return _keep(clock.today(), FIXED, Source.FIXED) if settings.RATES_FIXED else 0
    try:
        daily = read_daily_rates(settings.RATES_URL)
        rates = convert_rates(daily)
        _require_plausible(daily.day, rates)
    except RatesUnreadableError as error:
        log.error("rates_refused", fault=str(error))  # noqa: TRY400  the fault is in what was read, not here
        return 0
    return _keep(daily.day, rates, Source.BANK)


def fill_fixed_rates(*, using: str = "default") -> None:
    """Put development's rates of today there, unless they are: pages show other currencies without a network."""
    if settings.RATES_FIXED and not settings.RATES_URL:
        _keep(clock.today(), FIXED, Source.FIXED, using=using)


@transaction.atomic
def enter_rate(*, staff: User, currency: str, day: date, micros: int, is_confirmed: bool = False) -> ExchangeRate:
    """Write down a rate by hand: `micros` millionths of `currency` for one unit of TOKEN_CURRENCY on `day`.

    Raises ValidationFailed for a currency we do not show, a day that has one or is to come, and, unless `is_confirmed`,
    for a rate further from the newest than a tenth a day.
    """
    if currency not in EXPONENTS or currency == settings.TOKEN_CURRENCY:
        raise ValidationFailed({"currency": [_("We keep no rate of this currency.")]})
    if day > clock.today():
        raise ValidationFailed({"day": [_("This day is still to come.")]})
    if ExchangeRate.objects.filter(currency=currency, day=day).exists():
        raise ValidationFailed({"day": [_("This day has a rate already. It cannot be changed: enter today’s.")]})
    if not 0 < micros < 10**12:
        raise ValidationFailed({"micros": [_("Write a rate above zero, with up to six digits after the point.")]})
    if not is_confirmed and (fault := _implausible(day, {currency: micros})):
        line = _("This is far from the last rate, in millionths: %(fault)s. Tick this if it is right.")
        raise ValidationFailed({"is_confirmed": [line % {"fault": fault}]})
    made = ExchangeRate.objects.create(
        currency=currency, day=day, micros=micros, source=Source.STAFF, created_by=staff, created_at=clock.now()
    )
    audit.record(actor=staff, action="economy.rate_entered", target=made, reason=str(made))
    return made


def convert_rates(daily: DailyRates) -> dict[str, int]:
    """Turn rates of the euro into ours: millionths for one unit of TOKEN_CURRENCY, rounded half to even, exactly.

    Raises RatesUnreadableError where TOKEN_CURRENCY is not among them; currencies that we do not show are left out.
    """
    base = daily.per_euro.get(settings.TOKEN_CURRENCY)
    if base is None:
        raise RatesUnreadableError(f"no rate of {settings.TOKEN_CURRENCY}")
    found = {
        currency: round(Fraction(rate, base) * MICROS)  # Python rounds a Fraction half to even
        for currency, rate in daily.per_euro.items()
        if currency in EXPONENTS and currency != settings.TOKEN_CURRENCY
    }
    if wrong := [currency for currency, micros in found.items() if not 0 < micros < 10**12]:
        raise RatesUnreadableError(f"no rate that can be: {', '.join(wrong)}")
    return found


def _require_plausible(day: date, rates: Mapping[str, int]) -> None:
    today = clock.today()
    if not today - timedelta(days=settings.RATES_MAX_DAYS) <= day <= today:
        raise RatesUnreadableError(f"rates of {day}, today is {today}")
    if fault := _implausible(day, rates):
        raise RatesUnreadableError(fault)


def _implausible(day: date, rates: Mapping[str, int]) -> str:
    """Return which rates moved further than a tenth for each day since the last; with none before, nothing is known.

    Development's fixed ones are no measure: they were never true.
    """
    faults = []
    for last in list_newest_rates(before=day).filter(currency__in=rates).exclude(source=Source.FIXED):
        most = min(MOST_MOVED_BP * (day - last.day).days, MOST_MOVED_EVER_BP)
        if abs(rates[last.currency] - last.micros) * 10_000 > last.micros * most:
            faults.append(f"{last.currency} {last.micros} → {rates[last.currency]}")
    return ", ".join(faults)


def _keep(day: date, rates: Mapping[str, int], source: str, *, using: str = "default") -> int:
    """Write down what the day has not yet; what is there stays."""
    rows = ExchangeRate.objects.using(using)
    known = set(rows.filter(day=day).values_list("currency", flat=True))
    now = clock.now()
    fresh = [
        ExchangeRate(currency=currency, day=day, micros=micros, source=source, created_at=now)
        for currency, micros in rates.items()
        if currency not in known
    ]
    rows.bulk_create(fresh, ignore_conflicts=True)  # two at once write the same
    if fresh:
        log.info("rates_kept", day=str(day), source=source, count=len(fresh))
    return len(fresh)
