"""Tax on sales: what an engine says of an amount, and the arithmetic that ours does it with (LAW-10).

Whole numbers throughout. Each tax is rounded once, half up, from the exact product, and what is left is the other part, so
that net and tax always make the gross: of a price that includes its tax the net is rounded, upon a price without it the
tax is. Negative amounts round as their opposites do, so that a credit note takes back exactly what an invoice charged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Protocol

from django.conf import settings
from django.utils import formats
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from digis.core.money import Money
from digis.core.templatetags.digis import cents

MILLION: Final = 1_000_000
SPEND, PURCHASE = "spend", "purchase"
POINTS: Final = (SPEND, PURCHASE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is taxed: a country, and a part of it where its parts have rates of their own, such as US-NY."""

    country: str
    region: str = ""

    @property
    def code(self) -> str:
        """The narrowest of both, as forms and tables write it."""
        return self.region or self.country


@dataclass(frozen=True, slots=True)
class Assessment:
    """What an engine says of an amount: its parts in minor units, and by which rate. No tax is a rate of zero."""

    place: Place
    net: int
    tax: int
    name: str = ""
    rate_ppm: int = 0
    is_inclusive: bool = True

    @property
    def gross(self) -> int:
        """What is charged."""
        return self.net + self.tax

    @property
    def percent(self) -> str:
        """The rate as people write it."""
        return write_rate(self.rate_ppm)

    def say(self, currency: str) -> str:
        """Write the tax as it stands beside the price."""
        tax = Money(self.tax, currency)
        return say_tax(tax, name=self.name, rate_ppm=self.rate_ppm, is_inclusive=self.is_inclusive)


class TaxEngine(Protocol):
    """Who says what tax an amount carries. `TAX_ENGINE` names the class; ours reads a table that finance keeps.

    An engine answers at once, and the same for the same question of a day, or raises `economy.errors.TaxUnavailable`: nobody is
    charged on a guess.
    """

    def assess(self, *, place: Place, day: date, amount: int, currency: str) -> Assessment:
        """Split `amount`, in minor units: the whole price where the tax is in it, the price before tax where it is not."""

    def list_regions(self, *, day: date) -> list[str]:
        """Return the parts of countries that have rates of their own on a day, such as US-NY: buyers choose among them."""


def get_engine() -> TaxEngine:
    """Return the engine that TAX_ENGINE names."""
    made: Any = import_string(settings.TAX_ENGINE)()
    engine: TaxEngine = made
    return engine


def taxes_purchases() -> bool:
    """Say whether tokens are taxed when they are bought (TAX_POINT); else tax falls due where they are spent."""
    return str(settings.TAX_POINT) == PURCHASE


def round_half_up(numerator: int, denominator: int) -> int:
    """Return the whole number nearest to a fraction; a half goes away from zero."""
    size = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -size if numerator < 0 else size


def split_gross(gross: int, rate_ppm: int) -> tuple[int, int]:
    """Return (net, tax) of a price that includes its tax: the net is rounded half up, the tax is the rest."""
    net = round_half_up(gross * MILLION, MILLION + rate_ppm)
    return net, gross - net


def tax_upon(net: int, rate_ppm: int) -> int:
    """Return the tax upon a price that does not include it, rounded half up."""
    return round_half_up(net * rate_ppm, MILLION)


def part_of_tax(tax: int, *, part: int, whole: int) -> int:
    """Return how much of a tax belongs to a part of the whole amount, rounded half up.

    Notes take the difference between two of these: what several carry back comes to the whole tax once all is returned.
    """
    return round_half_up(tax * part, whole)


def say_tax(money: Money, *, name: str, rate_ppm: int, is_inclusive: bool) -> str:
    """Write a tax as it stands beside a price: in it, or on top of it; nothing where there is none."""
    if not rate_ppm:
        return ""
    words = {"tax": cents(money), "name": name, "percent": write_rate(rate_ppm)}
    line = _("includes %(tax)s %(name)s (%(percent)s %%)") if is_inclusive else _("+ %(tax)s %(name)s (%(percent)s %%)")
    return line % words


def write_rate(rate_ppm: int) -> str:
    """Write parts per million as a number of percent, in whole digits: 20, 8.875, 0.0001."""
    whole, rest = divmod(rate_ppm, 10_000)
    digits = f"{whole}.{rest:04d}".rstrip("0") if rest else str(whole)
    return formats.number_format(digits)
