"""What was paid before this database knew of it: posted like the rest, once, and not looked for at Stripe."""

from __future__ import annotations

from datetime import timedelta

import pytest

from economy import invariants, selectors, services
from economy.errors import EarningsChanged
from economy.models import LedgerTransaction, Payout
from economy.selectors import Balance, Earnings
from economy.services import past
from tests import make
from tests.economy.books import open_findings, run_nightly

pytestmark = pytest.mark.django_db


def buy(fan, tokens=500):
    return past.record_past_purchase(
        person=fan, tokens=tokens, bonus=0, minor=tokens * 5, currency="USD", key=f"past:{tokens}"
    )


def test_a_past_payout_goes_its_way_once_and_stripe_is_not_asked_about_it(creator, stripe, clock):
    """LEDGER-4, PAY-3, PAY-10: the first is one that staff see."""
    make.earn_available(creator, 1_000)
    past.record_past_account(creator=creator, country="PT", bank="Banco do Tejo", last4="4417")
    for _ in range(2):
        made = past.record_past_payout(creator=creator, tokens=600, key="p")
    assert (made.state, made.review_reason, selectors.get_payable(creator).tokens) == ("in_review", "first", 400)
    assert services.advance_due_payouts() == 0
    clock.advance(days=3)
    for _ in range(2):
        past.settle_past_payout(creator=creator, key="p")
    assert selectors.sum_paid_out(creator) == 600
    assert LedgerTransaction.objects.filter(type="payout").count() == 2
    steps = list(Payout.objects.get().steps.order_by("id").values_list("state", flat=True))
    assert steps == ["requested", "in_review", "approved", "transferring", "transferred", "paid"]
    days = list(Payout.objects.get().steps.order_by("id").values_list("created_at", flat=True))
    assert days == sorted(days)
    done = run_nightly()
    assert (done.found, done.failures, open_findings()) == (0, 0, set())
    assert services.advance_due_payouts() == 0
    assert invariants.broken() == []


def test_more_than_is_available_was_never_paid_out(creator):
    make.earn_available(creator, 500)
    with pytest.raises(EarningsChanged):
        past.record_past_payout(creator=creator, tokens=501, key="p")
    assert not Payout.objects.exists()


@pytest.mark.parametrize("is_won", [True, False])
def test_a_past_dispute_takes_back_and_gives_again_like_any_other(fan, creator, stripe, clock, is_won):
    """LEDGER-8."""
    purchase = buy(fan)
    services.send_tip(payer=fan, payee=creator, amount=200, key="tip")
    due = clock.now() + timedelta(days=14)
    for _ in range(2):
        past.record_past_dispute(person=fan, key=purchase.key, case="dp_past", reason="unrecognized", due_at=due)
    assert selectors.get_earnings(creator) == Earnings()
    assert selectors.get_balance(fan) == Balance()
    clock.advance(days=10)
    first = past.settle_past_dispute(case="dp_past", is_won=is_won)
    clock.advance(hours=1)
    assert past.settle_past_dispute(case="dp_past", is_won=is_won).closed_at == first.closed_at
    left = (Earnings(pending=160), Balance(purchased=300)) if is_won else (Earnings(), Balance())
    assert (selectors.get_earnings(creator), selectors.get_balance(fan)) == left
    (line,) = selectors.present_adjustments(list(selectors.list_adjustments(creator)), viewer=creator)
    assert (line.state, line.case) == ("restored" if is_won else "lost", "dp_past")
    assert run_nightly().found == 0
    assert invariants.broken() == []
