"""Wiring of the economy app."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.http import HttpRequest
from typing_extensions import override

STUDIO = "/studio/"
PAYOUT_ROUTES = frozenset(
    {
        "economy:disputes",
        "economy:earnings",
        "economy:payout",
        "economy:payout_setup",
        "economy:payouts",
        "economy:studio_invoice",
        "economy:studio_statement",
        "economy:studio_statement_csv",
        "economy:studio_statement_pdf",
        "economy:studio_statements",
        "economy:tax",
    }
)


class EconomyConfig(AppConfig):
    name = "economy"

    @override
    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from digis.core.currencies import read_rates_with
        from digis.core.registry import (
            Figure,
            SuspendedAction,
            register_context,
            register_figure,
            register_suspended_action,
        )
        from economy import checks, handlers, kinds, receivers, selectors, sources  # noqa: F401  checks register themselves
        from economy.services import shelf

        post_migrate.connect(shelf.fill_after_migrate, sender=self, dispatch_uid="economy.shelf")
        read_rates_with(selectors.find_rate)
        register_context("wallet", wallet_of)
        register_context("studio_earnings", studio_earnings_of)
        register_suspended_action(SuspendedAction("economy.payouts", PAYOUT_ROUTES, offer_payout))
        register_figure(
            Figure("digis_findings_open", "Differences to Stripe's books, unresolved.", selectors.count_open_findings)
        )
        register_figure(
            Figure("digis_sale_reviews_open", "Sales that wait for staff to look.", selectors.count_open_reviews)
        )
        register_figure(
            Figure("digis_places_open", "Purchases whose place of supply waits for staff.", selectors.count_open_places)
        )
        register_figure(
            Figure(
                "digis_reconciled_seconds",
                "Seconds since Stripe's books were compared whole; -1 for never.",
                selectors.get_reconciliation_age,
            )
        )
        receivers.connect()
        handlers.connect()
        kinds.connect()
        sources.connect()


def wallet_of(request: HttpRequest) -> object:
    """Return the signed-in person's balance for the top bar; None for visitors and staff (ACC-5)."""
    from accounts.models import User
    from economy.selectors import get_balance

    user = getattr(request, "user", None)
    return get_balance(user) if isinstance(user, User) and not user.is_staff else None


def studio_earnings_of(request: HttpRequest) -> object:
    """Return what a creator may be paid out, for the top bar of the studio; None everywhere else."""
    from accounts.models import User
    from economy.selectors import get_studio_earnings

    user = getattr(request, "user", None)
    if not request.path.startswith(STUDIO) or not isinstance(user, User) or user.is_staff:
        return None
    return get_studio_earnings(user) if user.is_approved_creator else None


def offer_payout(person: Any) -> tuple[str, str, str] | None:
    """Offer a suspended creator what they earned (ACC-9)."""
    from django.urls import reverse
    from django.utils.translation import gettext as _

    if person.is_staff or not person.is_approved_creator:
        return None
    text = _("What is available can be paid out to your bank account.")
    return _("Withdraw what you earned"), text, reverse("economy:payouts")
