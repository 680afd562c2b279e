"""What people owe and since when, and the corrections that staff made of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import User
from digis.core.errors import NotFound
from economy.models import Adjustment, LedgerAccount, LedgerEntry
from economy.sources import Source

Kind = Adjustment.Kind


def get_adjustment(*, id: UUID) -> Adjustment:  # noqa: A002  the house's selectors take `id`
    """Return one correction. Raises NotFound."""
    try:
        return Adjustment.objects.select_related("person", "requested_by", "decided_by").get(pk=id)
    except Adjustment.DoesNotExist:
        raise NotFound from None


def get_owed(person: User, kind: Adjustment.Kind) -> int:
    """Return the tokens a person owes: as a buyer, or as a creator."""
    account = LedgerAccount.Kind.DEBT if kind == Kind.FORGIVE_FAN else LedgerAccount.Kind.CREATOR_DEBT
    found = LedgerAccount.objects.filter(owner=person, kind=account).values_list("balance", flat=True).first()
    return found or 0


def find_owed_since(creator: User) -> datetime | None:
    """Return since when a creator has owed something without a break, or None when nothing is owed (PAY-4)."""
    entries = LedgerEntry.objects.filter(
        account__owner=creator, account__kind=LedgerAccount.Kind.CREATOR_DEBT
    ).select_related("transaction")
    free = entries.filter(balance_after=0).order_by("-id").values_list("pk", flat=True).first() or 0
    first = entries.filter(pk__gt=free).order_by("id").first()
    return first.transaction.created_at if first is not None else None


def describe_adjustments(ids: list[str], viewer: User) -> Mapping[str, Source]:
    """Say to a person what staff corrected, and why."""
    rows = Adjustment.objects.filter(pk__in=ids, person=viewer)
    return {str(row.pk): Source(_("Correction by Digis: %(reason)s") % {"reason": row.reason}) for row in rows}
