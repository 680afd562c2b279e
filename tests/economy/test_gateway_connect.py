"""The door to Connect and to Stripe's books, against the stand-in."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from digis.core.ids import uuid7
from economy import gateway
from tests.stripe_sandbox import StripeSandbox

BACK, AGAIN = "http://127.0.0.1:8000/back/", "http://127.0.0.1:8000/again/"


@pytest.fixture
def person_id() -> UUID:
    return uuid7()


@pytest.fixture
def creator(stripe: StripeSandbox, person_id: UUID) -> gateway.ConnectedAccount:
    """An account that may be paid, and 900.00 of ours to pay with."""
    made = gateway.create_account(person_id=person_id, email="cora@digis.test", country="US")
    stripe.onboard(made.id)
    stripe.add_funds(90_000)
    return gateway.get_account(made.id)


def send(creator: gateway.ConnectedAccount, payout_id: UUID, amount: int = 5_000, key: str = "t-1") -> gateway.Transfer:
    return gateway.transfer(key=key, account_id=creator.id, amount_minor=amount, currency="USD", payout_id=payout_id)


def pay(
    creator: gateway.ConnectedAccount, payout_id: UUID, amount: int = 5_000, key: str = "p-1"
) -> gateway.BankPayout:
    return gateway.pay_out(key=key, account_id=creator.id, amount_minor=amount, currency="USD", payout_id=payout_id)


def test_a_new_account_says_what_is_due(stripe: StripeSandbox, person_id: UUID) -> None:
    """PAY-7."""
    made = gateway.create_account(person_id=person_id, email="cora@digis.test", country="US")
    assert (made.person_id, made.country, made.currency) == (str(person_id), "US", "USD")
    assert (made.is_submitted, made.can_receive, made.can_pay_out, made.bank) == (False, False, False, None)
    assert "external_account" in made.due
    assert made.disabled_reason == "requirements.past_due"
    again = gateway.create_account(person_id=person_id, email="cora@digis.test", country="US")
    assert again.id == made.id
    stripe.onboard(made.id, "pending")
    checked = gateway.get_account(made.id)
    assert (checked.is_submitted, checked.due, len(checked.checking)) == (True, (), 1)


def test_a_complete_account_tells_its_bank(stripe: StripeSandbox, creator: gateway.ConnectedAccount) -> None:
    """PAY-3: the fingerprint tells a change of destination."""
    assert (creator.can_receive, creator.can_pay_out, creator.due) == (True, True, ())
    assert creator.bank is not None
    assert (creator.bank.last4, creator.bank.currency, creator.bank.has_refused) == ("6789", "USD", False)
    stripe.change_bank(creator.id, "000111111113")
    changed = gateway.get_account(creator.id).bank
    assert changed is not None
    assert changed.fingerprint != creator.bank.fingerprint
    assert [account.id for account in gateway.list_accounts()] == [creator.id]


def test_links_let_in_once(stripe: StripeSandbox, creator: gateway.ConnectedAccount) -> None:
    url = gateway.open_onboarding(account_id=creator.id, return_url=BACK, refresh_url=AGAIN)
    assert url.startswith(stripe.url)
    assert httpx.get(url).headers["Location"] != AGAIN
    assert httpx.get(url).headers["Location"] == AGAIN
    assert httpx.get(gateway.open_dashboard(account_id=creator.id)).status_code == 303


def test_money_goes_to_the_bank(stripe: StripeSandbox, creator: gateway.ConnectedAccount) -> None:
    payout_id = uuid7()
    sent = [send(creator, payout_id) for _ in range(2)]
    assert sent[0] == sent[1] == gateway.get_transfer(sent[0].id)
    assert (sent[0].payout_id, sent[0].amount, sent[0].currency, sent[0].reversed) == (str(payout_id), 5_000, "USD", 0)
    assert [found.id for found in gateway.list_transfers(group=str(payout_id))] == [sent[0].id]
    made = [pay(creator, payout_id) for _ in range(2)]
    assert made[0] == made[1]
    assert (made[0].status, made[0].is_open, made[0].payout_id) == ("pending", True, str(payout_id))
    stripe.pay_payout(made[0].id)
    paid = gateway.get_bank_payout(account_id=creator.id, bank_payout_id=made[0].id)
    assert (paid.status, paid.is_open, paid.failure_code) == ("paid", False, "")
    assert [found.id for found in gateway.list_bank_payouts(account_id=creator.id)] == [paid.id]
    assert gateway.get_balance().available == {"USD": 85_000}
    assert gateway.get_balance(creator.id).available == {"USD": 0}


def test_a_refused_payout_comes_back_by_reversal_once(stripe: StripeSandbox, creator: gateway.ConnectedAccount) -> None:
    """PAY-2: only a confirmed reversal brings the money back, once."""
    payout_id = uuid7()
    sent, made = send(creator, payout_id), pay(creator, payout_id)
    with pytest.raises(gateway.GatewayRefusedError) as refused:
        gateway.reverse_transfer(key="r-0", transfer_id=sent.id)
    assert refused.value.code == "balance_insufficient"
    stripe.fail_payout(made.id, "no_account")
    failed = gateway.get_bank_payout(account_id=creator.id, bank_payout_id=made.id)
    assert (failed.status, failed.failure_code) == ("failed", "no_account")
    assert failed.failure
    account = gateway.get_account(creator.id)
    assert account.bank is not None
    assert (account.bank.has_refused, account.can_pay_out, account.due) == (True, False, ("external_account",))
    back = [gateway.reverse_transfer(key="r-1", transfer_id=sent.id) for _ in range(2)]
    assert back[0] == back[1]
    assert (back[0].amount, gateway.get_transfer(sent.id).reversed) == (5_000, 5_000)
    assert list(gateway.list_reversals(sent.id)) == [back[0]]
    assert gateway.get_balance().available == {"USD": 90_000}


def test_a_payout_can_be_called_back_in_time(stripe: StripeSandbox, creator: gateway.ConnectedAccount) -> None:
    made = pay(creator, UUID(send(creator, uuid7()).payout_id))
    assert gateway.cancel_bank_payout(account_id=creator.id, bank_payout_id=made.id).status == "canceled"
    with pytest.raises(gateway.GatewayRefusedError):
        gateway.cancel_bank_payout(account_id=creator.id, bank_payout_id=made.id)


def test_a_refusal_tells_its_code_and_keeps_its_key(stripe: StripeSandbox, creator: gateway.ConnectedAccount) -> None:
    """Another attempt takes another key."""
    payout_id = uuid7()
    for _ in range(2):
        with pytest.raises(gateway.GatewayRefusedError) as refused:
            send(creator, payout_id, 90_001, "t-2")
        assert refused.value.code == "balance_insufficient"
        assert "insufficient available funds" in refused.value.message
        stripe.add_funds(1_000)
    assert send(creator, payout_id, 90_001, "t-3").amount == 90_001
    with pytest.raises(gateway.GatewayRefusedError) as refused:
        pay(creator, payout_id, 99_999)
    assert refused.value.code == "balance_insufficient"


def test_an_account_that_left_is_told_apart(stripe: StripeSandbox, creator: gateway.ConnectedAccount) -> None:
    stripe.deauthorize(creator.id)
    with pytest.raises(gateway.GatewayRefusedError) as refused:
        gateway.get_account(creator.id)
    assert refused.value.code == "account_invalid"
    with pytest.raises(gateway.GatewayRefusedError):
        list(gateway.list_bank_payouts(account_id=creator.id))


def test_a_failure_of_stripe_is_no_refusal(stripe: StripeSandbox, creator: gateway.ConnectedAccount) -> None:
    """After it nobody knows, and the same key asks again."""
    payout_id = uuid7()
    for kind in ("error", "rate_limit", "drop"):
        stripe.fault(kind, "/v1/transfers", method="POST", times=2)
        with pytest.raises(gateway.GatewayError) as failed:
            send(creator, payout_id)
        assert not isinstance(failed.value, gateway.GatewayRefusedError)
        stripe.forget_faults()
    made = send(creator, payout_id)
    assert [found.id for found in gateway.list_transfers(account_id=creator.id)] == [made.id]


def test_the_books_are_listed_by_date(stripe: StripeSandbox, creator: gateway.ConnectedAccount) -> None:
    """PAY-10."""
    session = gateway.open_checkout(
        purchase_id=uuid7(),
        customer_id=gateway.create_customer(person_id=uuid7(), email="fan@digis.test", name="Fan"),
        title="500 tokens",
        amount_minor=2_500,
        currency="USD",
        success_url=BACK,
        cancel_url=AGAIN,
    )
    intent = stripe.pay(session.id)["payment_intent"]
    stripe.refund(intent, amount=500)
    stripe.dispute(intent)
    send(creator, uuid7())
    (charge,) = gateway.list_charges()
    assert (charge.intent_id, charge.amount, charge.refunded, charge.is_disputed) == (intent, 2_500, 500, True)
    assert charge.purchase_id
    (refund,) = gateway.list_refunds()
    assert (refund.intent_id, refund.amount, refund.status) == (intent, 500, "succeeded")
    (dispute,) = gateway.list_disputes()
    assert (dispute.intent_id, dispute.amount, dispute.status) == (intent, 2_000, "needs_response")
    assert dispute.answer_by is not None
    assert dispute.answer_by > dispute.created_at
    entries = list(gateway.list_entries())
    assert [entry.kind for entry in entries] == ["transfer", "adjustment", "refund", "charge", "topup"]
    balance = gateway.get_balance()
    assert sum(entry.net for entry in entries) == balance.available["USD"] + balance.pending["USD"]
    later = charge.created_at + timedelta(hours=1)
    for listed in (gateway.list_charges, gateway.list_refunds, gateway.list_disputes, gateway.list_transfers):
        assert list(listed(since=later)) == []
        assert len(list(listed(until=later))) == 1
    assert [entry.kind for entry in gateway.list_entries(account_id=creator.id)] == ["payment"]
    assert [entry.kind for entry in gateway.list_entries(source_id=charge.id)] == ["charge"]
