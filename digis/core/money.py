"""Tokens and money: whole numbers with a meaning, never floats (LEDGER-1).

Tokens are a bare `int` that says so in its type. Money is minor units plus a currency and refuses to be
added to anything else.

Rounding, each time once and from the exact product: what is shown beside tokens goes up to the smallest unit, what
somebody is paid goes down (LEDGER-11). Rates are millionths, rounded half to even where one is worked out of two others
(banker's rounding: over many days it leans to neither side).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from django.conf import settings

from digis.core.currencies import MICROS, Rate, exponent_of, get_shown_rate

Tokens = NewType("Tokens", int)

BASIS_POINTS = 10_000


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount of money in minor units (cents) of one currency."""

    minor: int
    currency: str = "USD"

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError("Money takes whole minor units.")

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other).minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other).minor

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other).minor

    def _same(self, other: Money) -> Money:
        if getattr(other, "currency", None) != self.currency:
            raise TypeError(f"Money in {self.currency} cannot meet {other!r}.")
        return other

    @property
    def decimal(self) -> str:
        """The amount as CSV and staff pages write it: as many places as its currency has, a point, no grouping."""
        sign, whole, places = ("-" if self.minor < 0 else ""), abs(self.minor), exponent_of(self.currency)
        units, rest = divmod(whole, 10**places)
        return f"{sign}{units}.{rest:0{places}d}" if places else f"{sign}{units}"

    @property
    def two_places(self) -> str:
        """The amount as the API writes it, whatever its currency: always two places, 7500.00 for ¥7,500."""
        places = exponent_of(self.currency)
        return self.decimal if places else f"{self.decimal}.00"


def money_for(tokens: int) -> Money:
    """Return the list price of so many tokens in TOKEN_CURRENCY, rounded up to the cent (LEDGER-11)."""
    price: int = settings.TOKEN_LIST_PRICE_MICROS  # millionths of the currency unit, one token
    return Money(-(-tokens * price * 10 ** exponent_of(settings.TOKEN_CURRENCY) // MICROS), settings.TOKEN_CURRENCY)


def shown_price(tokens: int) -> Money:
    """Return what is shown beside so many tokens: their list price in the reader's currency, rounded up (LEDGER-11)."""
    rate = get_shown_rate()
    if rate is None:
        return money_for(tokens)
    price: int = settings.TOKEN_LIST_PRICE_MICROS
    return Money(-(-tokens * price * rate.micros * 10 ** exponent_of(rate.currency) // MICROS**2), rate.currency)


@dataclass(frozen=True, slots=True)
class ShownTerms:
    """What a script needs to write the same beside typed amounts: one token in 10⁻¹² units, and the currency's digits."""

    currency: str
    exponent: int
    pico: int


def get_shown_terms() -> ShownTerms:
    """Return by what money is written beside tokens for the reader of this page."""
    rate = get_shown_rate()
    currency, micros = (settings.TOKEN_CURRENCY, MICROS) if rate is None else (rate.currency, rate.micros)
    return ShownTerms(currency, exponent_of(currency), settings.TOKEN_LIST_PRICE_MICROS * micros)


def exchange_down(amount: Money, rate: Rate) -> Money:
    """Return what an amount of TOKEN_CURRENCY comes to by a rate, rounded down to the smallest unit."""
    places = exponent_of(rate.currency) - exponent_of(amount.currency)
    numerator, denominator = amount.minor * rate.micros * 10 ** max(0, places), MICROS * 10 ** max(0, -places)
    return Money(numerator // denominator, rate.currency)


def earnings_in_money(tokens: int) -> Money:
    """Return what a creator is paid for so many earned tokens, in TOKEN_CURRENCY, rounded down to the cent (PAY-9)."""
    value: int = settings.TOKEN_PAYOUT_MICROS
    return Money(tokens * value * 10 ** exponent_of(settings.TOKEN_CURRENCY) // MICROS, settings.TOKEN_CURRENCY)


def fee_on(amount: int, basis_points: int) -> Tokens:
    """Return the platform's fee on an amount: floor(amount × bp / 10 000) (LEDGER-11)."""
    return Tokens(amount * basis_points // BASIS_POINTS)


def split_fee(charged_before: int, amount: int, basis_points: int, fee_before: int) -> tuple[Tokens, Tokens]:
    """Split one part of a sale into (creator's share, fee) so that the parts sum as the whole would (LEDGER-11)."""
    fee = fee_on(charged_before + amount, basis_points) - fee_before
    return Tokens(amount - fee), Tokens(fee)
