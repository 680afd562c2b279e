"""The European Central Bank's reference rates: one small XML page a day, read by hand and never trusted."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit
from xml.parsers import expat

MOST_BYTES: Final = 64 * 1024  # it has 2
CALL_SECONDS, WHOLE_SECONDS = 5, 15
_NUMBER: Final = re.compile(r"\d{1,9}(\.\d{1,9})?")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


class RatesUnreadableError(Exception):
    """The page cannot be had, or is not what it should be; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class DailyRates:
    """What one euro was worth on a day, exactly as it was written; the euro itself is among them."""

    day: date
    per_euro: dict[str, Fraction]


def read_daily_rates(url: str) -> DailyRates:
    """Fetch and read the page. Follows no redirect, takes no more than 64 KiB and 15 s. Raises RatesUnreadableError."""
    return _parse(_fetch(url))


def _fetch(url: str) -> bytes:
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=CALL_SECONDS)
        try:
            connection.request("GET", path, headers={"Accept": "application/xml", "User-Agent": "Digis"})
            answer = connection.getresponse()
            if answer.status != 200:
                raise RatesUnreadableError(f"status {answer.status}")
            return b"".join(_chunks(answer))
        finally:
            connection.close()
    except (OSError, HTTPException, ValueError) as error:
        raise RatesUnreadableError(f"no answer: {error!r}") from error


def _chunks(answer: HTTPResponse) -> Iterator[bytes]:
    """Yield the body until it is too long or takes too long: each read has its own time-out, and all have one."""
    until, size = time.monotonic() + WHOLE_SECONDS, 0
    while chunk := answer.read1(8_192):
        size += len(chunk)
        if size > MOST_BYTES:
            raise RatesUnreadableError(f"longer than {MOST_BYTES} bytes")
        if time.monotonic() > until:
            raise RatesUnreadableError(f"longer than {WHOLE_SECONDS} s")
        yield chunk


def _parse(body: bytes) -> DailyRates:
    """Read `<Cube time='…'><Cube currency='USD' rate='1.0872'/>…`. A document type, and so any entity, is refused."""
    days: list[date] = []
    rates: dict[str, Fraction] = {"EUR": Fraction(1)}

    def refuse(*_: Any) -> NoReturn:
        raise RatesUnreadableError("it declares a document type")

    def start(tag: str, given: dict[str, str]) -> None:
        if tag.rpartition(":")[2] != "Cube":
            return
        if "time" in given:
            days.append(_day(given["time"]))
        if "currency" in given:
            currency = given["currency"]
            if currency in rates:
                raise RatesUnreadableError(f"{currency[:9]} twice")
            rates[currency] = _number(given.get("rate", ""))

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise RatesUnreadableError(f"no XML: {error}") from error
    if len(days) != 1 or len(rates) < 2:
        raise RatesUnreadableError(f"{len(days)} days, {len(rates) - 1} rates")
    return DailyRates(days[0], rates)


def _day(text: str) -> date:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise RatesUnreadableError(f"no day: {text[:20]!r}")


def _number(text: str) -> Fraction:
    if not _NUMBER.fullmatch(text) or not (found := Fraction(text)):
        raise RatesUnreadableError(f"no rate: {text[:20]!r}")
    return found
