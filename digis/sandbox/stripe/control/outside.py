"""The world outside: time, buyers, their banks, and staff in Stripe's dashboard."""

from typing import Any

from digis.sandbox.stripe import balance, cards, checkout, disputes, money_objects, reversals, time_passes
from digis.sandbox.stripe.api.money import find_charge
from digis.sandbox.stripe.control.order import Act, Order
from digis.sandbox.stripe.errors import ApiError
from digis.sandbox.stripe.store import Store
from digis.sandbox.stripe.world import public

_LETTER_SECONDS = 5.0


def advance(order: Order) -> Any:
    """Move time forward: sessions expire, money becomes available, banks pay out, checks end, retries fall due."""
    before = order.world.clock.now()
    order.world.clock.advance(float(order["seconds"]))
    order.world.store.set("clock", str(order.world.clock.offset))
    expired = time_passes.keep_house(order.world)
    balance.announce_available(order.world, before=before)
    order.world.wake.set()
    return {"now": order.world.clock.now(), "expired": expired}


def open_dispute(order: Order) -> Any:
    """Dispute a payment for a `reason`; `inquiry` only asks. `due_in_days` is the time to answer."""
    call = order.call()
    return public(
        disputes.open_dispute(
            call,
            find_charge(call, order.given),
            reason=order.get("reason", "fraudulent"),
            amount=order.amount(),
            is_inquiry=bool(order.get("inquiry")),
            due_in_days=int(order.get("due_in_days", disputes.RESPONSE_DAYS)),
        )
    )


def escalate_dispute(order: Order) -> Any:
    return public(disputes.escalate(*order.call_about("dispute", "dispute")))


def close_dispute(order: Order) -> Any:
    return public(disputes.close_dispute(*order.call_about("dispute", "dispute"), status=order["status"]))


def warn(order: Order) -> Any:
    call = order.call()
    return public(disputes.warn(call, find_charge(call, order.given), kind=order.get("kind", "made_with_stolen_card")))


def refund(order: Order) -> Any:
    """Refund as staff do in the dashboard, without the merchant's program knowing."""
    call = order.call()
    return public(
        disputes.refund(call, find_charge(call, order.given), {"reason": order.get("reason")}, amount=order.amount())
    )


def fail_refund(order: Order) -> Any:
    """Let a refund fail, with Stripe's `failure_reason`."""
    call, thing = order.call_about("refund", "refund")
    return public(reversals.fail_refund(call, thing, order.get("reason", "lost_or_stolen_card")))


def settle_refund(order: Order) -> Any:
    return public(reversals.settle_refund(*order.call_about("refund", "refund")))


def pay(order: Order) -> Any:
    """Pay a session with a card number, as the hosted page does; `passes` answers a challenge."""
    call = order.call()
    session = call.get("checkout.session", order["session"], param="session")
    number = cards.digits(order.get("card", "4242424242424242"))
    email = order.get("email") or (session["customer_details"] or {}).get("email") or "fan@digis.test"
    country = order.get("country", "US")
    billing = {"email": email, "name": order.get("name", "Fan Fannes"), "address": {"country": country or None}}
    method = checkout.new_method(call, number, month=12, year=2034, billing=billing)
    details = money_objects.customer_details(email=email, name=billing["name"], country=country)
    try:
        intent = checkout.pay(call, session, method, details=details)
        if intent["status"] == "requires_action" and "passes" in order:
            checkout.answer_challenge(call, session, intent, passed=bool(order["passes"]))
    except ApiError as error:
        if not error.keeps:
            raise
    return public(checkout.shown(call, session))


def reset(order: Order) -> Any:
    """Forget everything but the platform's own account and the receivers; return when no letter is on its way."""
    store: Store = order.world.store
    with store.transaction():
        platform = order.world.platform
        own = [account for account in store.all("account", None) if account["id"] == platform]
        kept = [*store.all("webhook_endpoint", None), *own]
        order.world.clock.reset()
        store.clear()
        for thing in reversed(kept):
            store.add(thing, "")
        store.set("platform", platform)
    is_quiet = order.world.wait_for_letters(_LETTER_SECONDS)
    return {"now": order.world.clock.now(), "is_quiet": is_quiet}


OUTSIDE: dict[str, Act] = {"reset": reset}
INSIDE: dict[str, Act] = {
    "advance": advance,
    "disputes": open_dispute,
    "disputes/close": close_dispute,
    "disputes/escalate": escalate_dispute,
    "fraud_warnings": warn,
    "pay": pay,
    "refunds": refund,
    "refunds/fail": fail_refund,
    "refunds/settle": settle_refund,
}
