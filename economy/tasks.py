"""Jobs. Each derives its work from the tables; losing or repeating a message changes nothing."""

from __future__ import annotations

import structlog
from celery import shared_task

from economy import invariants, services

log = structlog.get_logger(__name__)


@shared_task
def fold_earnings() -> None:
    """Move appended earnings into the cached balances."""
    while services.fold_earnings(limit=5_000) == 5_000:
        pass


@shared_task
def screen_sales() -> None:
    """Look for sales that staff should see before their earnings are released."""
    services.screen_sales()


@shared_task
def mature_earnings() -> None:
    """Release earnings whose day has come, once all sales were screened: after days of standing still, too.

    Where screening fails, nothing is released.
    """
    services.screen_sales()
    while services.mature_earnings():
        pass


@shared_task
def converge_due_purchases() -> None:
    """Ask Stripe about purchases that wait."""
    services.converge_due_purchases()


@shared_task
def top_up_due() -> None:
    """Buy tokens for those who agreed to it and have fewer than they want."""
    services.top_up_due()


@shared_task
def advance_due_payouts() -> None:
    """Take payouts further that wait, and read the accounts that payouts wait for."""
    services.sync_due_accounts()
    services.advance_due_payouts()


@shared_task
def pay_out_weekly() -> None:
    """Open this week's payouts, if nobody has."""
    services.run_weekly_batch()


@shared_task
def expire_promotional_lots() -> None:
    """Take back promotional tokens whose time has passed."""
    while services.expire_promotional_lots():
        pass


@shared_task
def plan_expiry_reminders() -> None:
    """Write down whom to warn before promotional tokens expire."""
    services.plan_expiry_reminders()


@shared_task(soft_time_limit=3_300, time_limit=3_400)  # the next one begins after 3600, and goes on
def close_months() -> None:
    """Write the statements of months that are over."""
    services.close_months()


@shared_task
def issue_invoices() -> None:
    """Write the documents of what was sold and given back, where its own promise was lost."""
    while services.issue_invoices():
        pass


@shared_task(soft_time_limit=780, time_limit=840)  # the next one begins after 900
def reconcile_recent() -> None:
    """Compare the last two hours with Stripe's books."""
    services.reconcile_recent()


@shared_task(soft_time_limit=7_000, time_limit=7_200)
def reconcile_nightly() -> None:
    """Compare the last weeks with Stripe's books, and look again at what was found."""
    services.reconcile_nightly()


@shared_task
def fetch_rates() -> None:
    """Take over the central bank's exchange rates, when there are new ones."""
    services.fetch_rates()


@shared_task
def measure_standings() -> None:
    """Count disputes, and hold back what that calls for."""
    services.measure_standings()


@shared_task
def check_ledger() -> None:
    """Run every invariant; a fault is logged as an error, which alerts, and fails the task."""
    faults = invariants.broken()
    for fault in faults:
        log.error("ledger_broken", invariant=fault.name, rows=fault.rows)
    if faults:
        raise AssertionError(f"{len(faults)} invariants of the ledger do not hold: see ledger_broken in the log.")
