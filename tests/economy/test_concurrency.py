"""Many at once, on real connections: nothing is spent twice, nobody waits in a ring (LEDGER-2)."""

import json
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from economy import selectors, services
from economy.errors import InsufficientTokens
from economy.models import LedgerTransaction, TokenLot
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)


def together(count, work):
    """Run `work(number)` in so many threads, started at the same moment, each on its own connection."""
    gate = Barrier(count)

    def run(number):
        gate.wait(timeout=30)
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def pay(payer, payee, amount, key):
    try:
        services.charge(
            payer=payer, payee=payee, amount=amount, kind="tip", key=key, source_type="t", source_id=key, fee_bp=2_000
        )
    except InsufficientTokens:
        return "refused"
    return "paid"


def test_sixteen_threads_spend_exactly_what_is_there(transactional_db):
    """LEDGER-2: 16 threads × 10 × 5 tokens from 100: exactly 100 spent. Three races: a slow machine may keep one apart."""
    for race in range(3):
        fan, creator = make.make_person(f"racer{race}"), make.make_creator(f"paid{race}")
        make.buy_tokens(fan, 60)
        make.grant_tokens(fan, 40)

        def spend(thread, fan=fan, creator=creator):
            return [pay(fan, creator, 5, f"race:{fan.pk}:{thread}:{n}") for n in range(10)]

        results = Counter(outcome for outcomes in together(16, spend) for outcome in outcomes)
        assert results == {"paid": 20, "refused": 140}
        assert selectors.get_balance(fan) == selectors.Balance()
        assert selectors.get_earnings(creator).total == 80
        assert not TokenLot.objects.filter(owner=fan, remaining__gt=0).exists()


def test_the_same_key_in_twenty_threads_pays_once(transactional_db):
    """LEDGER-4."""
    fan, creator = make.make_person("racer"), make.make_creator("paid")
    make.buy_tokens(fan, 100)
    assert set(together(16, lambda _t: pay(fan, creator, 5, "one-key"))) == {"paid"}
    assert selectors.get_balance(fan).spendable == 95


def test_people_who_pay_each_other_do_not_deadlock(transactional_db):
    """LEDGER-2: locks are taken in id order; holds and refunds in between."""
    people = [make.make_creator(f"side{n}") for n in range(3)]
    for person in people:
        make.buy_tokens(person, 2_000)

    def work(thread):
        chance = random.Random(thread)
        for number in range(15):
            payer, payee = chance.sample(people, 2)
            key = f"cross:{thread}:{number}"
            services.charge_many(
                charges=[
                    services.Charge(
                        key=f"{key}:{a.pk}",
                        payer_id=a.pk,
                        payee_id=b.pk,
                        amount=chance.randint(1, 9),
                        kind="tip",
                        source_type="t",
                        source_id=key,
                        fee_bp=2_000,
                    )
                    for a, b in ((payer, payee), (payee, payer))
                ]
            )
            if number % 5 == 0:
                first = LedgerTransaction.objects.get(key=f"{key}:{payer.pk}")
                services.refund_charge(transaction_id=first.pk, key=f"{key}:back", reason="test")
            if number % 4 == 0:
                hold = services.place_hold(person=payer, amount=5, key=f"{key}:hold", source_type="t", source_id=key)
                services.release_hold(hold=hold)
            if number % 7 == 0:
                services.fold_earnings(limit=50)

    together(8, work)
    assert LedgerTransaction.objects.filter(kind="tip", type="deduction").count() == 8 * 15 * 2


def test_folders_at_once_fold_each_entry_once(transactional_db):
    """LEDGER-1."""
    fan, creator = make.make_person("racer"), make.make_creator("paid")
    make.buy_tokens(fan, 500)
    services.charge_many(
        charges=[
            services.Charge(
                key=f"many:{n}",
                payer_id=fan.pk,
                payee_id=creator.pk,
                amount=1,
                kind="tip",
                source_type="t",
                source_id=str(n),
                fee_bp=0,
            )
            for n in range(200)
        ]
    )
    folded = together(4, lambda _t: sum(services.fold_earnings(limit=30) for _ in range(10)))
    left = services.fold_earnings()
    assert sum(folded) + left >= 200
    assert selectors.get_earnings(creator).pending == 200


def _read(hub):
    """Wait for the next frame: whom it is for and what it is, with its fragment."""
    message = None
    while message is None:
        message = hub.get_message(timeout=10)
    head, frame = message["data"].decode().split("\n", 1)
    said = json.loads(frame)
    return {(json.loads(head)["t"], said["name"]): said["html"]}


def test_everyone_sees_their_balance_change_once_per_commit(transactional_db, settings):
    """The chip's frame is the chip the page shows after reloading."""
    from redis import Redis

    fan, creator = make.make_person("racer"), make.make_creator("paid")
    make.buy_tokens(fan, 100)
    with Redis.from_url(settings.REDIS_URL) as store, store.pubsub(ignore_subscribe_messages=True) as hub:
        hub.subscribe(settings.REALTIME_CHANNEL)
        hub.get_message(timeout=5)
        pay(fan, creator, 30, "one")
        frames = _read(hub) | _read(hub)
        assert hub.get_message(timeout=0.2) is None
    assert set(frames) == {(f"user:{fan.pk}", "wallet.balance"), (f"user:{creator.pk}", "studio.earnings")}
    html = frames[f"user:{fan.pk}", "wallet.balance"]
    client = Client()
    client.force_login(fan)
    assert html in client.get("/wallet/").content.decode()
    assert "70" in html
