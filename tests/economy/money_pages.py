"""Rates for tests, and a central bank that answers over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from digis.core import clock
from economy.models import ExchangeRate

PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
<gesmes:subject>Reference rates</gesmes:subject>
<gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>
<Cube><Cube time='{day}'>{rates}</Cube></Cube>
</gesmes:Envelope>"""


def keep_rate(currency: str, micros: int, *, days_ago: int = 0) -> ExchangeRate:
    """Write down what one dollar is worth, so many days ago."""
    day = clock.today() - timedelta(days=days_ago)
    return ExchangeRate.objects.create(currency=currency, day=day, micros=micros, source="staff")


def page_of(day: date | str, **rates: str) -> str:
    """Return the bank's page: what one euro is worth."""
    lines = "".join(f"<Cube currency='{currency}' rate='{rate}'/>" for currency, rate in rates.items())
    return PAGE.format(day=day, rates=lines)


class Bank:
    """What the page says now; `asked` counts who wanted it."""

    def __init__(self) -> None:
        self.body, self.status, self.asked, self.url = b"", 200, 0, ""
        self.location = ""

    def say(self, text: str | bytes, status: int = 200) -> None:
        self.body, self.status = text.encode() if isinstance(text, str) else text, status


@contextmanager
def running_bank() -> Iterator[Bank]:
    """Serve the page on loopback."""
    bank = Bank()

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            bank.asked += 1
            self.send_response(bank.status)
            if bank.location:
                self.send_header("Location", bank.location)
            self.send_header("Content-Length", str(len(bank.body)))
            self.end_headers()
            self.wfile.write(bank.body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    bank.url = f"http://127.0.0.1:{server.server_port}/stats/eurofxref-daily.xml"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield bank
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
