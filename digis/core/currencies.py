"""The currencies money is shown in, and whose currency a page, a fragment or a letter is written in.

What is shown beside tokens is in the currency of whoever reads it. Templates do not know their reader: a request, a
message to a socket and a letter each say with `shown_to` whose it is. Outside of all of them, and where there is no rate
that is fresh enough, money is shown in TOKEN_CURRENCY: never a figure that may be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from typing import Any, Final

from babel import Locale
from babel.numbers import get_territory_currencies
from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from digis.core.ids import is_uuid

# The currencies the European Central Bank names a rate for, with the number of digits after the point. Stripe counts
# each in the same smallest unit; the Icelandic króna, which it does not, is left out.
EXPONENTS: Final = {
    "AUD": 2, "BRL": 2, "CAD": 2, "CHF": 2, "CNY": 2, "CZK": 2, "DKK": 2, "EUR": 2, "GBP": 2, "HKD": 2, "HUF": 2,
    "IDR": 2, "ILS": 2, "INR": 2, "JPY": 0, "KRW": 0, "MXN": 2, "MYR": 2, "NOK": 2, "NZD": 2, "PHP": 2, "PLN": 2,
    "RON": 2, "SEK": 2, "SGD": 2, "THB": 2, "TRY": 2, "USD": 2, "ZAR": 2,
}  # fmt: skip
MICROS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of TOKEN_CURRENCY was worth on a day, in millionths of a unit of another currency."""

    currency: str
    micros: int
    day: date


class Reader:
    """Who reads what is being written. They are looked up when the first amount of money is, and only once."""

    def __init__(self, choose: Callable[[], str]) -> None:
        self._choose = choose
        self._found: tuple[Rate | None] | None = None

    @property
    def rate(self) -> Rate | None:
        """The rate of their currency; None for TOKEN_CURRENCY, which is also shown where no rate is fresh."""
        if self._found is None:
            currency = self._choose()
            is_other = currency in EXPONENTS and currency != settings.TOKEN_CURRENCY
            self._found = (_find_rate(currency) if is_other else None,)
        return self._found[0]


_reader: ContextVar[Reader | None] = ContextVar("reader", default=None)
_find_rate: Callable[[str], Rate | None] = lambda _currency: None  # noqa: E731  replaced by `read_rates_with`


def read_rates_with(find: Callable[[str], Rate | None]) -> None:
    """Ask this for the rate of a currency that may be shown now; None says that there is none."""
    global _find_rate  # noqa: PLW0603  one source for the process, set once in AppConfig.ready()
    _find_rate = find


@contextmanager
def shown_to(currency: str | Callable[[], str]) -> Iterator[None]:
    """Write money beside tokens in this currency within the block; "" is TOKEN_CURRENCY."""
    token = _reader.set(Reader(currency if callable(currency) else lambda: currency))
    try:
        yield
    finally:
        _reader.reset(token)


def get_shown_rate() -> Rate | None:
    """Return the rate that money beside tokens is written with here, or None for TOKEN_CURRENCY."""
    reader = _reader.get()
    return None if reader is None else reader.rate


def exponent_of(currency: str) -> int:
    """Return how many digits a currency has after the point."""
    return EXPONENTS.get(currency, 2)


def choices() -> list[tuple[str, str]]:
    """List the currencies by name in the reader's language, TOKEN_CURRENCY first."""
    return _choices(translation.get_language() or "en")


@cache
def _choices(language: str) -> list[tuple[str, str]]:
    names = Locale.parse(translation.to_locale(language)).currencies
    named = [(code, f"{names.get(code, code)} ({code})") for code in EXPONENTS]
    return sorted(named, key=lambda found: (found[0] != settings.TOKEN_CURRENCY, found[1]))


def currency_of_languages(header: str) -> str:
    """Return the currency of the region that an Accept-Language header prefers, or "" where it names none we know."""
    for tag, _weight in parse_accept_lang_header(header)[:1]:
        region = next((part.upper() for part in tag.split("-")[1:] if len(part) == 2 and part.isalpha()), "")
        return currency_of_region(region) if region else ""
    return ""


@cache
def currency_of_region(region: str) -> str:
    """Return the currency that is money in a country, by its code; "" where it is none we know."""
    return next((code for code in get_territory_currencies(region) if code in EXPONENTS), "")


def currency_of_request(request: HttpRequest) -> str:
    """Return what the caller chose, else what the browser's region suggests."""
    chosen: str = getattr(getattr(request, "user", None), "currency", "")
    return chosen or currency_of_languages(request.headers.get("Accept-Language", ""))


def currency_of_topic(topic: str) -> str:
    """Return the currency of the person whose own topic it is; what goes to many is in TOKEN_CURRENCY."""
    kind, _, person_id = topic.partition(":")
    if kind != "user" or not is_uuid(person_id):
        return ""
    people: Any = get_user_model()
    return people.objects.filter(pk=person_id).values_list("currency", flat=True).first() or ""


class CurrencyMiddleware:
    """Writes the money of a page in the currency of whoever asked for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with shown_to(partial(currency_of_request, request)):
            return self.get_response(request)
