"""A person's own limits: what they cover, when they change, and on whose clock."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from economy import selectors, services
from economy.errors import InsufficientTokens, SpendingLimitReached
from economy.models import SpendingLimit
from tests import make

pytestmark = pytest.mark.django_db
DAY, WEEK, MONTH = SpendingLimit.Period.DAY, SpendingLimit.Period.WEEK, SpendingLimit.Period.MONTH


def pay(payer, payee, amount, **options):
    return services.charge(
        payer=payer, payee=payee, amount=amount, kind="tip", key=f"test:{uuid4()}", source_type="test",
        source_id=str(uuid4()), fee_bp=2_000, **options,
    )  # fmt: skip


@pytest.fixture
def rich(fan):
    make.buy_tokens(fan, 1_000)
    return fan


def test_spending_stops_at_the_limit_and_says_how_much_is_left(rich, creator):
    """LEDGER-10."""
    services.set_limit(person=rich, period=DAY, tokens=100)
    pay(rich, creator, 70)
    with pytest.raises(SpendingLimitReached) as refused:
        pay(rich, creator, 31)
    assert refused.value.data["left"] == 30
    assert selectors.get_limit_left(rich.pk) == selectors.get_spendable(rich) == 30
    pay(rich, creator, 30)
    assert selectors.get_balance(rich).spendable == 900


def test_an_empty_wallet_is_named_before_the_limit(fan, creator):
    make.buy_tokens(fan, 10)
    services.set_limit(person=fan, period=DAY, tokens=5)
    with pytest.raises(InsufficientTokens):
        pay(fan, creator, 11)


def test_lowering_is_at_once_and_raising_waits_a_day(rich, creator, clock):
    """LEDGER-10 and §8: limit-raise delay 24 h."""
    services.set_limit(person=rich, period=DAY, tokens=100)
    services.set_limit(person=rich, period=DAY, tokens=50)
    assert selectors.get_limit_left(rich.pk) == 50
    raised = services.set_limit(person=rich, period=DAY, tokens=80)
    assert (raised.tokens, raised.coming) == (50, 80)
    clock.advance(hours=23)
    again = services.set_limit(person=rich, period=DAY, tokens=80)
    assert again.coming_at == raised.coming_at, "asking again does not start the wait anew"
    clock.advance(hours=2)
    assert selectors.get_limit_left(rich.pk) == 80
    services.set_limit(person=rich, period=DAY, tokens=None)
    assert selectors.get_limit_left(rich.pk) == 80, "lifting is raising"
    clock.advance(hours=25)
    assert selectors.get_limit_left(rich.pk) is None


@pytest.mark.parametrize("period", [DAY, WEEK, MONTH])
def test_what_is_given_back_of_an_earlier_span_leaves_no_more_for_this_one(rich, creator, clock, period):
    """LEDGER-10: a limit holds whatever comes back meanwhile; a charge of the span itself is not spent once it is back."""
    earlier = pay(rich, creator, 45)
    clock.advance(days=32)
    today = pay(rich, creator, 10)
    services.set_limit(person=rich, period=period, tokens=30)
    services.refund_charge(transaction_id=earlier.pk, key="back-1", reason="late")
    assert selectors.get_limit_left(rich.pk) == 20
    assert {row.spent for row in selectors.list_standings(rich)} == {10}
    services.refund_charge(transaction_id=today.pk, key="back-2", reason="at once")
    assert selectors.get_limit_left(rich.pk) == 30
    with pytest.raises(SpendingLimitReached):
        pay(rich, creator, 31)


def test_lowering_takes_back_a_raise_that_waits(rich, clock):
    services.set_limit(person=rich, period=DAY, tokens=50)
    services.set_limit(person=rich, period=DAY, tokens=500)
    lowered = services.set_limit(person=rich, period=DAY, tokens=40)
    assert (lowered.tokens, lowered.coming) == (40, None)
    clock.advance(days=2)
    assert selectors.get_limit_left(rich.pk) == 40


def test_each_period_counts_and_the_tightest_holds(rich, creator, clock):
    clock.move_to(datetime(2027, 3, 3, 12, tzinfo=UTC))  # a Wednesday
    services.set_limit(person=rich, period=DAY, tokens=100)
    services.set_limit(person=rich, period=WEEK, tokens=150)
    services.set_limit(person=rich, period=MONTH, tokens=180)
    pay(rich, creator, 100)
    clock.advance(days=1)
    assert selectors.get_limit_left(rich.pk) == 50
    clock.move_to(datetime(2027, 3, 8, 0, 1, tzinfo=UTC))  # Monday
    assert selectors.get_limit_left(rich.pk) == 80
    clock.move_to(datetime(2027, 4, 1, 0, 1, tzinfo=UTC))
    assert selectors.get_limit_left(rich.pk) == 100


def test_days_are_those_of_the_persons_own_zone(rich, creator, clock):
    rich.time_zone = "America/New_York"
    rich.save()
    services.set_limit(person=rich, period=DAY, tokens=100)
    clock.move_to(datetime(2027, 7, 2, 3, 30, tzinfo=UTC))  # 23:30 of the day before, there
    pay(rich, creator, 60)
    clock.advance(minutes=20)
    assert selectors.get_limit_left(rich.pk) == 40
    clock.advance(minutes=20)
    assert selectors.get_limit_left(rich.pk) == 100


def test_held_tokens_count_as_spent_until_they_come_back(rich, creator):
    """LEDGER-10: every kind of spending, holds of calls included."""
    services.set_limit(person=rich, period=DAY, tokens=100)
    hold = services.place_hold(person=rich, amount=40, key="h", source_type="call", source_id="1")
    assert selectors.get_limit_left(rich.pk) == 60
    with pytest.raises(SpendingLimitReached):
        services.place_hold(person=rich, amount=61, key="h2", source_type="call", source_id="2")
    pay(rich, creator, 40, hold=hold)
    assert selectors.get_limit_left(rich.pk) == 60
    topped = services.top_up_hold(hold=hold, to_amount=90)
    assert topped.remaining == 60, "a hold fills as far as the limit lets it"
    services.release_hold(hold=hold)
    assert selectors.get_limit_left(rich.pk) == 60


def test_a_hold_from_before_the_limit_is_not_spent_beyond_it(rich, creator):
    hold = services.place_hold(person=rich, amount=200, key="h", source_type="call", source_id="1")
    services.set_limit(person=rich, period=DAY, tokens=50)
    with pytest.raises(SpendingLimitReached):
        pay(rich, creator, 60, hold=hold)
    pay(rich, creator, 50, hold=hold)


def test_what_was_given_back_was_not_spent(rich, creator):
    services.set_limit(person=rich, period=DAY, tokens=100)
    paid = pay(rich, creator, 100)
    services.refund_charge(transaction_id=paid.pk, key="back", reason="test", amount=30)
    assert selectors.get_limit_left(rich.pk) == 30


def test_many_charges_at_once_see_the_limit_one_after_the_other(rich, creator):
    services.set_limit(person=rich, period=DAY, tokens=25)
    charges = [
        services.Charge(
            key=f"c{number}", payer_id=rich.pk, payee_id=creator.pk, amount=10, kind="tip", source_type="test",
            source_id=str(number), fee_bp=2_000,
        )
        for number in range(3)
    ]  # fmt: skip
    outcomes = services.charge_many(charges=charges)
    assert [outcome.outcome for outcome in outcomes] == ["posted", "posted", "limited"]
    assert [outcome.spendable for outcome in outcomes] == [5, 5, 5]
