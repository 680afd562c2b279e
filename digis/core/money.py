"""Tokens and money: whole numbers with a meaning, never floats (LEDGER-1).

Tokens are a bare `int` that says so in its type. Money is minor units plus a currency and refuses to be
added to anything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from django.conf import settings

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
        """The amount as API and CSV write it: two places, a point, no grouping."""
        sign, whole = ("-" if self.minor < 0 else ""), abs(self.minor)
        return f"{sign}{whole // 100}.{whole % 100:02d}"


def money_for(tokens: int) -> Money:
    """Return the list price of so many tokens, rounded up to the cent (LEDGER-11)."""
    price: int = settings.TOKEN_LIST_PRICE_MICROS  # millionths of the currency unit, one token
    return Money(-(-tokens * price // 10_000), settings.TOKEN_CURRENCY)


def earnings_in_money(tokens: int) -> Money:
    """Return what a creator is paid for so many earned tokens, rounded down to the cent (PAY-9)."""
    value: int = settings.TOKEN_PAYOUT_MICROS
    return Money(tokens * value // 10_000, settings.TOKEN_CURRENCY)


def fee_on(amount: int, basis_points: int) -> Tokens:
    """Return the platform's fee on an amount: floor(amount × bp / 10 000) (LEDGER-11)."""
    return Tokens(amount * basis_points // BASIS_POINTS)


def split_fee(charged_before: int, amount: int, basis_points: int, fee_before: int) -> tuple[Tokens, Tokens]:
    """Split one part of a sale into (creator's share, fee) so that the parts sum as the whole would (LEDGER-11)."""
    fee = fee_on(charged_before + amount, basis_points) - fee_before
    return Tokens(amount - fee), Tokens(fee)
