"""Tokens from person to person: within limits, from bought tokens only, and never a way out (LAW-13)."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection

from accounts import services as accounts
from digis.core import clock as house_clock
from digis.core.errors import DomainError, EmailUnverified, IdempotencyConflict, NotFound, ValidationFailed
from economy import selectors, services
from economy.errors import (
    InsufficientTokens,
    SpendingLimitReached,
    TokensOwed,
    TooFewBoughtTokens,
    TransferCapReached,
    TransferTooEarly,
)
from economy.models import LedgerTransaction, Purchase, TokenLot, Transfer
from economy.services.purchases import post_purchase
from tests import make

pytestmark = pytest.mark.django_db


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def value_of(name, response):
    found = re.search(rf'name="{name}" value="([^"]*)"', response.content.decode())
    return found[1] if found else ""


def give(giver, receiver, amount=50, **options):
    key = options.pop("key", str(uuid4()))
    return services.transfer(giver=giver, receiver=receiver, amount=amount, key=key, **options)


def grown(person):
    """Let an account be old enough to give."""
    person.created_at = house_clock.now() - timedelta(days=30)
    person.save(update_fields=["created_at"])
    return person


@pytest.fixture
def giver(fan):
    make.buy_tokens(fan, 2_000, bonus=100)
    return grown(fan)


def test_a_gift_leaves_bought_tokens_and_arrives_as_one_that_goes_nowhere(giver, stranger, creator):
    """LAW-13: neither withdrawn nor given on."""
    gift = give(giver, stranger, 200, note="For  a call")
    lot = TokenLot.objects.get(owner=stranger)
    assert (lot.origin, lot.granted, lot.is_withdrawable, lot.expires_at) == ("gift", 200, False, None)
    assert gift.note == "For a call"
    assert (selectors.get_balance(giver).purchased, selectors.get_balance(giver).promotional) == (1_800, 100)
    assert selectors.get_balance(stranger).promotional == 200
    with pytest.raises(TooFewBoughtTokens):
        give(grown(stranger), creator, 10)
    services.send_tip(payer=stranger, payee=creator, amount=200, key="spent")
    earned = selectors.get_earnings(creator)
    assert (earned.pending, earned.non_withdrawable) == (0, 160)


def test_both_sides_have_a_line_and_a_balance_of_their_own(giver, stranger, fan_client, stranger_client):
    give(giver, stranger, 200)
    assert "Tokens for Stranger" in text_of(fan_client.get("/wallet/history/?kind=spent"))
    assert "Tokens from Fan" in text_of(stranger_client.get("/wallet/history/?kind=added"))
    sent = fan_client.get("/api/v1/tokens/transactions", {"type": "transfer"}).json()["results"][0]
    got = stranger_client.get("/api/v1/tokens/transactions").json()["results"][0]
    assert (sent["amount"], sent["balance_after"], sent["counterparty"]) == (-200, 1_900, "stranger")
    assert (got["type"], got["amount"], got["balance_after"], got["counterparty"]) == ("transfer", 200, 200, "fan")
    assert "Fan gave you 200 tokens" in text_of(stranger_client.get("/notifications/"))
    assert selectors.sum_earned(stranger) == 0, "a gift is not earned"


def test_promotional_gifted_held_and_disputed_tokens_stay(fan, stranger, creator):
    """LAW-13: promotional and disputed lots are excluded."""
    grown(fan)
    make.grant_tokens(fan, 500)
    with pytest.raises(TooFewBoughtTokens) as refused:
        give(fan, stranger, 10)
    assert refused.value.data == {"needed": 10, "covered": 0}
    make.buy_tokens(fan, 100)
    TokenLot.objects.filter(owner=fan, origin="purchase").update(is_disputed=True)
    with pytest.raises(TooFewBoughtTokens):
        give(fan, stranger, 10)
    TokenLot.objects.filter(owner=fan).update(is_disputed=False)
    hold = services.place_hold(person=fan, amount=550, key="h", source_type="t", source_id="1")
    with pytest.raises(TooFewBoughtTokens):
        give(fan, stranger, 60)
    services.release_hold(hold=hold)
    give(fan, stranger, 60)


def test_the_oldest_bought_tokens_go_first_and_the_gift_remembers_them(fan, stranger):
    """Traceability: the gift's lot names its transaction, whose other side names the lots it came from."""
    grown(fan)
    first, second = make.buy_tokens(fan, 30), make.buy_tokens(fan, 100)
    gift = give(fan, stranger, 50)
    uses = gift.sent.lot_uses.order_by("id").values_list("lot__purchase", "amount")
    assert list(uses) == [(first.pk, 30), (second.pk, 20)]
    assert gift.received.lots.get().owner == stranger


def test_a_disputed_purchase_freezes_what_was_given_of_it_until_it_is_won(fan, stranger, creator):
    """LEDGER-8: unspent tokens of a disputed payment are frozen, whoever holds them by then."""
    grown(fan)
    bought = make.buy_tokens(fan, 100)
    make.buy_tokens(fan, 100)
    give(fan, stranger, 150)
    services.send_tip(payer=stranger, payee=creator, amount=50, key="early")
    post_purchase(purchase_id=bought.pk, kept_minor=0, disputed_minor=500, is_disputed=True)
    assert selectors.get_balance(stranger).spendable == 0
    with pytest.raises(InsufficientTokens):
        services.send_tip(payer=stranger, payee=creator, amount=10, key="late")
    assert selectors.get_balance(fan).debt == 50, "the giver owes it; what was left of the other purchase paid a part"
    post_purchase(purchase_id=bought.pk, kept_minor=500)
    assert selectors.get_balance(stranger).spendable == 100
    services.send_tip(payer=stranger, payee=creator, amount=10, key="late")


def test_a_debt_is_paid_before_anything_is_given(fan, stranger, creator):
    grown(fan)
    bought = make.buy_tokens(fan, 100)
    services.send_tip(payer=fan, payee=creator, amount=100, key="spent")
    post_purchase(purchase_id=bought.pk, kept_minor=0, refunded_minor=500)
    assert Purchase.objects.get(pk=bought.pk).status == "refunded"
    with pytest.raises(TokensOwed):
        give(fan, stranger, 10)


def test_a_day_has_its_caps_in_all_and_to_one_person(giver, stranger, creator, clock):
    """LAW-13: 500 at once, 500 to one person and 1,000 to anybody in 24 hours."""
    third = make.make_person("third")
    with pytest.raises(ValidationFailed):
        give(giver, stranger, 501)
    give(giver, stranger, 400)
    with pytest.raises(TransferCapReached) as refused:
        give(giver, stranger, 101)
    assert refused.value.data["most"] == 100
    give(giver, creator, 500)
    with pytest.raises(TransferCapReached):
        give(giver, third, 101)
    give(giver, third, 100)
    clock.advance(hours=24, seconds=1)
    give(giver, stranger, 500)


def test_the_givers_own_limits_hold(giver, stranger, creator):
    """LEDGER-10: every kind of spending, gifts included; what is received is not spent."""
    services.set_limits(person=giver, limits={"day": 100})
    give(giver, stranger, 70)
    assert selectors.get_limit_left(giver.pk) == 30
    with pytest.raises(SpendingLimitReached):
        give(giver, stranger, 31)
    services.set_limits(person=stranger, limits={"day": 5})
    give(giver, stranger, 30)
    assert selectors.get_limit_left(stranger.pk) == 5


def test_nobody_gives_whom_they_may_not(giver, stranger, moderator):
    """MOD-1, ACC-5, ACC-9; oneself; people whose address is not proven."""
    for person in (moderator, make.make_person("gone", suspended_at=house_clock.now())):
        with pytest.raises(NotFound):
            give(giver, person)
    accounts.block(blocker=stranger, blocked=giver)
    with pytest.raises(NotFound):
        give(giver, stranger)
    with pytest.raises(ValidationFailed):
        give(giver, giver)
    with pytest.raises(ValidationFailed):
        give(giver, make.make_person("unproven", verified=False))
    with pytest.raises(EmailUnverified):
        give(make.make_person("unproven2", verified=False), stranger)


def test_a_young_account_gives_nothing(fan, stranger, clock):
    make.buy_tokens(fan, 100)
    with pytest.raises(TransferTooEarly):
        give(fan, stranger)
    clock.advance(days=8)
    give(fan, stranger)


def test_the_same_key_gives_once(giver, stranger, creator):
    """LEDGER-4."""
    from digis.core.models import IdempotencyRecord

    first = give(giver, stranger, 50, key="k")
    assert give(giver, stranger, 50, key="k").is_replay
    with pytest.raises(IdempotencyConflict):
        give(giver, stranger, 51, key="k")
    IdempotencyRecord.objects.all().delete()
    assert give(giver, stranger, 50, key="k") == first
    with pytest.raises(IdempotencyConflict):
        give(giver, creator, 50, key="k")
    assert selectors.get_balance(stranger).spendable == 50


def test_the_page_shows_whom_before_it_gives(giver, fan_client, stranger):
    page = fan_client.get("/wallet/give/", {"to": "stranger"})
    assert 'value="stranger"' in page.content.decode()
    typed = {
        "to": "@stranger",
        "tokens": "120",
        "note": "For a call",
        "idempotency_key": value_of("idempotency_key", page),
    }
    asked = fan_client.post("/wallet/give/", typed)
    assert asked.status_code == 200
    assert "Tokens for Stranger" in text_of(asked)
    assert "Give Stranger · 120 tokens ≈ $6.00" in text_of(asked)
    assert not Transfer.objects.exists()
    given = fan_client.post("/wallet/give/", {**typed, "confirmed": "120"})
    assert given.status_code == 303
    assert "Stranger has your 120 tokens." in text_of(fan_client.get(given["Location"]))
    assert fan_client.post("/wallet/give/", {**typed, "confirmed": "120"})["Location"] == given["Location"]
    assert Transfer.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"to": "nobody.here"}, "nobody of this name"),
        ({"to": "fan"}, "cannot give tokens to yourself"),
        ({"tokens": "501", "confirmed": "501"}, "up to 500 tokens at once"),
        ({"tokens": ""}, "Fill this in"),
    ],
)
def test_the_page_says_what_cannot_be(giver, fan_client, stranger, typed, sentence):
    page = fan_client.get("/wallet/give/")
    data = {"to": "stranger", "tokens": "10", "idempotency_key": value_of("idempotency_key", page), **typed}
    answer = fan_client.post("/wallet/give/", data)
    assert answer.status_code == 422
    assert sentence in text_of(answer)


def test_the_creators_page_and_the_wallet_lead_there(giver, fan_client, creator):
    assert 'href="/wallet/give/?to=creator"' in fan_client.get("/@creator/").content.decode()
    assert 'href="/wallet/give/"' in fan_client.get("/wallet/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_people_who_give_each_other_at_once_neither_deadlock_nor_pass_the_cap():
    """LEDGER-2: both wallets' locks in id order; the day's cap is counted under the giver's."""
    people = [grown(make.make_person(f"side{n}")) for n in range(3)]
    for person in people:
        make.buy_tokens(person, 3_000)
    gate = Barrier(6)

    def work(number):
        gate.wait(timeout=30)
        done = 0
        try:
            for step in range(6):
                giver, receiver = people[number % 3], people[(number + 1 + step % 2) % 3]
                try:
                    done += give(giver, receiver, 130, key=f"{number}:{step}").amount
                except TransferCapReached:
                    continue
        finally:
            connection.close()
        return done

    with ThreadPoolExecutor(6) as pool:
        given = list(pool.map(work, range(6)))
    for number in range(3):
        assert given[number] + given[number + 3] == 6 * 130, "three of 130 to each of two: the fourth passes 500"
    assert LedgerTransaction.objects.filter(type="transfer").count() == 2 * Transfer.objects.count() == 36


def test_refusals_leave_the_key_free(giver, stranger):
    """A refusal is not replayed: after a top-up the same form works."""
    services.set_limits(person=giver, limits={"day": 10})
    with pytest.raises(DomainError):
        give(giver, stranger, 50, key="again")
    services.set_limits(person=giver, limits={"day": None})
    giver.spending_limits.all().delete()
    give(giver, stranger, 50, key="again")
