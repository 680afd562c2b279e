"""News from below."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from accounts.signals import person_joined, person_verified
from economy import services


def connect() -> None:
    """Listen to the rooms below."""
    person_verified.connect(give_sign_up_grant, dispatch_uid="economy.sign_up_grant")
    person_joined.connect(note_referral, dispatch_uid="economy.referral")


def give_sign_up_grant(*, person: User, **_kwargs: Any) -> None:
    """Welcome a person whose address is proven, once."""
    services.grant_on_sign_up(person=person)


def note_referral(*, person: User, referral_code: str = "", **_kwargs: Any) -> None:
    """Remember by whose link a new person came."""
    if referral_code:
        services.note_referral(person=person, code=referral_code)
