"""Bring the database up to date: tables, the webhook's address, and for `manage.py up` the demo data."""

from __future__ import annotations

import io
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from typing_extensions import override

PROGRESS_SECONDS = 2.0


class Progress(io.StringIO):
    """Counts migrations as they are told, and tells of them now and then."""

    def __init__(self, command: BaseCommand) -> None:
        super().__init__()
        self._command = command
        self._told = time.monotonic()
        self.applied = 0

    @override
    def write(self, text: str, /) -> int:
        self.applied += text.count(" OK")
        if time.monotonic() - self._told > PROGRESS_SECONDS:
            self._told = time.monotonic()
            self._command.stdout.write(f"  {self.applied} migrations so far")
        return len(text)


class Command(BaseCommand):
    help = "Migrate, set the webhook's address, and with --demo load the demo data."
    requires_system_checks = ()

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="load the demo data as well")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        progress = Progress(self)
        call_command("migrate", interactive=False, verbosity=1, stdout=progress)
        self.stdout.write(
            f"tables ready ({progress.applied} migrations applied)" if progress.applied else "tables ready"
        )
        call_command("ensure_stripe_webhook", verbosity=0)
        if options["demo"]:
            self.stdout.write("loading the demo data")
            call_command("load_demo")
            self.stdout.write("demo data ready")
