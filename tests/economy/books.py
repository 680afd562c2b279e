"""What tests of reconciliation share: a run, and what somebody does at Stripe by no page of ours."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from digis.core import clock
from economy import gateway, selectors, services
from economy.models import Reconciliation
from tests.stripe_sandbox import StripeSandbox


def run(kind: Reconciliation.Kind = Reconciliation.Kind.RECENT, *, hours: int = 2) -> Reconciliation:
    """Compare all that was made in the last hours, the last minute too."""
    until = clock.now() + timedelta(minutes=1)
    return services.reconcile(since=until - timedelta(hours=hours), until=until, kind=kind)


def run_nightly() -> Reconciliation:
    """Compare the last weeks, the last minute too."""
    return run(Reconciliation.Kind.NIGHTLY, hours=35 * 24)


def intent_of(purchase: Any) -> str:
    """Return the payment that was made on a purchase's page."""
    return gateway.get_checkout(purchase.stripe_session_id).intent_id


def charge_directly(stripe: StripeSandbox, *, amount: int = 1_200, **more: Any) -> Any:
    """Take a card payment at Stripe, by no page of ours."""
    given: Any = {
        "amount": amount,
        "currency": "usd",
        "payment_method": "pm_card_visa",
        "confirm": True,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        **more,
    }
    return stripe.client.v1.payment_intents.create(given)


def send_directly(stripe: StripeSandbox, account_id: str, amount: int = 700, **more: Any) -> Any:
    """Make a transfer at Stripe that no payout of ours asked for."""
    given: Any = {"amount": amount, "currency": "usd", "destination": account_id, **more}
    return stripe.client.v1.transfers.create(given)


def open_findings() -> set[tuple[str, str]]:
    """Return what staff have to see to: kinds and subjects."""
    return {(row.kind, row.subject) for row in selectors.list_open_findings()}
