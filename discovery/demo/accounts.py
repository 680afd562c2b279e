"""Accounts of the demo's creators at the stand-in for Stripe, so that payouts work for them. Never at Stripe itself."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from accounts.models import User
from discovery.demo.past import BANKS
from economy import services as economy
from economy.errors import PayoutSetupUnavailable
from economy.selectors import get_payout_account

SECONDS: Final = 20  # for one answer of the stand-in
FUNDS: Final = 1_000_000  # cents of ours there: more than the demo's creators can ask for


class StandInAwayError(Exception):
    """The stand-in for Stripe does not answer, or refuses."""


def is_stood_in() -> bool:
    """Tell whether what we call Stripe is the stand-in on this machine."""
    base = settings.STRIPE_API_BASE
    return base == getattr(settings, "SANDBOX_URL", "") and urlsplit(base).hostname == "127.0.0.1"


def open_accounts() -> int:
    """Open the accounts that the demo's payouts went to, with all that Stripe asks for, and return how many.

    As the creators would do it. What the demo's buyers paid is not at the stand-in, so it is told that we have money. One
    account that is open stays as it is. Raises StandInAwayError; what was done until then counts.
    """
    opened = 0
    for bank in BANKS:
        creator = User.objects.get(username=bank.creator)
        account = get_payout_account(creator)
        if account is not None and account.account_id and not account.is_gone:
            continue
        here = settings.SITE_URL + reverse("economy:payouts")
        try:
            economy.start_onboarding(creator=creator, country=bank.country, return_url=here, refresh_url=here)
        except PayoutSetupUnavailable as refusal:
            raise StandInAwayError from refusal
        account = get_payout_account(creator)
        if account is not None:
            _order("accounts/onboard", account=account.account_id, name=bank.legal_name)
            economy.look_at_account(creator=creator)
            opened += 1
    if opened:
        _order("funds", amount=FUNDS, currency=settings.TOKEN_CURRENCY.lower())
    return opened


def _order(name: str, /, **given: Any) -> None:
    """Have the stand-in do what people and banks do outside of Stripe's API."""
    parts = urlsplit(settings.SANDBOX_URL)
    door = HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        door.request("POST", f"/_ctl/{name}", json.dumps(given), {"Content-Type": "application/json"})
        status = door.getresponse().status
    except (OSError, HTTPException) as error:
        raise StandInAwayError from error
    finally:
        door.close()
    if status != 200:
        raise StandInAwayError
