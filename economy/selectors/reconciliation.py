"""What of ours a stretch of Stripe's books is about, and what did not agree (PAY-10)."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from digis.core import clock
from digis.core.ids import is_uuid
from economy.models import Finding, Payout, Purchase, Reconciliation


def find_named_purchase(purchase_id: str) -> Purchase | None:
    """Return the purchase that something at Stripe names, if there is one."""
    return Purchase.objects.filter(pk=purchase_id).first() if is_uuid(purchase_id) else None


def find_named_payout(payout_id: str) -> Payout | None:
    """Return the payout that something at Stripe names, if there is one."""
    return Payout.objects.filter(pk=payout_id).first() if is_uuid(payout_id) else None


def find_payout_by_transfer(transfer_id: str) -> Payout | None:
    """Return the payout whose money a transfer is."""
    return Payout.objects.filter(transfer_id=transfer_id).first() if transfer_id else None


def list_paid_between(since: datetime, until: datetime) -> list[Purchase]:
    """Return the purchases that say Stripe was paid for them in a time; those made without a Stripe say nothing of it."""
    paid = Purchase.objects.filter(paid_at__gte=since, paid_at__lt=until).exclude(stripe_payment_intent_id="")
    return list(paid.order_by("id"))


def list_moved_between(since: datetime, until: datetime) -> list[Payout]:
    """Return the payouts that were made or moved in a time; those of no account at Stripe say nothing of it."""
    made, moved = Q(created_at__gte=since, created_at__lt=until), Q(moved_at__gte=since, moved_at__lt=until)
    return list(Payout.objects.filter(made | moved).exclude(account_id="").order_by("id"))


def list_open_findings() -> list[Finding]:
    """Return what somebody has to see to, the longest unseen first."""
    return list(
        Finding.objects.filter(resolved_at__isnull=True).select_related("purchase", "payout").order_by("last_seen_at")
    )


def count_open_findings() -> int:
    """Return how many findings somebody has to see to."""
    return Finding.objects.filter(resolved_at__isnull=True).count()


def get_reconciliation_age() -> int:
    """Return the seconds since Stripe's books were last compared whole; -1 for never."""
    done = Reconciliation.objects.filter(finished_at__isnull=False)
    last = done.order_by("-finished_at").values_list("finished_at", flat=True).first()
    return int((clock.now() - last).total_seconds()) if last else -1
