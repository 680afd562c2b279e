"""The demo's creators can be paid out: their accounts are opened at the stand-in for Stripe, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from digis.core import clock
from discovery.demo import accounts
from discovery.demo.past import BANKS, give_papers
from economy import selectors, services
from economy.models import PayoutAccount
from tests import make, stripe_sandbox
from tests.economy.payees import play, settle_bank, words, work
from tests.stripe_sandbox import StripeSandbox

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripeSandbox]:
    with stripe_sandbox.running(tmp_path_factory.mktemp("stripe")) as sandbox:
        yield sandbox


@pytest.fixture
def stripe(running: StripeSandbox, settings: Any) -> StripeSandbox:
    running.reset()
    settings.STRIPE_API_BASE = settings.SANDBOX_URL = running.url
    settings.STRIPE_SECRET_KEY = stripe_sandbox.TEST_KEY
    return running


@pytest.fixture
def cast(db: None) -> dict[str, Any]:
    """The creators who were paid out in the demo's past, with what is known of their banks."""
    found = {bank.creator: make.make_creator(bank.creator) for bank in BANKS}
    give_papers(found, at=clock.now())
    return found


def test_the_payouts_of_the_demo_work_at_the_stand_in(cast: dict[str, Any], stripe: StripeSandbox):
    """PAY-2: nobody is asked to set up again; a payout goes the whole way to the bank."""
    ana = cast["ana"]
    client = Client()
    client.force_login(ana)
    before = words(client.get("/studio/payouts/"))
    assert "does not know you yet" in before
    assert "You ended our connection" not in before
    make.buy_tokens(make.make_person("buyer"), 5_000)
    assert accounts.open_accounts() == len(BANKS)
    assert accounts.open_accounts() == 0
    assert all(row.can_receive and row.can_pay_out and not row.is_gone for row in PayoutAccount.objects.all())
    make.earn_available(ana, 1_000)
    assert "Pay out $50.00" in words(client.get("/studio/payouts/"))
    services.request_payout(creator=ana, key="first", tokens=1_000)
    payout = play.approve(ana)
    settle_bank(stripe, payout)
    payout.refresh_from_db()
    assert payout.state == "paid"
    work()
    assert selectors.sum_paid_out(ana) == 1_000


def test_without_a_stand_in_that_answers_it_is_said(cast: dict[str, Any], settings: Any):
    settings.STRIPE_API_BASE = settings.SANDBOX_URL = "http://127.0.0.1:9"
    assert accounts.is_stood_in()
    with pytest.raises(accounts.StandInAwayError):
        accounts.open_accounts()
    assert PayoutAccount.objects.filter(is_gone=True).count() == len(cast)


@pytest.mark.parametrize("base", ["https://api.stripe.com", "http://stripe.example:8010"])
def test_stripe_itself_is_never_taken_for_it(settings: Any, base: str):
    settings.STRIPE_API_BASE = base
    settings.SANDBOX_URL = base if "example" in base else "http://127.0.0.1:8010"
    assert not accounts.is_stood_in()
