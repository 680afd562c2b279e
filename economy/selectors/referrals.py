"""What a person's invitation link has brought."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q

from accounts.models import User
from economy.models import Referral


@dataclass(frozen=True, slots=True)
class ReferralTally:
    """How many came by a person's link, how many of them brought a reward, and what that came to in tokens."""

    joined: int
    rewarded: int

    @property
    def tokens(self) -> int:
        return self.rewarded * settings.REFERRAL_TOKENS


def count_referrals(person: User) -> ReferralTally:
    """Return what a person's link has brought, in one query."""
    found = Referral.objects.filter(referrer=person).aggregate(
        joined=Count("pk"), rewarded=Count("pk", filter=Q(outcome=Referral.Outcome.REWARDED))
    )
    return ReferralTally(**found)
