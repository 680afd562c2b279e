"""Run every invariant of the ledger; exit 1 and name what is wrong when one does not hold."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from economy.invariants import INVARIANTS, broken


class Command(BaseCommand):
    help = "Check that the ledger balances: prints each broken invariant with its rows and exits 1."

    @override
    def handle(self, *_args: Any, **_options: Any) -> None:
        faults = broken()
        for fault in faults:
            self.stderr.write(self.style.ERROR(f"broken: {fault.name}"))
            for row in fault.rows:
                self.stderr.write(f"  {row}")
        if faults:
            raise CommandError(f"{len(faults)} of {len(INVARIANTS)} invariants do not hold.", returncode=1)
        self.stdout.write(self.style.SUCCESS(f"The ledger balances: {len(INVARIANTS)} invariants hold."))
