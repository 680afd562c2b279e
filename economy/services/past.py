"""Purchases that were made before this database knew of them: demo data and imports. No Stripe is asked."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from accounts.permissions import require_not_staff
from digis.core import clock
from economy.models import Purchase
from economy.services.purchases import post_purchase


def record_past_purchase(*, person: User, tokens: int, bonus: int, minor: int, currency: str, key: str) -> Purchase:
    """Credit a purchase that is known to have been paid, as if it were paid now, and return it.

    Tokens and bonus in tokens, the price in minor units. Repeating a key gives nothing more (LEDGER-4). For trusted
    callers; raises StaffStandApart (ACC-5).
    """
    require_not_staff(person)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=person.pk)
        known = Purchase.objects.filter(person=person, key=key).first()
        if known is not None:
            return known
        now = clock.now()
        purchase = Purchase.objects.create(
            person=person,
            key=key,
            tokens=tokens,
            bonus_tokens=bonus,
            amount_minor=minor,
            currency=currency,
            card="Visa ···· 4242",
            quote_expires_at=now,
            created_at=now,
            updated_at=now,
        )
        return post_purchase(purchase_id=purchase.pk, kept_minor=minor)
