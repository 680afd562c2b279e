"""Write the rows by which dj-stripe receives Stripe's webhooks; safe to run at every start."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from economy.services.webhooks import ensure_stripe_webhook


class Command(BaseCommand):
    help = "Make dj-stripe ready for Stripe's webhooks, by the settings STRIPE_…"

    @override
    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            urls = ensure_stripe_webhook()
        except ValueError as error:
            raise CommandError(str(error)) from error
        if options["verbosity"]:
            self.stdout.write(f"Stripe's webhooks are expected at {' and '.join(urls)}")
