"""What creators certify for the tax office (PAY-7, LAW-7)."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from digis.core import audit, clock, sealed
from economy.models import TaxProfile
from economy.services.payout_accounts import require_payee

PURPOSE = "economy.tax-number"


def certify_tax_profile(*, creator: User, legal_name: str, country: str, form: TaxProfile.Form, tin: str) -> TaxProfile:
    """Keep what a creator certifies under penalty of perjury, in place of what was certified before.

    The number is sealed before it is written; pages only ever show its last four characters. The caller has asked for a
    step-up (ACC-3). Raises CreatorOnly and StaffStandApart.
    """
    require_payee(creator=creator)
    now = clock.now()
    with transaction.atomic():
        profile, _is_new = TaxProfile.objects.update_or_create(
            creator=creator,
            defaults={
                "legal_name": legal_name,
                "country": country,
                "form": form,
                "tin_sealed": sealed.seal(tin, purpose=PURPOSE),
                "tin_last4": tin[-4:],
                "certified_at": now,
                "updated_at": now,
            },
        )
        audit.record(actor=creator, action="economy.tax_certified", target=profile, data={"form": str(form)})
    return profile


def read_tax_number(*, profile: TaxProfile, staff: User, reason: str) -> str:
    """Return the number in clear, for a form that is filed; who read it and why is kept."""
    audit.record(actor=staff, action="economy.tax_number_read", target=profile, reason=reason)
    return sealed.unseal(profile.tin_sealed, purpose=PURPOSE)
