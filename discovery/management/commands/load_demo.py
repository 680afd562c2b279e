"""`manage.py load_demo`: fill an empty development database with people, pictures and history."""

from __future__ import annotations

import os
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from discovery.demo import load


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
