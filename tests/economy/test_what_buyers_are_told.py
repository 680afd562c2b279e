"""The news of a purchase: each thing that became of it is told once (NOT-1, NOT-5)."""

from __future__ import annotations

from typing import Any

import pytest

from economy import services
from tests import make
from tests.notifications.inbox import lines

pytestmark = pytest.mark.django_db


def converge(order: Any) -> None:
    for _ in range(2):
        services.converge_purchase(purchase_id=order.pk)
    order.refresh_from_db()


def test_a_purchase_is_told_with_its_price_inside_and_by_mail(order: Any, fan: Any, stripe: Any, mailoutbox: list[Any]):
    """NOT-5: a receipt is mandatory."""
    converge(order)
    assert lines(fan) == []
    stripe.pay(order.stripe_session_id)
    converge(order)
    assert lines(fan) == ["You bought 515 tokens for $25.00"]
    make.handle_outbox("notifications.deliver")
    [letter] = mailoutbox
    assert letter.to == [fan.email]
    assert "515 tokens" in letter.subject


def test_each_refund_is_told_with_what_came_back(order: Any, fan: Any, stripe: Any):
    stripe.pay(order.stripe_session_id)
    converge(order)
    stripe.refund(order.stripe_payment_intent_id, amount=1_000)
    converge(order)
    stripe.refund(order.stripe_payment_intent_id)
    converge(order)
    assert lines(fan) == [
        "$25.00 went back to you",
        "$10.00 went back to you",
        "You bought 515 tokens for $25.00",
    ]


def test_a_dispute_and_its_end_are_told(order: Any, fan: Any, stripe: Any):
    stripe.pay(order.stripe_session_id)
    converge(order)
    dispute = stripe.dispute(order.stripe_payment_intent_id)
    converge(order)
    stripe.close_dispute(dispute["id"], "won")
    converge(order)
    assert lines(fan) == [
        "Your bank settled the dispute",
        "A payment of $25.00 is disputed at your bank",
        "You bought 515 tokens for $25.00",
    ]
