"""Payouts of connected accounts: to the bank, and sometimes back."""

import pytest
import stripe

from tests.sandbox.make import available, make_account, make_creator, pay_out
from tests.sandbox.receiver import Receiver
from tests.stripe_sandbox import SandboxRefusedError, StripeSandbox, client_for

DAY = 86_400
FAILURES = {
    "000111111116": "no_account",
    "000111111113": "account_closed",
    "000222222227": "insufficient_funds",
    "000333333335": "debit_not_authorized",
    "000444444440": "invalid_currency",
}


def get(sandbox: StripeSandbox, account: str, payout: str) -> stripe.Payout:
    return sandbox.client.v1.payouts.retrieve(payout, {}, {"stripe_account": account})


def booked(sandbox: StripeSandbox, account: str) -> list[tuple[str, int]]:
    found = sandbox.client.v1.balance_transactions.list({"limit": 100}, {"stripe_account": account})
    return [(entry.type, entry.net) for entry in found.data[::-1]]


def test_a_payout_goes_to_the_bank_and_arrives(sandbox: StripeSandbox, connect_shop: Receiver) -> None:
    account = make_creator(sandbox, funds=2_500)
    sandbox.wait()
    connect_shop.clear()
    made = pay_out(sandbox, account, 2_000, metadata={"payout": "7"}, statement_descriptor="DIGIS")
    assert (made.status, made.automatic, made.method, made.type) == ("pending", False, "standard", "bank_account")
    assert made.arrival_date > made.created
    assert available(sandbox, account) == 500
    sandbox.advance(7 * 3_600)
    assert get(sandbox, account, made.id).status == "in_transit"
    sandbox.advance(2 * DAY)
    paid = get(sandbox, account, made.id)
    assert paid.status == "paid"
    assert paid.trace_id is not None
    assert paid.trace_id.status == "supported"
    assert booked(sandbox, account) == [("payment", 2_500), ("payout", -2_000)]
    sandbox.wait()
    assert connect_shop.types == ["payout.created", "payout.updated", "payout.updated", "payout.paid"]
    assert {letter.event["account"] for letter in connect_shop.letters} == {account}
    assert connect_shop.letters[1].event["data"]["previous_attributes"] == {"status": "pending"}


def test_a_long_leap_in_time_leaves_no_step_out(sandbox: StripeSandbox) -> None:
    account = make_creator(sandbox, funds=100)
    made = pay_out(sandbox, account, 100)
    sandbox.advance(30 * DAY)
    assert get(sandbox, account, made.id).status == "paid"
    told = [event["data"]["object"]["status"] for event in sandbox.events("payout.*")]
    assert told == ["pending", "in_transit", "paid", "paid"]


@pytest.mark.parametrize(("number", "code"), FAILURES.items())
def test_test_accounts_refuse_for_their_reasons(sandbox: StripeSandbox, number: str, code: str) -> None:
    """PAY-2: after a refusal the money lies in the connected account again."""
    account = make_creator(sandbox, number=number, funds=900)
    made = pay_out(sandbox, account, 900)
    sandbox.step_payout(made.id)
    sandbox.step_payout(made.id)
    failed = sandbox.client.v1.payouts.retrieve(
        made.id, {"expand": ["failure_balance_transaction", "destination"]}, {"stripe_account": account}
    )
    assert (failed.status, failed.failure_code) == ("failed", code)
    assert failed.failure_message
    back = failed.failure_balance_transaction
    assert isinstance(back, stripe.BalanceTransaction)
    assert (back.type, back.net, back.source) == ("payout_failure", 900, made.id)
    assert isinstance(failed.destination, stripe.BankAccount)
    assert failed.destination.status == "errored"
    assert available(sandbox, account) == 900
    assert [e["type"] for e in sandbox.events("payout.*")][-2:] == ["payout.updated", "payout.failed"]


def test_after_a_refusal_the_bank_account_has_to_be_replaced(sandbox: StripeSandbox) -> None:
    """PAY-2: the retry is paid without a new transfer."""
    account = make_creator(sandbox, number="000111111113", funds=900)
    sandbox.fail_payout(pay_out(sandbox, account, 900).id, "account_closed")
    found = sandbox.client.v1.accounts.retrieve(account)
    assert found.requirements is not None
    assert (found.payouts_enabled, found.requirements.currently_due) == (False, ["external_account"])
    assert found.capabilities is not None
    assert found.capabilities.transfers == "active"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        pay_out(sandbox, account, 900)
    assert refused.value.code == "payouts_not_allowed"
    assert "account.external_account.updated" in [e["type"] for e in sandbox.events("account.*")]
    sandbox.change_bank(account)
    sandbox.pay_payout(pay_out(sandbox, account, 900).id)
    assert available(sandbox, account) == 0
    assert len(sandbox.client.v1.transfers.list({"destination": account}).data) == 1


def test_a_passing_trouble_of_the_bank_lets_the_account_be_paid_again(sandbox: StripeSandbox) -> None:
    account = make_creator(sandbox, funds=900)
    sandbox.fail_payout(pay_out(sandbox, account, 900).id, "could_not_process", spoils=False)
    assert sandbox.pay_payout(pay_out(sandbox, account, 900).id)["status"] == "paid"


def test_a_paid_payout_may_still_come_back(sandbox: StripeSandbox) -> None:
    account = make_creator(sandbox, funds=900)
    made = pay_out(sandbox, account, 900)
    sandbox.pay_payout(made.id)
    sandbox.fail_payout(made.id, "account_frozen")
    failed = get(sandbox, account, made.id)
    assert (failed.status, failed.failure_code) == ("failed", "account_frozen")
    assert booked(sandbox, account) == [("payment", 900), ("payout", -900), ("payout_failure", 900)]
    previous = sandbox.events("payout.updated")[-1]["data"]["previous_attributes"]
    assert previous["status"] == "paid"


@pytest.mark.parametrize("order", ["step", "pay", "fail"])
def test_what_has_failed_has_ended(sandbox: StripeSandbox, order: str) -> None:
    account = make_creator(sandbox, funds=900)
    made = pay_out(sandbox, account, 900)
    sandbox.fail_payout(made.id)
    with pytest.raises(SandboxRefusedError, match="failed cannot be"):
        sandbox.control(f"payouts/{order}", payout=made.id)
    assert available(sandbox, account) == 900


def test_a_payout_can_be_canceled_until_it_is_sent(sandbox: StripeSandbox) -> None:
    account = make_creator(sandbox, funds=900)
    payouts, inside = sandbox.client.v1.payouts, {"stripe_account": account}
    made = pay_out(sandbox, account, 400)
    canceled = payouts.cancel(made.id, {}, inside)
    assert canceled.status == "canceled"
    assert canceled.failure_balance_transaction is not None
    assert (available(sandbox, account), booked(sandbox, account)[-1]) == (900, ("payout_cancel", 400))
    assert sandbox.events("payout.*")[-1]["type"] == "payout.canceled"
    sent = pay_out(sandbox, account, 400)
    sandbox.step_payout(sent.id)
    with pytest.raises(stripe.InvalidRequestError, match="in_transit cannot be canceled"):
        payouts.cancel(sent.id, {}, inside)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": 901}, "balance_insufficient"),
        ({"amount": 0}, "parameter_invalid_integer"),
        ({"currency": "eur"}, None),
        ({"destination": "ba_other"}, "resource_missing"),
        ({"method": "instant"}, "instant_payouts_unsupported"),
        ({"colour": "red"}, "parameter_unknown"),
    ],
)
def test_a_wrong_payout_is_refused(sandbox: StripeSandbox, change: dict, code: str | None) -> None:
    account = make_creator(sandbox, funds=900)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        pay_out(sandbox, account, **{"amount": 100, **change})
    assert refused.value.code == code
    assert available(sandbox, account) == 900


def test_an_account_that_is_not_ready_pays_nothing_out(sandbox: StripeSandbox) -> None:
    account = make_account(sandbox)
    sandbox.add_funds(100, account=account)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        pay_out(sandbox, account, 100)
    assert refused.value.code == "payouts_not_allowed"


def test_a_repeated_payout_is_one_and_keys_belong_to_their_account(sandbox: StripeSandbox) -> None:
    first, second = make_creator(sandbox, funds=900), make_creator(sandbox, funds=900)
    sandbox.fault("drop", "/v1/payouts", method="POST")
    made = client_for(sandbox.url, retries=2).v1.payouts.create(
        {"amount": 300, "currency": "usd"}, {"stripe_account": first, "idempotency_key": "p-1"}
    )
    assert pay_out(sandbox, first, 300, key="p-1").id == made.id
    assert pay_out(sandbox, second, 300, key="p-1").id != made.id
    assert (available(sandbox, first), available(sandbox, second)) == (600, 600)


def test_an_account_sees_its_own_payouts_only(sandbox: StripeSandbox) -> None:
    first, second = make_creator(sandbox, funds=900), make_creator(sandbox, funds=900)
    made = [pay_out(sandbox, first, 100) for _ in range(3)]
    sandbox.pay_payout(made[0].id)
    payouts = sandbox.client.v1.payouts
    inside: stripe.RequestOptions = {"stripe_account": first}
    assert [p.id for p in payouts.list({}, inside).data] == [p.id for p in made[::-1]]
    assert [p.id for p in payouts.list({"status": "paid"}, inside).data] == [made[0].id]
    assert payouts.list({"arrival_date": {"lt": made[0].arrival_date}}, inside).data == []
    assert payouts.list({}, {"stripe_account": second}).data == []
    assert payouts.list().data == []
    with pytest.raises(stripe.InvalidRequestError) as refused:
        payouts.retrieve(made[0].id, {}, {"stripe_account": second})
    assert refused.value.code == "resource_missing"


def test_a_changed_payout_is_told(sandbox: StripeSandbox) -> None:
    account = make_creator(sandbox, funds=100)
    made = pay_out(sandbox, account, 100)
    sandbox.client.v1.payouts.update(made.id, {"metadata": {"payout": "9"}}, {"stripe_account": account})
    assert sandbox.events("payout.updated")[0]["data"]["object"]["metadata"] == {"payout": "9"}


def test_the_platform_pays_itself_out(sandbox: StripeSandbox, shop: Receiver) -> None:
    sandbox.add_funds(1_000)
    made = sandbox.client.v1.payouts.create({"amount": 1_000, "currency": "usd"})
    sandbox.pay_payout(made.id)
    sandbox.wait()
    assert shop.types == ["payout.created", "payout.updated", "payout.updated", "payout.paid"]


@pytest.mark.parametrize(
    ("country", "number", "currency"), [("GB", "11111113", "gbp"), ("FR", "DE62370400440532013001", "eur")]
)
def test_banks_of_other_countries_refuse_as_well(
    sandbox: StripeSandbox, country: str, number: str, currency: str
) -> None:
    account = make_creator(sandbox, country=country, number=number)
    sandbox.add_funds(500, currency, account=account)
    made = pay_out(sandbox, account, 500, currency=currency)
    sandbox.advance(3 * DAY)
    assert get(sandbox, account, made.id).status == "failed"
    assert available(sandbox, account, currency) == 500
