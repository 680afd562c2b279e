"""The world outside, for connected accounts: people, Stripe's checks, and the banks of payouts."""

from typing import Any

from digis.sandbox.stripe import balance, banks, connect, payouts, rates, transfers
from digis.sandbox.stripe.control.order import Act, Order
from digis.sandbox.stripe.errors import ApiError
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call, public


def _account(order: Order) -> tuple[Call, Thing]:
    call = Call(order.world)
    return call, connect.find(call, order["account"])


def _bank(order: Order, account: Thing) -> banks.Bank:
    number = order.get("number") or banks.scheme_of(account["country"]).banks[0].number
    bank = banks.find(account["country"], number)
    if bank is None:
        raise ApiError(f"{number} is no test bank account of {account['country']}.", param="number")
    return bank


# — people —


def onboard(order: Order) -> Any:
    """Give all that an account link's page asks for; `outcome` is approved, pending or document (one is asked for)."""
    call, account = _account(order)
    outcome = order.get("outcome", "approved")
    if outcome not in connect.OUTCOMES:
        raise ApiError(f"Invalid outcome: must be one of {', '.join(connect.OUTCOMES)}", param="outcome")
    needs_bank = connect.BANK in account["requirements"]["currently_due"] or "number" in order
    bank = _bank(order, account) if needs_bank else None
    holder = order.get("name", "Cora Creates")
    return public(connect.submit(call, account, holder=holder, bank=bank, outcome=outcome))


def change_bank(order: Order) -> Any:
    """Replace the bank account by the test account `number`, as in the Express Dashboard."""
    call, account = _account(order)
    return public(connect.change_bank(call, account, _bank(order, account)))


def deauthorize(order: Order) -> Any:
    connect.part(*_account(order))
    return {"id": order["account"]}


# — Stripe —


def decide(order: Order) -> Any:
    """End a pending check; `passes` (true) says how."""
    return public(connect.decide(*_account(order), passes=bool(order.get("passes", True))))


def demand(order: Order) -> Any:
    """Require `fields` of an account, such as individual.verification.document."""
    return public(connect.demand(*_account(order), list(order["fields"])))


def reject(order: Order) -> Any:
    return public(connect.reject(*_account(order), order.get("reason", "fraud")))


def set_rates(order: Order) -> Any:
    """Set exchange rates from now on: {"usd:eur": "0.9"}."""
    return rates.put(order.world, {name: value for name, value in order.given.items() if ":" in name})


def add_funds(order: Order) -> Any:
    """Put money into the platform's available balance, as a top-up from its bank does; may be negative."""
    call = order.call()
    amount, currency = int(order["amount"]), order.get("currency", "usd")
    return public(balance.book(call, amount=amount, currency=currency, kind="topup", source=None, category="topup"))


# — banks —


def step(order: Order) -> Any:
    """Take a payout one step: to the bank, then to the end that its bank account is for."""
    return public(payouts.step(*order.call_about("payout", "payout")))


def pay(order: Order) -> Any:
    return public(payouts.pay(*order.call_about("payout", "payout")))


def fail(order: Order) -> Any:
    """Let the bank refuse a payout with `code`, also one that is paid already.

    The bank account has to be replaced then, unless `spoils` is false.
    """
    call, payout = order.call_about("payout", "payout")
    code, spoils = order.get("code", "account_closed"), bool(order.get("spoils", True))
    return public(payouts.fail(call, payout, code, spoils=spoils))


def reverse(order: Order) -> Any:
    """Reverse a transfer as staff do in the dashboard."""
    call, transfer = order.call_about("transfer", "transfer")
    return public(transfers.reverse(call, transfer, {"amount": order.amount()}))


INSIDE: dict[str, Act] = {
    "accounts/bank": change_bank,
    "accounts/deauthorize": deauthorize,
    "accounts/decide": decide,
    "accounts/demand": demand,
    "accounts/onboard": onboard,
    "accounts/reject": reject,
    "funds": add_funds,
    "payouts/fail": fail,
    "payouts/pay": pay,
    "payouts/step": step,
    "rates": set_rates,
    "transfers/reverse": reverse,
}
