"""Earnings on their way: held, released, taken back, and the fee of their day."""

import re
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction

from accounts.models import CreatorProfile
from digis.core.realtime import publish
from economy import invariants, selectors, services
from economy.models import CreatorRisk, Earning, FeeRule, LedgerAccount, LedgerTransaction
from economy.selectors import ComingEarnings, Earnings
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def long_approved(creator, clock):
    """A creator who is not new any more."""
    CreatorProfile.objects.filter(pk=creator.pk).update(approved_at=clock.now() - timedelta(days=200))


def pay(payer, payee, amount, *, kind="tip", key=None, **options):
    return services.charge(
        payer=payer,
        payee=payee,
        amount=amount,
        kind=kind,
        key=key or f"test:{uuid4()}",
        source_type="test",
        source_id=str(uuid4()),
        fee_bp=options.pop("fee_bp", 2_000),
        **options,
    )


def balance(person, kind):
    return LedgerAccount.objects.get(owner=person, kind=kind).balance


def test_what_was_earned_is_available_after_seven_days_and_not_before(fan, creator, clock):
    """PAY-1."""
    make.buy_tokens(fan, 100)
    pay(fan, creator, 100)
    clock.advance(days=6, hours=23)
    assert services.mature_earnings() == []
    assert selectors.get_earnings(creator) == Earnings(pending=80)
    clock.advance(hours=2)
    assert services.mature_earnings() == [creator.pk]
    assert selectors.get_earnings(creator) == Earnings(available=80)
    assert services.mature_earnings() == []


def test_a_new_creator_waits_for_three_weeks(fan, creator, clock):
    """PAY-1: 21 days in the first four months."""
    CreatorProfile.objects.filter(pk=creator.pk).update(approved_at=clock.now() - timedelta(days=119))
    make.buy_tokens(fan, 100)
    pay(fan, creator, 100)
    clock.advance(days=20)
    assert services.mature_earnings() == []
    clock.advance(days=2)
    assert services.mature_earnings() == [creator.pk]


def test_a_risk_that_staff_saw_holds_longer_than_the_kind_and_never_shorter(fan, creator):
    """PAY-1: the longest of kind, novelty and risk."""
    CreatorRisk.objects.create(creator=creator, hold_days=30, reason="Many disputes in a month")
    assert selectors.get_hold_days(kind="tip", creator_id=creator.pk) == 30
    CreatorRisk.objects.update(hold_days=2)
    assert selectors.get_hold_days(kind="tip", creator_id=creator.pk) == 7


def test_the_forecast_says_how_much_comes_on_which_day_of_the_creators_zone(fan, creator, clock):
    creator.time_zone = "Pacific/Auckland"
    creator.save()
    make.buy_tokens(fan, 100)
    first = pay(fan, creator, 10)
    pay(fan, creator, 10)
    clock.advance(days=2)
    pay(fan, creator, 50)
    Earning.objects.filter(pk=first.pk).update(available_at=None)
    days = selectors.forecast_earnings(creator)
    assert [day.amount for day in days] == [8, 40, 8]
    assert days[2] == ComingEarnings(None, 8)
    assert isinstance(days[0].on, date)
    assert (days[1].on - days[0].on).days == 2


def test_an_earning_that_waits_for_a_delivery_starts_its_days_with_it(fan, creator, clock):
    """PAY-1: physical goods from delivery."""
    make.buy_tokens(fan, 100)
    sale = pay(fan, creator, 100)
    Earning.objects.update(available_at=None)
    clock.advance(days=40)
    assert services.mature_earnings() == []
    services.start_hold(transaction_id=sale.pk, kind="order")
    services.start_hold(transaction_id=sale.pk, kind="order", at=clock.now() - timedelta(days=30))
    assert services.mature_earnings() == []
    clock.advance(days=7, minutes=1)
    assert services.mature_earnings() == [creator.pk]


def test_thousands_of_small_earnings_are_released_by_one_transaction_for_each_creator(fan, creator, clock):
    other = make.make_creator("other")
    CreatorProfile.objects.update(approved_at=clock.now() - timedelta(days=200))
    make.buy_tokens(fan, 100)
    for _ in range(4):
        pay(fan, creator, 10)
        pay(fan, other, 5)
    clock.advance(days=8)
    assert set(services.mature_earnings()) == {creator.pk, other.pk}
    assert LedgerTransaction.objects.filter(type="earning").count() == 2
    assert (selectors.get_earnings(creator).available, selectors.get_earnings(other).available) == (32, 16)


def test_a_refund_takes_back_what_waits_from_pending_only(fan, creator, clock):
    """PAY-4 and LEDGER-8: what another sale made available is not touched."""
    make.buy_tokens(fan, 100)
    pay(fan, creator, 50)
    clock.advance(days=8)
    services.mature_earnings()
    young = pay(fan, creator, 50)
    services.refund_charge(transaction_id=young.pk, key="back", reason="test", amount=25)
    assert selectors.get_earnings(creator) == Earnings(pending=20, available=40)
    clock.advance(days=8)
    services.mature_earnings()
    assert selectors.get_earnings(creator) == Earnings(available=60)


def test_a_refund_of_what_was_released_comes_from_available_and_then_from_what_comes_next(fan, creator, clock):
    """PAY-4: the fan is repaid at once, the creator owes, and later earnings net first."""
    make.buy_tokens(fan, 200)
    old = pay(fan, creator, 100)
    clock.advance(days=8)
    services.mature_earnings()
    with transaction.atomic(), connection.cursor() as cursor:  # most of it was paid out meanwhile
        cursor.execute(
            "SELECT economy_post(ARRAY[ROW (1, uuidv7(), 'payout', 'payout', 'x', '', '', NULL, NULL, NULL, 0, 0, 0,"
            " true, NULL, '{}')::economy_header], ARRAY[ROW (1, economy_account(%(who)s, 'available'), -70)::economy_line,"
            " ROW (1, economy_account(NULL, 'stripe_clearing'), 70)::economy_line], now())",
            {"who": creator.pk},
        )
    services.refund_charge(transaction_id=old.pk, key="back", reason="test")
    assert selectors.get_balance(fan).spendable == 200
    assert (balance(creator, "available"), balance(creator, "creator_debt")) == (0, 70)
    pay(fan, creator, 100)
    clock.advance(days=8)
    services.mature_earnings()
    assert (balance(creator, "available"), balance(creator, "creator_debt")) == (10, 0)


def test_earnings_of_free_tokens_are_never_released(fan, creator, clock):
    """LEDGER-9."""
    make.grant_tokens(fan, 100)
    pay(fan, creator, 100)
    clock.advance(days=60)
    assert services.mature_earnings() == []
    assert selectors.get_earnings(creator) == Earnings(non_withdrawable=80)


def test_the_studio_calls_each_part_of_the_earnings_the_same_everywhere(fan, creator, creator_client):
    """screens.md 5: what waits is on its way, and what can never be paid out is not withdrawable."""
    make.grant_tokens(fan, 20)
    pay(fan, creator, 20)
    pages = {
        path: re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", creator_client.get(path).content.decode()))
        for path in ("/studio/", "/studio/earnings/", "/studio/tips/")
    }
    for page in pages.values():
        assert "On its way" in page
        assert "Not withdrawable" in page
        assert "From free tokens" not in page
        assert "Pending" not in page
    assert "sent to your bank" in pages["/studio/earnings/"]


def test_the_fee_is_that_of_the_narrowest_rule_in_force_on_the_day(creator, clock):
    now = clock.now()
    assert selectors.fee_for(kind="tip", creator_id=creator.pk) == 2_000

    def rule(fee, *, kind="", who=None, days=0):
        FeeRule.objects.create(kind=kind, creator=who, fee_bp=fee, starts_at=now + timedelta(days=days), reason="test")

    rule(1_900, days=-3)
    rule(1_800, days=-2)
    assert selectors.fee_for(kind="tip", creator_id=creator.pk) == 1_800
    rule(1_500, kind="tip", days=-9)
    assert selectors.fee_for(kind="tip", creator_id=creator.pk) == 1_500
    rule(1_000, who=creator, days=-9)
    assert selectors.fee_for(kind="tip", creator_id=creator.pk) == 1_000
    rule(500, kind="tip", who=creator, days=5)
    assert selectors.fee_for(kind="tip", creator_id=creator.pk) == 1_000
    clock.advance(days=6)
    assert selectors.fee_for(kind="tip", creator_id=creator.pk) == 500
    assert selectors.fee_for(kind="tip", creator_id=creator.pk, at=now) == 1_000
    assert selectors.fee_for(kind="call", creator_id=uuid4()) == 1_800


def test_everything_above_leaves_the_ledger_whole(fan, creator, clock):
    make.grant_tokens(fan, 30)
    make.buy_tokens(fan, 70)
    for amount in (7, 11, 40):
        pay(fan, creator, amount)
    clock.advance(days=8)
    services.mature_earnings()
    services.fold_earnings()
    assert invariants.broken() == []


# ── The top bar of the studio ───────────────────────────────────────────────────────────────


def chip_of(page):
    found = re.search(r'<a id="earnings-chip".*?</a>', page.content.decode(), re.DOTALL)
    return re.sub(r"<[^>]+>|\s+", " ", found[0]) if found else ""


def test_the_studios_top_bar_shows_earnings_in_place_of_tokens(fan, creator, creator_client, fan_client, clock):
    """look.md: what can be paid out, and what still waits; elsewhere, and to others, it is the tokens."""
    make.earn_available(creator, 500)
    make.buy_tokens(fan, 100)
    pay(fan, creator, 100)
    page = creator_client.get("/studio/payouts/")
    assert "Earnings: $25.00 available, $4.00 on its way" in chip_of(page)
    assert 'id="balance-chip"' not in page.content.decode()
    for client, path in ((creator_client, "/wallet/"), (creator_client, "/"), (fan_client, "/wallet/")):
        other = client.get(path).content.decode()
        assert 'id="balance-chip"' in other
        assert "earnings-chip" not in other


def test_the_chip_asks_a_page_that_gives_it_to_a_fragment_too(creator, creator_client):
    """It is kept fresh: whatever page shows it, what it asks is not the part of a list alone."""
    make.earn_available(creator, 20)
    asked = re.search(r'id="earnings-chip"[^>]* hx-get="([^"]+)"', creator_client.get("/studio/tips/").content.decode())
    answer = creator_client.get(asked[1], headers={"HX-Request": "true"})
    assert "$1.00 available" in chip_of(answer)


@pytest.mark.django_db(transaction=True)
def test_a_creators_studio_hears_whenever_earnings_move(fan, creator, clock, monkeypatch):
    """A sale, what is given back, what becomes available: once each, after the commit, to nobody else."""
    told = []
    monkeypatch.setattr(publish, "_publish", lambda header, frame, **_: told.append((header["t"], frame["name"])))

    def heard(act):
        told.clear()
        act()
        return [topic for topic, name in told if name == "studio.earnings"]

    make.buy_tokens(fan, 300)
    only = [f"user:{creator.pk}"]
    assert heard(lambda: pay(fan, creator, 100)) == only
    sale = LedgerTransaction.objects.get(type="deduction")
    assert heard(lambda: services.refund_charge(transaction_id=sale.pk, key="r", reason="test", amount=50)) == only
    clock.advance(days=30)
    assert heard(services.mature_earnings) == only
    assert heard(services.mature_earnings) == []
