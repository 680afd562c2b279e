import pytest
import stripe

from tests.sandbox.make import make_payment
from tests.stripe_sandbox import SandboxRefusedError, StripeSandbox

DAY = 86_400


def pending_and_available(sandbox: StripeSandbox) -> tuple[int, int]:
    balance = sandbox.client.v1.balance.retrieve()
    return balance.pending[0].amount, balance.available[0].amount


def the_charge(sandbox: StripeSandbox, intent: str) -> stripe.Charge:
    charge = sandbox.client.v1.payment_intents.retrieve(intent, {"expand": ["latest_charge"]}).latest_charge
    assert isinstance(charge, stripe.Charge)
    return charge


def test_money_is_pending_until_its_day(sandbox: StripeSandbox) -> None:
    make_payment(sandbox)
    assert pending_and_available(sandbox) == (1135, 0)
    sandbox.advance(3 * DAY)
    assert pending_and_available(sandbox) == (0, 1135)
    assert sandbox.client.v1.balance_transactions.list().data[0].status == "available"
    assert [e["type"] for e in sandbox.events("balance.*")] == ["balance.available"]


def test_one_test_card_settles_at_once(sandbox: StripeSandbox) -> None:
    make_payment(sandbox, card="4000000000000077")
    assert pending_and_available(sandbox) == (0, 1135)


def test_a_charge_is_refunded_in_parts_and_no_further(sandbox: StripeSandbox) -> None:
    intent = make_payment(sandbox)
    refunds = sandbox.client.v1.refunds
    first = refunds.create({"payment_intent": intent, "amount": 200, "reason": "requested_by_customer"})
    assert (first.status, first.amount, first.payment_intent) == ("succeeded", 200, intent)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        refunds.create({"payment_intent": intent, "amount": 1001})
    rest = refunds.create({"charge": the_charge(sandbox, intent).id})
    assert rest.amount == 1000
    charge = the_charge(sandbox, intent)
    assert (charge.amount_refunded, charge.refunded) == (1200, True)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        refunds.create({"payment_intent": intent})
    assert refused.value.code == "charge_already_refunded"
    assert [r.id for r in refunds.list({"payment_intent": intent}).data] == [rest.id, first.id]
    assert [e["type"] for e in sandbox.events("*refund*")] == ["refund.created", "charge.refunded"] * 2
    told = [e["data"]["object"]["amount_refunded"] for e in sandbox.events("charge.refunded")]
    assert told == [200, 1200]
    assert sum(pending_and_available(sandbox)) == -65  # the fee stays paid


def test_refunds_come_with_their_charge_when_asked(sandbox: StripeSandbox) -> None:
    intent = make_payment(sandbox)
    refund = sandbox.refund(intent, amount=300)
    charge_id = the_charge(sandbox, intent).id
    charge = sandbox.client.v1.charges.retrieve(charge_id, {"expand": ["refunds"]})
    assert charge.refunds is not None
    assert [r.id for r in charge.refunds.data] == [refund["id"]]


def test_an_unpaid_intent_cannot_be_refunded(sandbox: StripeSandbox) -> None:
    intent = sandbox.client.v1.payment_intents.create({"amount": 900, "currency": "usd"})
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        sandbox.client.v1.refunds.create({"payment_intent": intent.id})


def test_a_refund_may_fail_later_and_the_money_is_back(sandbox: StripeSandbox) -> None:
    intent = make_payment(sandbox)
    before = sum(pending_and_available(sandbox))
    refund = sandbox.client.v1.refunds.create({"payment_intent": intent})
    failed = sandbox.fail_refund(refund.id)
    assert (failed["status"], failed["failure_reason"]) == ("failed", "lost_or_stolen_card")
    assert the_charge(sandbox, intent).amount_refunded == 0
    assert sum(pending_and_available(sandbox)) == before
    assert [e["type"] for e in sandbox.events("*refund*")][2:] == [
        "refund.updated",
        "refund.failed",
        "charge.refund.updated",
    ]


def test_test_cards_choose_how_a_refund_ends(sandbox: StripeSandbox) -> None:
    slow = make_payment(sandbox, card="4000000000007726")
    refund = sandbox.client.v1.refunds.create({"payment_intent": slow})
    assert refund.status == "pending"
    sandbox.settle_refund(refund.id)
    assert sandbox.client.v1.refunds.retrieve(refund.id).status == "succeeded"
    bad = make_payment(sandbox, card="4000000000005126")
    refund = sandbox.client.v1.refunds.create({"payment_intent": bad})
    assert sandbox.client.v1.refunds.retrieve(refund.id).status == "failed"


def test_a_dispute_takes_the_money_and_the_fee(sandbox: StripeSandbox) -> None:
    intent = make_payment(sandbox)
    dispute = sandbox.dispute(intent, reason="product_not_received")
    seen = sandbox.client.v1.disputes.retrieve(dispute["id"])
    assert (seen.status, seen.amount, seen.reason) == ("needs_response", 1200, "product_not_received")
    assert seen.balance_transactions[0].net == -2700
    charge = the_charge(sandbox, intent)
    assert charge.disputed
    assert sum(pending_and_available(sandbox)) == 1135 - 2700
    assert [e["type"] for e in sandbox.events("charge.dispute.*")] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
    ]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.client.v1.refunds.create({"payment_intent": intent})
    assert refused.value.code == "charge_disputed"
    with pytest.raises(SandboxRefusedError, match="disputed already"):
        sandbox.dispute(intent)
    assert [d.id for d in sandbox.client.v1.disputes.list({"payment_intent": intent}).data] == [seen.id]


@pytest.mark.parametrize(("status", "kept"), [("won", 1135), ("lost", 1135 - 2700)])
def test_a_dispute_is_decided(sandbox: StripeSandbox, status: str, kept: int) -> None:
    dispute = sandbox.dispute(make_payment(sandbox))
    sandbox.client.v1.disputes.update(
        dispute["id"], {"evidence": {"uncategorized_text": "It was used."}, "submit": True}
    )
    assert sandbox.client.v1.disputes.retrieve(dispute["id"]).status == "under_review"
    assert sandbox.close_dispute(dispute["id"], status)["status"] == status
    assert sum(pending_and_available(sandbox)) == kept
    told = [e["type"] for e in sandbox.events("charge.dispute.*")][2:]
    reinstated = ["charge.dispute.funds_reinstated"] if status == "won" else []
    assert told == ["charge.dispute.updated", "charge.dispute.closed", *reinstated]
    with pytest.raises(SandboxRefusedError, match="already closed"):
        sandbox.close_dispute(dispute["id"], "won")


def test_a_won_charge_may_be_refunded(sandbox: StripeSandbox) -> None:
    intent = make_payment(sandbox)
    sandbox.close_dispute(sandbox.dispute(intent)["id"], "won")
    assert sandbox.client.v1.refunds.create({"payment_intent": intent}).status == "succeeded"


def test_a_dispute_can_be_for_what_a_refund_left(sandbox: StripeSandbox) -> None:
    intent = make_payment(sandbox)
    sandbox.refund(intent, amount=500)
    assert sandbox.dispute(intent)["amount"] == 700


def test_accepting_a_dispute_loses_it(sandbox: StripeSandbox) -> None:
    dispute = sandbox.dispute(make_payment(sandbox))
    assert sandbox.client.v1.disputes.close(dispute["id"]).status == "lost"


def test_one_test_card_pays_and_is_disputed(sandbox: StripeSandbox) -> None:
    intent = make_payment(sandbox, card="4000000000000259")
    assert sandbox.client.v1.payment_intents.retrieve(intent).status == "succeeded"
    assert len(sandbox.client.v1.disputes.list({"payment_intent": intent}).data) == 1
    types = [e["type"] for e in sandbox.events()]
    assert types.index("charge.dispute.created") > types.index("checkout.session.completed")
