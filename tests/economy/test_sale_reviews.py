"""What is suspicious waits until staff have looked: a large first purchase that goes to one creator, and selling to oneself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from accounts import services as accounts
from accounts.errors import OwnAccount
from accounts.models import CreatorProfile
from digis.core import clock as core_clock
from digis.core.errors import InvalidState, ValidationFailed
from digis.core.models import AuditEntry
from economy import invariants, selectors, services, tasks
from economy.models import Earning, LedgerTransaction, ReviewedSale, SaleReview
from economy.selectors import Balance, ComingEarnings, Earnings
from notifications.models import Notification
from tests import make
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db
HOME, ELSEWHERE = "203.0.113.7", "198.51.100.9"


@pytest.fixture(autouse=True)
def long_approved(creator, clock):
    """A creator whose earnings wait for seven days."""
    CreatorProfile.objects.filter(pk=creator.pk).update(approved_at=clock.now() - timedelta(days=200))


@pytest.fixture
def desk(db):
    return make.make_staff("desk", groups=["finance"])


def tip(payer, payee, amount, key=None):
    return services.send_tip(payer=payer, payee=payee, amount=amount, key=key or str(uuid4()))


def note(person, browser, *, ip=ELSEWHERE):
    """Have a person sign in from a browser, as the sign-in flow notes it."""
    accounts.note_sign_in(person=person, device_token=browser, user_agent="Firefox", ip=ip)


def sign_in(person, ip):
    """Sign in by the door, from an address."""
    person.set_password(PASSWORD)
    person.save(update_fields=["password"])
    browser = Client(REMOTE_ADDR=ip)
    assert browser.post("/sign-in/", {"login": person.username, "password": PASSWORD}).status_code == 303
    browser.get("/settings/account/")
    return browser


def screen():
    services.screen_sales()
    return list(SaleReview.objects.filter(state="open").order_by("pk"))


def waits(sale):
    return Earning.objects.get(pk=sale.transaction_id).available_at is None


# ── Velocity (LEDGER-10) ────────────────────────────────────────────────────────────────────


def test_a_large_first_purchase_that_goes_to_one_creator_at_once_waits_for_staff(fan, creator, clock):
    """LEDGER-10: first purchase large and an immediate tip to one creator."""
    bought = make.buy_tokens(fan, 2_000, bonus=500)
    clock.advance(minutes=12)
    sale = tip(fan, creator, 2_000)
    (review,) = screen()
    assert (review.cause, review.payer, review.payee, review.purchase) == ("velocity", fan, creator, bought)
    assert review.evidence == {
        "bought_tokens": 2_500, "paid_minor": 10_000, "currency": "USD", "to_creator_tokens": 2_000,
        "part_percent": 80, "minutes_to_first": 12, "account_age_hours": 0,
    }  # fmt: skip
    assert waits(sale)
    clock.advance(days=60)
    tasks.mature_earnings()
    assert selectors.get_earnings(creator) == Earnings(pending=1_600)


@pytest.mark.parametrize(
    ("bought", "spent", "hours", "earlier"),
    [(1_999, 1_999, 0, 0), (2_000, 1_599, 0, 0), (2_000, 2_000, 25, 0), (2_000, 2_000, 0, 100)],
    ids=["smaller", "spread", "later", "not the first"],
)
def test_what_is_smaller_spread_later_or_not_the_first_is_not_held(fan, creator, clock, bought, spent, hours, earlier):
    """LEDGER-10: each of the four conditions counts."""
    if earlier:
        make.buy_tokens(fan, earlier)
        tip(fan, creator, earlier)
        clock.advance(days=1)
    make.buy_tokens(fan, bought)
    clock.advance(hours=hours)
    sale = tip(fan, creator, spent)
    assert screen() == []
    assert not waits(sale)
    clock.advance(days=7, minutes=1)
    tasks.mature_earnings()
    assert selectors.get_earnings(creator).available == spent - spent * 2 // 10 + earlier * 8 // 10


def test_many_small_sales_to_one_creator_are_as_suspicious_as_one(fan, creator):
    make.buy_tokens(fan, 2_000)
    sales = [tip(fan, creator, 400) for _ in range(3)]
    assert screen() == []
    sales.append(tip(fan, creator, 400))
    (review,) = screen()
    assert all(waits(sale) for sale in sales)
    assert review.sales.count() == 4


def test_what_was_given_back_meanwhile_does_not_count(fan, creator):
    make.buy_tokens(fan, 2_000)
    sale = tip(fan, creator, 1_900)
    services.refund_charge(transaction_id=sale.transaction_id, key="back", reason="test", amount=1_000)
    assert screen() == []
    services.refund_charge(transaction_id=sale.transaction_id, key="rest", reason="test", amount=900)
    again = tip(fan, creator, 1_900)
    (review,) = screen()
    assert [row.transaction_id for row in review.sales.all()] == [again.transaction_id]


def test_screening_again_opens_nothing_twice_and_holds_what_came_since(fan, creator, clock):
    """LEDGER-10: new charges between the two wait as well, from whatever purchase, as long as the review is open."""
    make.buy_tokens(fan, 2_000)
    tip(fan, creator, 1_800)
    (review,) = screen()
    assert screen() == [review]
    clock.advance(days=2)
    make.buy_tokens(fan, 300)
    later = tip(fan, creator, 300)
    assert not waits(later)
    assert screen() == [review]
    assert waits(later)
    assert review.sales.count() == 2
    assert selectors.get_earnings(creator) == Earnings(pending=1_680)


def test_a_worker_that_stood_still_screens_before_it_releases(fan, creator, clock):
    """LEDGER-10: nothing slips through, however late the jobs run and whichever runs first."""
    make.buy_tokens(fan, 2_000)
    tip(fan, creator, 2_000)
    clock.advance(days=50)
    tasks.mature_earnings()
    assert selectors.get_earnings(creator) == Earnings(pending=1_600)
    assert SaleReview.objects.count() == 1


def test_nothing_is_released_where_screening_fails(fan, creator, clock, monkeypatch):
    """LEDGER-10: fail closed."""
    make.buy_tokens(fan, 100)
    tip(fan, creator, 100)
    clock.advance(days=8)

    def fail():
        raise RuntimeError

    monkeypatch.setattr(services, "screen_sales", fail)
    with pytest.raises(RuntimeError):
        tasks.mature_earnings()
    assert selectors.get_earnings(creator) == Earnings(pending=80)


@pytest.mark.django_db(transaction=True)
def test_screening_and_releasing_at_once_hold_each_sale_once(fan, creator, clock):
    """LEDGER-2: six workers screen and release together on the day that all of it is due."""
    make.buy_tokens(fan, 2_000)
    for _ in range(10):
        tip(fan, creator, 200)
    clock.advance(days=8)

    def work(_number):
        try:
            tasks.mature_earnings()
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(12)))
    assert (SaleReview.objects.count(), ReviewedSale.objects.count()) == (1, 10)
    assert selectors.get_earnings(creator) == Earnings(pending=1_600)


# ── Self-dealing (LEDGER-9) ─────────────────────────────────────────────────────────────────


def test_free_tokens_paid_to_a_creator_of_the_same_browser_are_looked_at(fan, creator):
    """LEDGER-9: same device between grant-holder and creator."""
    note(fan, "one browser")
    note(creator, "one browser")
    make.grant_tokens(fan, 100)
    tip(fan, creator, 60)
    (review,) = screen()
    day = f"{core_clock.now():%Y-%m-%d}"
    assert (review.cause, review.payer, review.payee) == ("self_dealing", fan, creator)
    assert review.evidence == {"same_device": day, "free_tokens": 60, "other_tokens": 0}


def test_bought_tokens_paid_to_a_creator_of_the_same_browser_wait(fan, creator, clock):
    """LEDGER-9: the same for purchases."""
    note(fan, "one browser")
    note(creator, "one browser")
    make.buy_tokens(fan, 100)
    sale = tip(fan, creator, 60)
    (review,) = screen()
    assert (review.evidence["free_tokens"], review.evidence["other_tokens"]) == (0, 60)
    assert waits(sale)


def test_one_household_counts_where_free_tokens_were_paid_and_for_these_alone(fan, creator):
    """LEDGER-9: same household between grant-holder and creator."""
    sign_in(fan, HOME)
    sign_in(creator, HOME)
    make.buy_tokens(fan, 100)
    bought = tip(fan, creator, 50)
    assert screen() == []
    make.grant_tokens(fan, 30)
    mixed = tip(fan, creator, 40)
    (review,) = screen()
    assert (review.evidence["free_tokens"], review.evidence["other_tokens"]) == (30, 10)
    assert "same_address" in review.evidence
    assert (waits(mixed), waits(bought)) == (True, False)
    assert HOME not in str(review.evidence)


@pytest.mark.parametrize(
    ("payer", "payee"),
    [("203.0.113.7", "203.0.113.8"), ("10.0.0.9", "10.0.0.9"), ("2001:db8:1:1::5", "2001:db8:1:2::5")],
    ids=["neighbors", "behind one proxy", "other networks"],
)
def test_other_addresses_and_those_that_everybody_has_say_nothing(fan, creator, payer, payee):
    sign_in(fan, payer)
    sign_in(creator, payee)
    make.grant_tokens(fan, 30)
    tip(fan, creator, 30)
    assert screen() == []


def test_two_devices_in_one_network_of_ipv6_are_a_household(fan, creator):
    sign_in(fan, "2001:db8:1:1::5")
    sign_in(creator, "2001:db8:1:1:aaaa::1")
    make.grant_tokens(fan, 30)
    tip(fan, creator, 30)
    assert len(screen()) == 1


@pytest.mark.parametrize("first", ["fan", "creator"])
def test_a_browser_shared_long_ago_says_nothing(fan, creator, clock, first):
    people = [fan, creator] if first == "fan" else [creator, fan]
    note(people[0], "one browser")
    clock.advance(days=31)
    note(people[1], "one browser")
    make.buy_tokens(fan, 100)
    tip(fan, creator, 60)
    assert screen() == []


# ── Staff decide ────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def held(fan, creator):
    """1,900 tokens of a first purchase of 2,000, under review."""
    make.buy_tokens(fan, 2_000)
    tip(fan, creator, 1_900)
    (review,) = screen()
    return review


def test_released_earnings_become_available_on_the_day_they_had(held, fan, creator, desk, clock):
    """LEDGER-10."""
    clock.advance(days=3)
    services.release_sales(review_id=held.pk, staff=desk, reason="A birthday.")
    clock.advance(days=3, hours=23)
    tasks.mature_earnings()
    assert selectors.get_earnings(creator) == Earnings(pending=1_520)
    clock.advance(hours=2)
    tasks.mature_earnings()
    assert selectors.get_earnings(creator) == Earnings(available=1_520)
    held.refresh_from_db()
    assert (held.state, held.decided_by, held.reason) == ("released", desk, "A birthday.")
    (entry,) = AuditEntry.objects.filter(action="economy.sales_released")
    assert (entry.actor_id, entry.reason) == (desk.pk, "A birthday.")


def test_released_late_they_are_available_at_once(held, creator, desk, clock):
    clock.advance(days=9)
    services.release_sales(review_id=held.pk, staff=desk, reason="A birthday.")
    tasks.mature_earnings()
    assert selectors.get_earnings(creator) == Earnings(available=1_520)


def test_two_people_who_were_looked_at_rest_for_ninety_days(fan, creator, desk, clock):
    """LEDGER-9: what staff released is not suspected again the next minute."""
    for person in (fan, creator):
        note(person, "one browser")
    make.buy_tokens(fan, 300)
    tip(fan, creator, 100)
    (review,) = screen()
    services.release_sales(review_id=review.pk, staff=desk, reason="Flatmates.")
    tip(fan, creator, 100)
    assert screen() == []
    clock.advance(days=91)
    for person in (fan, creator):
        note(person, "one browser")
    tip(fan, creator, 100)
    assert len(screen()) == 1


def test_given_back_the_tokens_return_and_nothing_is_left_of_the_earnings(held, fan, creator, desk, clock):
    """PAY-5: the fee comes back too; by the refund that everything else is refunded by."""
    (charge,) = LedgerTransaction.objects.filter(type="deduction")
    services.refund_charge(transaction_id=charge.pk, key="part", reason="test", amount=400)
    services.give_back_sales(review_id=held.pk, staff=desk, reason="A stolen card.")
    assert selectors.get_balance(fan) == Balance(purchased=2_000)
    assert selectors.get_earnings(creator) == Earnings()
    (back,) = LedgerTransaction.objects.filter(key__startswith="sale-review:")
    assert (back.amount, back.actor) == (1_500, desk)
    clock.advance(days=30)
    tasks.mature_earnings()
    assert selectors.get_earnings(creator) == Earnings()
    assert AuditEntry.objects.filter(action="economy.sales_given_back", reason="A stolen card.").count() == 1


def test_both_are_told_of_each_sale_that_is_given_back(held, fan, creator, staff_client):
    """PAY-5: as of any sale that staff give back; with what it took of the earnings, and the reason staff gave."""
    act = f"/admin/economy/salereview/{held.pk}/act/give-back/"
    assert staff_client.post(act, {"reason": "A stolen card."}).status_code in {302, 303}
    said = {row.kind: (row.person, row.actor, row.data) for row in Notification.objects.exclude(kind__contains="tip")}
    assert said["economy.given_back"] == (fan, None, {"tokens": 1_900, "reason": "A stolen card."})
    person, _nobody, data = said["economy.taken_back"]
    assert (person, data["tokens"], data["reason"]) == (creator, 1_520, "A stolen card.")
    head = LedgerTransaction.objects.get(type="deduction")
    assert AuditEntry.objects.get(action="economy.sale_given_back").target_id == str(head.pk)


def test_of_a_sale_in_parts_what_is_held_goes_back_and_is_told_as_one(fan, creator, desk, clock):
    """LEDGER-11: three minutes of a call, the last of them given back before; one sale, one notice to each."""
    for person in (fan, creator):
        note(person, "one browser")
    make.buy_tokens(fan, 500)
    call, fee, posted = str(uuid4()), 0, []
    for number in range(3):
        posted.append(
            services.charge(
                payer=fan, payee=creator, amount=33, kind="call", key=f"m{number}", source_type="call", source_id=call,
                fee_bp=2_000, charged_before=33 * number, fee_before=fee,
            )
        )  # fmt: skip
        fee += posted[-1].fee
    services.give_back(actor=creator, sale_id=posted[0].pk, tokens=33, reason="", key="k")
    Notification.objects.all().delete()
    (review,) = screen()
    services.give_back_sales(review_id=review.pk, staff=desk, reason="One person.")
    assert selectors.get_balance(fan) == Balance(purchased=500)
    assert selectors.get_earnings(creator) == Earnings()
    told = Notification.objects.filter(kind__in=["economy.given_back", "economy.taken_back"])
    assert {(row.person, row.data["tokens"]) for row in told} == {(fan, 66), (creator, 53)}
    assert told.count() == 2
    assert invariants.broken() == []


def test_what_was_given_back_and_paid_again_is_suspected_again(held, fan, creator, desk):
    services.give_back_sales(review_id=held.pk, staff=desk, reason="A stolen card.")
    again = tip(fan, creator, 2_000)
    (review,) = screen()
    assert review.pk != held.pk
    assert waits(again)


def test_what_another_open_review_holds_waits_on(held, fan, creator, desk):
    """Both causes at once: released by one, held by the other."""
    for person in (fan, creator):
        note(person, "one browser")
    first, second = screen()
    assert {first.cause, second.cause} == {"velocity", "self_dealing"}
    services.release_sales(review_id=first.pk, staff=desk, reason="A birthday.")
    assert Earning.objects.get().available_at is None
    services.release_sales(review_id=second.pk, staff=desk, reason="Flatmates.")
    day = ReviewedSale.objects.get(review=first).available_at
    assert day is not None
    assert Earning.objects.get().available_at == day


def test_a_delivery_under_review_starts_its_days_and_still_waits(fan, creator, desk, clock):
    """PAY-1: physical goods from delivery; the delivery does not release what staff look at."""
    make.buy_tokens(fan, 2_000)
    sale = tip(fan, creator, 2_000)
    Earning.objects.update(available_at=None)
    (review,) = screen()
    services.start_hold(transaction_id=sale.transaction_id, kind="order")
    clock.advance(days=30)
    tasks.mature_earnings()
    assert selectors.get_earnings(creator) == Earnings(pending=1_600)
    services.release_sales(review_id=review.pk, staff=desk, reason="Delivered.")
    tasks.mature_earnings()
    assert selectors.get_earnings(creator) == Earnings(available=1_600)


def test_a_review_is_decided_once_with_a_reason_and_not_by_those_it_is_about(held, fan, desk):
    """ACC-5."""
    with pytest.raises(ValidationFailed):
        services.release_sales(review_id=held.pk, staff=desk, reason="  ")
    with pytest.raises(OwnAccount):
        services.release_sales(review_id=held.pk, staff=fan, reason="It was me.")
    services.release_sales(review_id=held.pk, staff=desk, reason="A birthday.")
    with pytest.raises(InvalidState):
        services.give_back_sales(review_id=held.pk, staff=desk, reason="On second thought.")


@pytest.mark.django_db(transaction=True)
def test_two_of_staff_deciding_at_once_decide_once(held, fan, creator):
    """LEDGER-2: release and give back at the same moment; one of them counts, and the ledger agrees with it."""
    people = [make.make_staff(groups=["finance"]) for _ in range(6)]

    def work(number):
        act = (services.release_sales, services.give_back_sales)[number % 2]
        try:
            return act(review_id=held.pk, staff=people[number], reason="Seen.").state
        except InvalidState:
            return ""
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        (state,) = filter(None, pool.map(work, range(6)))
    left = {"released": Earnings(pending=1_520), "refunded": Earnings()}[state]
    assert selectors.get_earnings(creator) == left
    assert invariants.broken() == []


# ── What people see ─────────────────────────────────────────────────────────────────────────


def test_the_creator_reads_that_it_is_being_checked_and_not_why(held, creator, creator_client):
    page = creator_client.get("/studio/earnings/").content.decode()
    assert "being checked, usually within 2 days" in page
    assert "<dt>Being checked</dt>" in page
    assert "after its delivery" not in page.lower()
    for word in ("velocity", "suspic", "first purchase", "same person", "household"):
        assert word not in page.lower()
    assert selectors.forecast_earnings(creator) == [ComingEarnings(None, 1_520, is_checked=True)]


def test_once_released_the_creator_reads_the_day_again(held, creator_client, desk):
    services.release_sales(review_id=held.pk, staff=desk, reason="A birthday.")
    page = creator_client.get("/studio/earnings/").content.decode()
    assert "being checked" not in page.lower()
    assert "available on" in page


def test_staff_read_the_figures_and_decide_in_the_admin(held, fan, creator, staff_client):
    """LEDGER-10: list, evidence, both ways out; a decision without a reason changes nothing."""
    listed = staff_client.get("/admin/economy/salereview/").content.decode()
    assert "A large first purchase went to one creator at once" in listed
    url = f"/admin/economy/salereview/{held.pk}/"
    page = staff_client.get(f"{url}change/").content.decode()
    for words in ("$100.00", "in percent: 95", "tip, 1900 tokens, 1900 of them not given back", "Release", "Give back"):
        assert words in page
    assert staff_client.post(f"{url}act/give-back/", {"reason": ""}).status_code == 422
    assert selectors.get_earnings(creator) == Earnings(pending=1_520)
    assert staff_client.post(f"{url}act/give-back/", {"reason": "A stolen card."}).status_code in {302, 303}
    assert selectors.get_balance(fan) == Balance(purchased=2_000)
    page = staff_client.get(f"{url}change/").content.decode()
    assert "A stolen card." in page
    assert "act/release" not in page


def test_moderators_do_not_see_what_is_of_finance(held, db):
    browser = make.sign_in_staff(Client(), make.make_staff("calm", groups=["moderator"]))
    assert browser.get("/admin/economy/salereview/").status_code == 403
    assert browser.post(f"/admin/economy/salereview/{held.pk}/act/release/", {"reason": "x"}).status_code == 403
    held.refresh_from_db()
    assert held.is_open


def test_everything_above_leaves_the_ledger_whole(fan, creator, desk, clock):
    others = [make.make_person(f"buyer{number}") for number in range(3)]
    for buyer in others:
        make.buy_tokens(buyer, 2_000)
        tip(buyer, creator, 2_000)
    first, second, _third = screen()
    services.release_sales(review_id=first.pk, staff=desk, reason="Fine.")
    services.give_back_sales(review_id=second.pk, staff=desk, reason="Not fine.")
    clock.advance(days=8)
    tasks.mature_earnings()
    services.fold_earnings()
    assert selectors.get_earnings(creator) == Earnings(pending=1_600, available=1_600)
    assert invariants.broken() == []
