"""Free tokens (grants, and gifts of others) and what creators earned from them: told before a call, never paid out (LEDGER-9)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet, Sum

from accounts.models import User
from economy.models import LedgerAccount, LedgerEntry
from economy.selectors.balances import free_lots


def get_granted(person: User) -> int:
    """Return how many of the tokens a person can spend came free: what is earned from them cannot be withdrawn."""
    found = free_lots(person.pk).filter(is_withdrawable=False).aggregate(total=Sum("remaining", default=0))
    return int(found["total"])


def granted_shares(*, source_type: str, source_ids: Iterable[str]) -> dict[str, int]:
    """Return what creators earned from free tokens by each of these causes, in tokens, refunds taken off; one query.

    A cause that brought nothing of the kind is left out.
    """
    rows = (
        _entries()
        .filter(transaction__source_type=source_type, transaction__source_id__in=list(source_ids))
        .values_list("transaction__source_id")
        .annotate(total=Sum("amount"))
        .order_by()
    )
    return {source_id: int(total) for source_id, total in rows if total}


def granted_of(transaction_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return the same of single movements, by their ids."""
    rows = _entries().filter(transaction__in=list(transaction_ids)).values_list("transaction", "amount")
    return {transaction_id: int(amount) for transaction_id, amount in rows}


def sum_granted(creator: User, *, since: datetime | None = None, until: datetime | None = None) -> int:
    """Return the part of `sum_earned` over [since, until) that came from free tokens."""
    found = _entries().filter(account__owner=creator)
    if since:
        found = found.filter(transaction__created_at__gte=since)
    if until:
        found = found.filter(transaction__created_at__lt=until)
    return int(found.aggregate(total=Sum("amount", default=0))["total"])


def _entries() -> QuerySet[LedgerEntry]:
    return LedgerEntry.objects.filter(account__kind=LedgerAccount.Kind.NON_WITHDRAWABLE)
