"""A creator whose payments are disputed too often: a tenth is held back, and beyond that payouts wait (PAY-6)."""

from __future__ import annotations

import pytest

from digis.core import clock as now_clock
from economy import selectors, services
from economy.errors import EarningsChanged
from economy.models import Dispute, Earning, Payout, Reserve
from economy.services.payouts import open_payout
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def settings(settings):
    """Fewer payments than in earnest, so that a test need not make hundreds."""
    settings.DISPUTES_MIN_PAYMENTS = 5
    settings.RESERVE_FROM_BP, settings.STOP_FROM_BP = 1_000, 2_500
    return settings


@pytest.fixture
def buyers(settings, creator):
    """Nine payments that paid the creator, 100 tokens each."""
    return [pay(creator, number) for number in range(9)]


def pay(creator, number):
    fan = make.make_person(f"buyer{number}")
    bought = make.buy_tokens(fan, 100)
    services.send_tip(payer=fan, payee=creator, amount=100, key=f"tip{number}")
    return bought


def dispute(bought, status="lost"):
    return Dispute.objects.create(
        stripe_id=f"dp_{bought.pk}", purchase=bought, status=status, reason="fraudulent",
        amount_minor=bought.amount_minor, currency="USD", opened_at=now_clock.now(),
    )  # fmt: skip


def release(clock):
    clock.advance(days=22)
    services.mature_earnings()


def test_above_the_first_mark_a_tenth_of_what_is_released_is_held_back(buyers, creator, creator_client, clock):
    """PAY-6: over 0.7 % a rolling tenth for 90 days."""
    dispute(buyers[0])
    assert services.measure_standings() == 1
    standing = selectors.get_standing(creator)
    assert (standing.payments, standing.disputed, standing.stops_payouts) == (9, 1, False)
    release(clock)
    payable = selectors.get_payable(creator)
    assert (payable.tokens, payable.reserved) == (9 * 80 - 72, 72)
    with pytest.raises(EarningsChanged):
        open_payout(creator=creator, tokens=9 * 80, kind=Payout.Kind.MANUAL, key="all")
    assert "held back" in creator_client.get("/studio/earnings/").content.decode()
    assert "1 of 9" in creator_client.get("/studio/disputes/").content.decode()
    services.measure_standings()
    assert list(creator.notifications.values_list("kind", flat=True)).count("economy.dispute_standing") == 1
    clock.advance(days=91)
    assert selectors.get_payable(creator).reserved == 0


def test_what_a_reserve_holds_stays_held_when_it_ends(buyers, creator, clock):
    """PAY-6: rolling: each part for its 90 days."""
    dispute(buyers[0])
    services.measure_standings()
    release(clock)
    for number in range(9, 20):
        pay(creator, number)
    services.measure_standings()
    assert Reserve.objects.get().ends_at is not None
    release(clock)
    assert selectors.get_payable(creator).reserved == 72
    assert Earning.objects.filter(matured_at__isnull=True).count() == 0


def test_above_the_second_mark_payouts_wait_and_go_on_by_themselves(buyers, creator, clock):
    """PAY-6: over 2 % payouts stop."""
    for bought in buyers[:3]:
        dispute(bought)
    services.measure_standings()
    assert "disputes" in {blocker.code for blocker in selectors.list_holdups(creator, None)}
    clock.advance(days=91)
    services.measure_standings()
    assert "disputes" not in {blocker.code for blocker in selectors.list_holdups(creator, None)}


@pytest.mark.parametrize("status", ["warning_needs_response", "warning_closed", "prevented"])
def test_an_inquiry_is_no_dispute(buyers, creator, status):
    """PAY-6."""
    dispute(buyers[0], status=status)
    services.measure_standing(creator_id=creator.pk)
    assert selectors.get_standing(creator).disputed == 0
    assert not Reserve.objects.exists()


def test_few_payments_say_nothing(settings, creator):
    """PAY-6: at least 20 payments."""
    settings.DISPUTES_MIN_PAYMENTS = 20
    for number in range(3):
        dispute(pay(creator, number))
    services.measure_standings()
    assert selectors.get_standing(creator).disputed == 3
    assert not Reserve.objects.exists()


def test_one_payment_that_paid_often_counts_once(settings, fan, creator):
    """PAY-6: payments, not sales."""
    bought = make.buy_tokens(fan, 100)
    for number in range(4):
        services.send_tip(payer=fan, payee=creator, amount=10, key=f"t{number}")
    dispute(bought)
    services.measure_standings()
    standing = selectors.get_standing(creator)
    assert (standing.payments, standing.disputed) == (1, 1)
