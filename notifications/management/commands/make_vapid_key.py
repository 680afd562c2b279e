"""Print a new key for VAPID_PRIVATE_KEY."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from typing_extensions import override

from notifications.push.keys import make_key


class Command(BaseCommand):
    help = "Print a new VAPID_PRIVATE_KEY. Changing it later ends every push people turned on."
    requires_system_checks = ()

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(make_key())
