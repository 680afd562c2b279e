"""What tests of payouts share: a browser's way to ask for one, the workers' turn, and the bank's."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client

from accounts.permissions import CONFIRMED_KEY
from digis.core import clock
from digis.core.idempotency import form_key
from economy import selectors, services
from economy.models import Payout
from tests import make
from tests.stripe_sandbox import StripeSandbox


def words(response: Any) -> str:
    """Return what a page says."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def work() -> None:
    """Let the workers do all they were promised, step by step."""
    while make.handle_outbox("economy.payout", "economy.payout_account"):
        pass


def ask(client: Client, tokens: int, *, key: str = "") -> Any:
    """Press the button that pays out."""
    return client.post("/studio/payouts/", {"tokens": tokens, "idempotency_key": key or form_key()})


def places(creator: Any) -> tuple[int, int, int]:
    """Return a creator's tokens: available, in payouts, paid out."""
    payable = selectors.get_payable(creator)
    return selectors.get_earnings(creator).available, payable.in_payout, selectors.sum_paid_out(creator)


def set_up(creator: Any, stripe: StripeSandbox) -> Any:
    """Give a creator all that payouts need."""
    make.certify_taxes(creator)
    here = "http://127.0.0.1:8000/studio/payouts/"
    services.start_onboarding(creator=creator, country="US", return_url=here, refresh_url=here)
    account = selectors.get_payout_account(creator)
    assert account is not None
    stripe.onboard(account.account_id)
    services.sync_account(creator_id=creator.pk)
    return creator


def settle_bank(stripe: StripeSandbox, payout: Payout) -> None:
    """Let the bank take a payout, and a worker look."""
    payout.refresh_from_db()
    stripe.pay_payout(payout.stripe_payout_id)
    services.mark_payout_due(payout_id=payout.pk)
    work()


class Play:
    """Takes a creator's latest payout somewhere."""

    stripe: StripeSandbox

    def later(self, moving: Any, *, hours: int) -> None:
        """Let time pass here and at Stripe."""
        moving.advance(hours=hours)
        self.stripe.advance(hours * 3_600)

    def prove(self, client: Client) -> None:
        """Prove anew who sits there (ACC-3)."""
        session = client.session
        session[CONFIRMED_KEY] = clock.now().isoformat()
        session.save()

    def approve(self, creator: Any, *, work_after: bool = True) -> Payout:
        """Past staff, where they want to see it."""
        work()
        payout = Payout.objects.filter(creator=creator).latest("id")
        if payout.state == "in_review":
            staff = make.make_staff()
            services.review_payout(payout_id=payout.pk, staff=staff, approve=True)
        if work_after:
            work()
        payout.refresh_from_db()
        return payout

    def send(self, creator: Any) -> Payout:
        """On its way to the bank."""
        payout = self.approve(creator)
        assert payout.state == "transferred", payout.state
        return payout

    def pay(self, creator: Any) -> Payout:
        """Taken by the bank."""
        payout = self.send(creator)
        settle_bank(self.stripe, payout)
        payout.refresh_from_db()
        assert payout.state == "paid", payout.state
        return payout


play = Play()
