"""`manage.py load_demo`: fill an empty development database with people, pictures and history."""

from __future__ import annotations

import os
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from discovery.demo import accounts, load


class Command(BaseCommand):
    help = "Load the demo data into the PostgreSQL that `manage.py up` started; anywhere else it refuses."

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        if os.environ.get("DIGIS_EMBEDDED_DATABASE") != "1":
            raise CommandError(
                "Demo data is only loaded into the database that `manage.py up` started itself. Run `make run`."
            )
        if load.is_loaded():
            self.stdout.write("The demo data is there already.")
            return
        began = time.monotonic()
        came = load.load()
        self.stdout.write(
            f"Demo data: {came['people']} people, {came['creators']} creators, {came['calls']} calls, in {time.monotonic() - began:.1f} s."
        )
        if accounts.is_stood_in():
            self._open_accounts()

    def _open_accounts(self) -> None:
        """Give the creators who were paid out their accounts; without them they set payouts up anew, as anybody may."""
        try:
            opened = accounts.open_accounts()
            self.stdout.write(f"Payouts: {opened} accounts opened at the stand-in for Stripe.")
        except accounts.StandInAwayError:
            self.stdout.write("The stand-in for Stripe does not answer: demo creators set their payouts up themselves.")
