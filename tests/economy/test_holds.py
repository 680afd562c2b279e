"""Holds: set aside, charged from, topped up, given back to the lots they came from."""

from datetime import timedelta
from uuid import uuid4

import pytest

from digis.core.errors import EmailUnverified, IdempotencyConflict
from economy import selectors, services
from economy.errors import InsufficientTokens
from economy.models import HoldLot, TokenLot
from tests import make

pytestmark = pytest.mark.django_db


def hold_for(person, amount, key="call:1"):
    return services.place_hold(person=person, amount=amount, key=key, source_type="test", source_id="1")


def minute(hold, payee, amount, *, key=None, hold_to=None, charged_before=0, fee_before=0):
    (outcome,) = services.charge_many(
        charges=[
            services.Charge(
                key=key or f"minute:{uuid4()}",
                payer_id=hold.person_id,
                payee_id=payee.pk,
                amount=amount,
                kind="call",
                source_type="test",
                source_id="1",
                fee_bp=2_000,
                charged_before=charged_before,
                fee_before=fee_before,
                hold_id=hold.pk,
                hold_to=hold_to,
            )
        ]
    )
    hold.refresh_from_db()
    return outcome


def lots_of(person):
    return [lot.remaining for lot in TokenLot.objects.filter(owner=person).order_by("id")]


def test_a_hold_takes_tokens_in_spend_order_and_gives_them_back_to_the_same_lots(fan, clock):
    """LEDGER-3: lot identity is kept inside the hold."""
    make.grant_tokens(fan, 10, expires_at=clock.now() + timedelta(days=3))
    make.buy_tokens(fan, 30)
    hold = hold_for(fan, 25)
    assert (hold.amount, hold.remaining, hold.state) == (25, 25, "open")
    assert lots_of(fan) == [0, 15]
    assert selectors.get_balance(fan) == selectors.Balance(purchased=15, held=25)
    assert services.release_hold(hold=hold) == 25
    assert services.release_hold(hold=hold) == 0
    assert lots_of(fan) == [10, 30]
    assert selectors.get_balance(fan) == selectors.Balance(purchased=30, promotional=10)


def test_placing_a_hold_again_finds_the_first(fan, stranger):
    """LEDGER-4."""
    make.buy_tokens(fan, 30)
    make.buy_tokens(stranger, 30)
    assert hold_for(fan, 20).pk == hold_for(fan, 20).pk
    assert selectors.get_balance(fan).held == 20
    with pytest.raises(IdempotencyConflict):
        hold_for(stranger, 20)


def test_a_hold_is_whole_or_not_at_all(fan):
    """LEDGER-2."""
    make.buy_tokens(fan, 30)
    with pytest.raises(InsufficientTokens) as refusal:
        hold_for(fan, 31)
    assert refusal.value.data == {"needed": 31, "covered": 30}
    assert not fan.token_holds.exists()
    assert lots_of(fan) == [30]


def test_nobody_spends_before_their_address_is_proven(db):
    person, creator = make.make_person(verified=False), make.make_creator()
    make.buy_tokens(person, 10)
    with pytest.raises(EmailUnverified):
        hold_for(person, 1)
    with pytest.raises(EmailUnverified):
        services.charge(
            payer=person, payee=creator, amount=1, kind="tip", key="t", source_type="", source_id="", fee_bp=0
        )


def test_charges_come_from_the_hold_first_and_the_hold_is_refilled_in_the_same_call(fan, creator, clock):
    """The meter: one minute always held ahead, promotional tokens spent first (LEDGER-3)."""
    make.grant_tokens(fan, 15, expires_at=clock.now() + timedelta(days=3))
    make.buy_tokens(fan, 45)
    hold = hold_for(fan, 20)
    first = minute(hold, creator, 20, hold_to=20)
    assert (first.outcome, first.held, first.spendable) == ("posted", 20, 20)
    assert selectors.get_earnings(creator) == selectors.Earnings(pending=4, non_withdrawable=12)
    second = minute(hold, creator, 20, hold_to=20, charged_before=20, fee_before=4)
    assert (second.held, second.spendable) == (20, 0)
    third = minute(hold, creator, 20, hold_to=20, charged_before=40, fee_before=8)
    assert (third.outcome, third.held, third.spendable) == ("posted", 0, 0)
    last = minute(hold, creator, 20, hold_to=20, charged_before=60, fee_before=12)
    assert (last.outcome, last.covered) == ("insufficient", 0)
    assert services.release_hold(hold=hold) == 0
    assert selectors.get_earnings(creator).total == 48


def test_a_hold_is_topped_up_as_far_as_the_balance_reaches(fan):
    make.buy_tokens(fan, 30)
    hold = hold_for(fan, 20)
    assert services.top_up_hold(hold=hold, to_amount=25).remaining == 25
    assert services.top_up_hold(hold=hold, to_amount=10).remaining == 25
    assert services.top_up_hold(hold=hold, to_amount=100).remaining == 30
    assert services.top_up_hold(hold=hold, to_amount=100).remaining == 30
    assert selectors.get_balance(fan) == selectors.Balance(held=30)
    assert HoldLot.objects.get(hold=hold).remaining == 30


def test_held_tokens_do_not_expire_and_live_on_when_they_come_back(fan, clock):
    """LEDGER-3: a lot that expired meanwhile lives thirty days more."""
    make.grant_tokens(fan, 10, expires_at=clock.now() + timedelta(days=1))
    hold = hold_for(fan, 10)
    clock.advance(days=2)
    assert services.expire_promotional_lots() == 0
    services.release_hold(hold=hold)
    lot = TokenLot.objects.get(owner=fan)
    assert lot.remaining == 10
    assert lot.expires_at > clock.now() + timedelta(days=29)


def test_held_tokens_cannot_be_spent_elsewhere(fan, creator):
    """LEDGER-2."""
    make.buy_tokens(fan, 30)
    hold_for(fan, 20)
    with pytest.raises(InsufficientTokens):
        services.charge(
            payer=fan, payee=creator, amount=11, kind="tip", key="t", source_type="", source_id="", fee_bp=0
        )


def test_a_hold_of_somebody_else_pays_nothing(fan, stranger, creator):
    make.buy_tokens(fan, 30)
    hold = hold_for(fan, 20)
    (outcome,) = services.charge_many(
        charges=[
            services.Charge(
                key="theft",
                payer_id=stranger.pk,
                payee_id=creator.pk,
                amount=5,
                kind="call",
                source_type="test",
                source_id="1",
                fee_bp=0,
                hold_id=hold.pk,
            )
        ]
    )
    assert (outcome.outcome, outcome.covered) == ("insufficient", 0)


def test_what_is_held_is_listed(fan):
    make.buy_tokens(fan, 30)
    hold = hold_for(fan, 20)
    (held,) = selectors.list_held(fan)
    assert held.hold == hold
