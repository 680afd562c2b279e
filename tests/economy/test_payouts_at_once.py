"""Payouts on many connections: one payout per money, and batches that can be run again after a crash (PAY-2, PAY-3)."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from accounts.errors import OwnAccount
from digis.core.idempotency import form_key
from economy import gateway, services
from economy.errors import PayoutBlocked
from economy.models import LedgerTransaction, Payout, PayoutBatch
from economy.selectors.payouts import week_of
from economy.services.payouts import open_payout
from tests import make
from tests.economy.payees import places, play, set_up, work

pytestmark = pytest.mark.django_db(transaction=True)


def together(count, act):
    gate = Barrier(count)

    def run(number):
        gate.wait(timeout=30)
        try:
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_of_many_requests_at_once_one_is_made(payee):
    """PAY-2: other keys for the same money, half of them through the page."""
    clients = [Client() for _ in range(8)]
    for client in clients:
        client.force_login(payee)

    def ask(number):
        if number % 2:
            data = {"tokens": 1_000, "idempotency_key": form_key()}
            return clients[number].post("/studio/payouts/", data).status_code
        try:
            services.request_payout(creator=payee, key=f"ask {number}")
        except PayoutBlocked:
            return 422
        return 303

    assert Counter(together(8, ask)) == {303: 1, 422: 7}
    assert places(payee) == (0, 1_000, 0)


def test_workers_that_look_at_once_send_once(payee, stripe):
    """PAY-2: also while Stripe's answers are slow."""
    services.request_payout(creator=payee, key="one")
    payout = play.approve(payee, work_after=False)
    for _step in range(3):
        stripe.fault("slow", "/v1/.*", method="POST", seconds=0.2)
        together(4, lambda _: services.try_to_advance_payout(payout_id=payout.pk))
    assert [(made.amount, made.payout_id) for made in gateway.list_transfers()] == [(5_000, str(payout.pk))]
    assert len(list(gateway.list_bank_payouts(account_id=payout.account_id))) == 1


def test_a_batch_goes_on_where_a_crash_left_it(payee, stripe):
    """PAY-3: some have theirs, the batch is still open; run again, by several at once, everybody has one."""
    others = [set_up(make.make_creator(), stripe) for _ in range(2)]
    for other in others:
        make.earn_available(other, 800)
    week = week_of(make.clock.now())
    batch = PayoutBatch.objects.create(week=week)
    open_payout(creator=payee, tokens=None, kind=Payout.Kind.WEEKLY, key=f"weekly:{week}", batch=batch)
    together(3, lambda _: services.run_weekly_batch())
    batch.refresh_from_db()
    assert batch.closed_at
    assert Counter(Payout.objects.values_list("creator", flat=True)) == {p.pk: 1 for p in (payee, *others)}
    assert LedgerTransaction.objects.filter(kind="payout").count() == 3
    services.run_weekly_batch()
    assert Payout.objects.count() == 3


def test_nobody_decides_on_their_own_payouts(payee):
    """PAY-3: a creator who became staff since."""
    payout = services.request_payout(creator=payee, key="one")
    work()
    with pytest.raises(OwnAccount):
        services.review_payout(payout_id=payout.pk, staff=payee, approve=True)
    with pytest.raises(OwnAccount):
        services.stop_payouts(creator=payee, staff=payee, reason="x")
    with pytest.raises(OwnAccount):
        services.release_fault(payout_id=payout.pk, staff=payee, reason="x")
    assert Payout.objects.get().state == "in_review"
