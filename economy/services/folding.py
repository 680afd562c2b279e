"""Folding: appended earnings move into the cached balances."""

from __future__ import annotations

from django.db import transaction

from economy.sql import one


def fold_earnings(*, limit: int = 5_000) -> int:
    """Fold up to `limit` appended entries into their accounts, and return how many.

    Safe to run in any number of processes at once; cache + unfolded = sum of entries throughout.
    """
    with transaction.atomic():
        (count,) = one("SELECT economy_fold(%(limit)s)", {"limit": limit})
    return int(count)
