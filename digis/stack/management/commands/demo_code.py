"""Print the code that an authenticator app would show for the demo's staff accounts."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand
from typing_extensions import override

from digis.stack.demo_accounts import DEMO_TOTP_SECRET, totp_code


class Command(BaseCommand):
    help = "Print the present code of the demo's staff accounts."
    requires_system_checks = ()

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(totp_code(DEMO_TOTP_SECRET, time.time()))
