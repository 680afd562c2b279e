"""Walk the audit log's chain and say where it does not hold."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from digis.core import audit
from digis.core.models import AuditEntry, AuditSeal


class Command(BaseCommand):
    help = "Verify the hash chain of the audit log. Fails where an entry was changed, removed or slipped in."

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        audit.seal()
        breaches = list(audit.verify())
        for breach in breaches:
            self.stderr.write(f"link {breach.position}: {breach.what}")
        if breaches:
            raise CommandError(f"The audit log does not hold at {len(breaches)} place(s).")
        last = AuditSeal.objects.order_by("-position").first()
        anchor = last.hash if last else audit.GENESIS
        self.stdout.write(f"{AuditEntry.objects.count()} entries hold; the last link is {anchor}")
