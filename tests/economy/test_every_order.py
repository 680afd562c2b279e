"""A payment's life, told in every order and more than once: the end is the same (LEDGER-5, LEDGER-8)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any

import pytest

from economy import selectors, services
from economy.selectors import Balance, Earnings, list_packs
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)

STEPS = {  # in the order in which they happen at Stripe, and the event that tells of each
    "created": "payment_intent.created",
    "succeeded": "payment_intent.succeeded",
    "refunded": "charge.refunded",
    "disputed": "charge.dispute.created",
    "won": "charge.dispute.closed",
}
ORDERS = list(permutations(STEPS))
SPENT = 300
KEPT = 500 * (2_500 - 499) // 2_500 + 15 * (2_500 - 499) // 2_500
END = ("paid", Balance(purchased=KEPT - SPENT), Earnings(pending=240))


class Life:
    """One purchase: what happens to it at Stripe, what we are told of it, and what its buyer does with the tokens."""

    def __init__(self, stripe: Any, name: str) -> None:
        self.stripe = stripe
        self.buyer, self.creator = make.make_person(f"b{name}"), make.make_creator(f"c{name}")
        self.purchase = services.start_purchase(
            person=self.buyer, pack_id=list_packs().get(tokens=500).pk, key=f"order{name}"
        )
        self.happened: list[str] = []
        self.intent = self.dispute = ""
        self.has_spent = False

    def happen(self, until: str) -> None:
        """Let everything happen at Stripe up to a step."""
        for step in list(STEPS)[: list(STEPS).index(until) + 1]:
            if step not in self.happened:
                self.happened.append(step)
                self._do(step)

    def _do(self, step: str) -> None:
        if step == "created":  # the hosted page makes the payment when somebody tries to pay
            self.stripe.submit_card(self.purchase.checkout_url, "4000000000000002")
            self.intent = self.stripe.events("payment_intent.created")[-1]["data"]["object"]["id"]
        elif step == "succeeded":
            self.stripe.pay(self.purchase.stripe_session_id)
        elif step == "refunded":
            self.stripe.refund(self.intent, amount=499)
        elif step == "disputed":
            self.dispute = self.stripe.dispute(self.intent)["id"]
        else:
            self.stripe.close_dispute(self.dispute, "won")

    def hear(self, step: str, *, copies: int = 2) -> None:
        """Be told of a step, twice, and work it off; spend as soon as there is enough."""
        event = next(
            found["id"]
            for found in self.stripe.events(STEPS[step])
            if self.intent in {found["data"]["object"]["id"], found["data"]["object"].get("payment_intent")}
        )
        assert set(self.stripe.replay(event, copies=copies)) == {200}
        work_off()
        if not self.has_spent and selectors.get_balance(self.buyer).spendable >= SPENT:
            self.has_spent = True
            services.send_tip(payer=self.buyer, payee=self.creator, amount=SPENT, key="tip")

    def end(self) -> tuple[str, Balance, Earnings]:
        self.purchase.refresh_from_db()
        return (
            self.purchase.status,
            selectors.get_balance(self.buyer),
            selectors.get_earnings(self.creator),
        )


def work_off() -> None:
    while make.handle_outbox("economy.stripe_event", "economy.converge"):
        pass


def live(stripe: Any, order: tuple[str, ...], number: int) -> tuple[str, Balance, Earnings]:
    """Hear of the steps in this order, each as soon as it has happened, or long after."""
    life = Life(stripe, str(number))
    for step in order:
        life.happen(step)
        life.hear(step)
    return life.end()


@pytest.mark.parametrize("number", range(0, len(ORDERS), 17))
def test_some_orders_end_alike(hooked, number):
    """LEDGER-5, LEDGER-8: among them the causal one and its reverse."""
    hooked.hold()
    assert live(hooked, ORDERS[number], number) == END


@pytest.mark.nightly
def test_every_order_ends_alike(hooked):
    """LEDGER-5, LEDGER-8: all 120."""
    hooked.hold()
    ends = {order: live(hooked, order, number) for number, order in enumerate(ORDERS)}
    assert {order: end for order, end in ends.items() if end != END} == {}


def test_twenty_parallel_copies_of_all_of_them_change_nothing(hooked):
    """LEDGER-5: at once, while workers are at it."""
    hooked.hold()
    life = Life(hooked, "x")
    for step in ("created", "succeeded"):
        life.happen(step)
        life.hear(step)
    life.happen("won")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda step: life.hear(step, copies=5), ["won", "disputed", "refunded", "succeeded"]))
    work_off()
    assert life.end() == END
