"""Transfers to connected accounts, and their reversals."""

import threading

import pytest
import stripe

from tests.sandbox.make import available, make_account, make_creator, make_payment, pay_out, transfer
from tests.sandbox.receiver import Receiver
from tests.stripe_sandbox import StripeSandbox, client_for

DAY = 86_400


def reverse(sandbox: StripeSandbox, transfer_id: str, amount: int | None = None, key: str = "") -> stripe.Reversal:
    options: stripe.RequestOptions = {"idempotency_key": key} if key else {}
    return sandbox.client.v1.transfers.reversals.create(transfer_id, {"amount": amount} if amount else {}, options)


def pending(sandbox: StripeSandbox, account: str) -> int:
    return sandbox.client.v1.balance.retrieve({}, {"stripe_account": account}).pending[0].amount


def test_a_transfer_moves_available_money(sandbox: StripeSandbox, shop: Receiver) -> None:
    account = make_creator(sandbox)
    sandbox.add_funds(5_000)
    made = transfer(sandbox, account, 3_000, transfer_group="batch-1", metadata={"payout": "p-1"}, description="May")
    assert (available(sandbox), available(sandbox, account)) == (2_000, 3_000)
    assert (made.transfer_group, made.metadata["payout"], made.description) == ("batch-1", "p-1", "May")
    assert (made.reversed, made.amount_reversed, made.reversals.data) == (False, 0, [])
    sandbox.wait()
    assert shop.types == ["transfer.created"]
    assert "account" not in shop.letters[0].event


def test_both_sides_are_booked(sandbox: StripeSandbox) -> None:
    account = make_creator(sandbox, funds=3_000)
    expand = ["balance_transaction", "destination_payment.balance_transaction", "destination"]
    made = sandbox.client.v1.transfers.list({"expand": [f"data.{path}" for path in expand]}).data[0]
    sent, received = made.balance_transaction, made.destination_payment
    assert isinstance(sent, stripe.BalanceTransaction)
    assert (sent.type, sent.net, sent.source, sent.reporting_category) == ("transfer", -3_000, made.id, "transfer")
    assert isinstance(received, stripe.Charge)
    assert received.source_transfer == made.id
    got = received.balance_transaction
    assert isinstance(got, stripe.BalanceTransaction)
    assert (got.type, got.net, got.status) == ("payment", 3_000, "available")
    assert isinstance(made.destination, stripe.Account)
    assert made.destination.id == account


def test_pending_money_does_not_travel(sandbox: StripeSandbox) -> None:
    account = make_creator(sandbox)
    make_payment(sandbox, 5_000)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        transfer(sandbox, account, 1)
    assert (refused.value.code, refused.value.http_status) == ("balance_insufficient", 400)
    sandbox.advance(3 * DAY)
    transfer(sandbox, account, 4_000)
    assert available(sandbox, account) == 4_000


def test_a_transfer_of_a_charges_own_money_waits_for_it(sandbox: StripeSandbox) -> None:
    account = make_creator(sandbox)
    charge = sandbox.client.v1.charges.list({"payment_intent": make_payment(sandbox, 5_000)}).data[0]
    made = transfer(sandbox, account, 4_000, source_transaction=charge.id)
    assert (available(sandbox, account), pending(sandbox, account)) == (0, 4_000)
    assert made.transfer_group == f"group_{charge.payment_intent}"
    assert sandbox.client.v1.charges.retrieve(charge.id).transfer_group == made.transfer_group
    with pytest.raises(stripe.InvalidRequestError, match="cannot exceed"):
        transfer(sandbox, account, 1_001, source_transaction=charge.id)
    assert reverse(sandbox, made.id, 1_000).amount == 1_000  # money on its way can be called back
    sandbox.advance(3 * DAY)
    assert (available(sandbox, account), pending(sandbox, account)) == (3_000, 0)
    assert {e.get("account") for e in sandbox.events("balance.available")} == {None, account}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": 0}, "parameter_invalid_integer"),
        ({"amount": -5}, "parameter_invalid_integer"),
        ({"destination": "acct_nobody"}, "resource_missing"),
        ({"colour": "red"}, "parameter_unknown"),
        ({"currency": "eur"}, "balance_insufficient"),
    ],
)
def test_a_wrong_transfer_is_refused(sandbox: StripeSandbox, change: dict, code: str) -> None:
    account = make_creator(sandbox)
    sandbox.add_funds(500)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.client.v1.transfers.create({"amount": 100, "currency": "usd", "destination": account, **change})
    assert refused.value.code == code
    assert available(sandbox) == 500


def test_an_account_that_is_not_ready_gets_nothing(sandbox: StripeSandbox) -> None:
    sandbox.add_funds(500)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        transfer(sandbox, make_account(sandbox), 100)
    assert refused.value.code == "insufficient_capabilities_for_transfer"


def test_a_repeated_transfer_is_one(sandbox: StripeSandbox) -> None:
    account = make_creator(sandbox)
    sandbox.add_funds(5_000)
    gate, made = threading.Barrier(6), []

    def ask() -> None:
        client = client_for(sandbox.url)
        params = {"amount": 1_000, "currency": "usd", "destination": account}
        gate.wait()
        made.append(client.v1.transfers.create(params, {"idempotency_key": "t-1"}).id)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(set(made)), available(sandbox, account)) == (6, 1, 1_000)
    with pytest.raises(stripe.IdempotencyError):
        transfer(sandbox, account, 2_000, key="t-1")


def test_a_refusal_is_kept_under_its_key(sandbox: StripeSandbox) -> None:
    """The trap: after `balance_insufficient`, the same key answers the same though the money is there now."""
    account = make_creator(sandbox)
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            transfer(sandbox, account, 1_000, key="t-2")
        assert refused.value.code == "balance_insufficient"
        sandbox.add_funds(1_000)
    assert transfer(sandbox, account, 1_000, key="t-3").amount == 1_000


def test_a_transfer_that_was_cut_off_is_found_by_its_key(sandbox: StripeSandbox) -> None:
    account = make_creator(sandbox)
    sandbox.add_funds(1_000)
    sandbox.fault("drop", "/v1/transfers", method="POST")
    made = client_for(sandbox.url, retries=2).v1.transfers.create(
        {"amount": 600, "currency": "usd", "destination": account}, {"idempotency_key": "t-4"}
    )
    assert [t.id for t in sandbox.client.v1.transfers.list({"destination": account}).data] == [made.id]


def test_a_transfer_is_reversed_in_parts_and_no_further(sandbox: StripeSandbox, shop: Receiver) -> None:
    account = make_creator(sandbox, funds=1_000)
    made = sandbox.client.v1.transfers.list().data[0]
    first = reverse(sandbox, made.id, 300)
    assert (first.amount, first.transfer, first.currency) == (300, made.id, "usd")
    with pytest.raises(stripe.InvalidRequestError, match="greater than unreversed amount"):
        reverse(sandbox, made.id, 701)
    rest = reverse(sandbox, made.id)
    assert rest.amount == 700
    after = sandbox.client.v1.transfers.retrieve(made.id)
    assert (after.reversed, after.amount_reversed) == (True, 1_000)
    assert [r.id for r in after.reversals.data] == [rest.id, first.id]
    with pytest.raises(stripe.InvalidRequestError, match="already fully reversed"):
        reverse(sandbox, made.id)
    assert (available(sandbox), available(sandbox, account)) == (1_000, 0)
    sandbox.wait()
    told = [letter.event["data"] for letter in shop.letters if letter.event["type"] == "transfer.reversed"]
    assert [t["object"]["amount_reversed"] for t in told] == [300, 1_000]
    assert [len(t["object"]["reversals"]["data"]) for t in told] == [1, 2]
    assert told[1]["previous_attributes"] == {"amount_reversed": 300, "reversed": False}


def test_a_reversal_needs_the_money_to_be_there(sandbox: StripeSandbox) -> None:
    """PAY-2: what is on its way to the bank cannot be called back; after the bank's refusal it can, once."""
    account = make_creator(sandbox, funds=1_000)
    made = sandbox.client.v1.transfers.list().data[0]
    payout = pay_out(sandbox, account, 400)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        reverse(sandbox, made.id)
    assert refused.value.code == "balance_insufficient"
    assert reverse(sandbox, made.id, 600).amount == 600
    sandbox.fail_payout(payout.id)
    twins = [reverse(sandbox, made.id, 400, key="r-1").id for _ in range(2)]
    assert len(set(twins)) == 1
    assert (available(sandbox), available(sandbox, account)) == (1_000, 0)


def test_a_reversal_shows_in_the_connected_account_as_a_refund(sandbox: StripeSandbox) -> None:
    account = make_creator(sandbox, funds=1_000)
    made = sandbox.client.v1.transfers.list().data[0]
    back = sandbox.client.v1.transfers.reversals.create(
        made.id, {"amount": 400, "expand": ["destination_payment_refund", "balance_transaction", "transfer"]}
    )
    assert isinstance(back.destination_payment_refund, stripe.Refund)
    assert back.destination_payment_refund.source_transfer_reversal == back.id
    assert isinstance(back.balance_transaction, stripe.BalanceTransaction)
    assert (back.balance_transaction.type, back.balance_transaction.net) == ("transfer_refund", 400)
    inside: stripe.RequestOptions = {"stripe_account": account}
    assert [r.amount for r in sandbox.client.v1.refunds.list({}, inside).data] == [400]
    assert sandbox.client.v1.charges.list({}, inside).data[0].amount_refunded == 400
    booked = sandbox.client.v1.balance_transactions.list({}, inside).data
    assert [(b.type, b.net) for b in booked] == [("payment_refund", -400), ("payment", 1_000)]


def test_reversals_are_listed_and_changed(sandbox: StripeSandbox) -> None:
    make_creator(sandbox, funds=1_000)
    transfers = sandbox.client.v1.transfers
    made = transfers.list().data[0]
    first = reverse(sandbox, made.id, 100)
    staff = sandbox.reverse_transfer(made.id, amount=50)
    assert [r.id for r in transfers.reversals.list(made.id).data] == [staff["id"], first.id]
    changed = transfers.reversals.update(made.id, first.id, {"metadata": {"why": "bank"}})
    assert changed.metadata is not None
    assert changed.metadata["why"] == "bank"
    assert transfers.reversals.retrieve(made.id, first.id).metadata == changed.metadata
    with pytest.raises(stripe.InvalidRequestError, match="No such transfer reversal"):
        transfers.reversals.retrieve("tr_other", first.id)


def test_a_changed_transfer_is_told(sandbox: StripeSandbox) -> None:
    make_creator(sandbox, funds=100)
    made = sandbox.client.v1.transfers.list().data[0]
    sandbox.client.v1.transfers.update(made.id, {"metadata": {"payout": "9"}})
    assert sandbox.events("transfer.updated")[0]["data"]["object"]["metadata"] == {"payout": "9"}


def test_money_is_exchanged_for_an_account_in_another_currency(sandbox: StripeSandbox) -> None:
    sandbox.set_rates(usd_eur="0.9")
    account = make_creator(sandbox, country="DE", funds=1_001)
    made = sandbox.client.v1.transfers.list({"expand": ["data.destination_payment.balance_transaction"]}).data[0]
    assert isinstance(made.destination_payment, stripe.Charge)
    got = made.destination_payment.balance_transaction
    assert isinstance(got, stripe.BalanceTransaction)
    assert (got.amount, got.currency, got.exchange_rate) == (900, "eur", 0.9)
    assert available(sandbox, account, "eur") == 900
    sandbox.set_rates(usd_eur="0.5")  # a reversal goes by the rate of its transfer, and its parts add up
    for amount in (333, 333, 335):
        reverse(sandbox, made.id, amount)
    assert (available(sandbox), available(sandbox, account, "eur")) == (1_001, 0)
