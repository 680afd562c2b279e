"""Promotional tokens whose time comes."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from economy.models import TokenLot


def find_lot(*, id: int) -> TokenLot | None:  # noqa: A002  the house's selectors take `id`
    """Return one lot, or None."""
    return TokenLot.objects.filter(pk=id).first()


def list_expiring_lots(*, after: datetime, until: datetime) -> QuerySet[TokenLot]:
    """List lots that still have tokens and expire in a span, with their owners, the soonest first (LEDGER-13)."""
    lots = TokenLot.objects.filter(remaining__gt=0, expires_at__gt=after, expires_at__lte=until)
    return lots.select_related("owner").order_by("expires_at", "pk")
