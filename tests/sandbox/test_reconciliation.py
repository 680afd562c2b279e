"""What a reconciler needs: every list by date, page by page, and books that agree with the balance (PAY-10)."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.sandbox.make import available, make_creator, make_payment, pay_out, transfer
from tests.stripe_sandbox import StripeSandbox

HOUR = 3_600


def make_one_of_each(sandbox: StripeSandbox, account: str) -> None:
    intent = make_payment(sandbox)
    sandbox.client.v1.refunds.create({"payment_intent": intent, "amount": 100})
    sandbox.dispute(make_payment(sandbox))
    sandbox.add_funds(1_000)
    transfer(sandbox, account, 500)
    pay_out(sandbox, account, 400)


@pytest.fixture
def two_days(sandbox: StripeSandbox) -> tuple[str, int]:
    """A creator, and the moment between two times when everything happened once."""
    account = make_creator(sandbox)
    make_one_of_each(sandbox, account)
    between = sandbox.advance(2 * HOUR)["now"] - HOUR
    make_one_of_each(sandbox, account)
    return account, between


KINDS = ["payment_intents", "charges", "refunds", "disputes", "transfers", "payouts", "balance_transactions", "events"]


@pytest.mark.parametrize("kind", KINDS)
def test_lists_go_by_date_and_page_by_page(sandbox: StripeSandbox, two_days: tuple[str, int], kind: str) -> None:
    account, between = two_days
    service: Any = getattr(sandbox.client.v1, kind)
    options: stripe.RequestOptions = {"stripe_account": account} if kind == "payouts" else {}
    find: Callable[..., list[Any]] = lambda **params: service.list({"limit": 100, **params}, options).data  # noqa: E731
    everything = find()
    late, early = find(created={"gte": between}), find(created={"lt": between})
    assert late
    assert early
    assert [thing.id for thing in late + early] == [thing.id for thing in everything]
    assert all(thing.created >= between for thing in late)
    assert find(created={"gt": everything[0].created}) == []
    by_ones = service.list({"limit": 1}, options).auto_paging_iter()
    assert [thing.id for thing in by_ones] == [thing.id for thing in everything]


def test_the_books_agree_with_the_balance(sandbox: StripeSandbox, two_days: tuple[str, int]) -> None:
    account, _ = two_days
    for options in ({}, {"stripe_account": account}):
        listed = sandbox.client.v1.balance_transactions.list({"limit": 100}, options).data  # type: ignore[arg-type]
        balance = sandbox.client.v1.balance.retrieve({}, options)  # type: ignore[arg-type]
        assert sum(entry.net for entry in listed) == balance.available[0].amount + balance.pending[0].amount
        assert sum(e.net for e in listed if e.status == "available") == balance.available[0].amount
        assert all(e.net == e.amount - e.fee == e.amount - sum(f.amount for f in e.fee_details) for e in listed)


def test_books_are_listed_by_what_they_are_about(sandbox: StripeSandbox, two_days: tuple[str, int]) -> None:
    entries = sandbox.client.v1.balance_transactions
    sent = sandbox.client.v1.transfers.list().data[0]
    assert [e.id for e in entries.list({"source": sent.id}).data] == [sent.balance_transaction]
    assert {e.type for e in entries.list({"type": "transfer"}).data} == {"transfer"}
    assert entries.list({"currency": "eur"}).data == []


def test_a_list_refuses_filters_that_stripe_does_not_have(sandbox: StripeSandbox) -> None:
    for kind in ("transfers", "payouts", "refunds", "disputes", "balance_transactions", "accounts"):
        with pytest.raises(stripe.InvalidRequestError, match="unknown parameter"):
            getattr(sandbox.client.v1, kind).list({"colour": "red"})


def test_transfers_are_found_by_their_group(sandbox: StripeSandbox) -> None:
    account = make_creator(sandbox)
    sandbox.add_funds(300)
    for group in ("may", "june", "june"):
        transfer(sandbox, account, 100, transfer_group=group)
    assert len(sandbox.client.v1.transfers.list({"transfer_group": "june"}).data) == 2
    assert available(sandbox) == 0


def test_connect_events_are_listed_by_their_account(sandbox: StripeSandbox) -> None:
    account = make_creator(sandbox, funds=100)
    pay_out(sandbox, account, 100)
    inside: stripe.RequestOptions = {"stripe_account": account}
    listed = sandbox.client.v1.events.list({"types": ["payout.created", "account.updated"]}, inside).data
    assert [(e.type, e.account) for e in listed] == [("payout.created", account), ("account.updated", account)]
    assert "payout.created" not in [e.type for e in sandbox.client.v1.events.list().data]
