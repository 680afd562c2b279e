"""Disputes beyond the first: inquiries, evidence, deadlines, warnings, and refunds that meet them."""

import pytest
import stripe

from tests.sandbox.make import make_payment
from tests.stripe_sandbox import SandboxRefusedError, StripeSandbox

DAY = 86_400


def total(sandbox: StripeSandbox) -> int:
    balance = sandbox.client.v1.balance.retrieve()
    return balance.pending[0].amount + balance.available[0].amount


def the_dispute(sandbox: StripeSandbox, intent: str) -> stripe.Dispute:
    return sandbox.client.v1.disputes.list({"payment_intent": intent}).data[0]


def answer(sandbox: StripeSandbox, dispute: str, text: str = "It was used.", *, submit: bool = True) -> stripe.Dispute:
    return sandbox.client.v1.disputes.update(dispute, {"evidence": {"uncategorized_text": text}, "submit": submit})


def types(sandbox: StripeSandbox) -> list[str]:
    return [event["type"].removeprefix("charge.dispute.") for event in sandbox.events("charge.dispute.*")]


def test_an_inquiry_asks_and_takes_nothing(sandbox: StripeSandbox) -> None:
    intent = make_payment(sandbox, card="4000000000001976")
    dispute = the_dispute(sandbox, intent)
    assert (dispute.status, dispute.is_charge_refundable, dispute.balance_transactions) == (
        "warning_needs_response",
        True,
        [],
    )
    assert total(sandbox) == 1_135
    assert types(sandbox) == ["created"]
    assert answer(sandbox, dispute.id).status == "warning_under_review"
    assert sandbox.close_dispute(dispute.id, "warning_closed")["status"] == "warning_closed"
    assert types(sandbox) == ["created", "updated", "closed"]


def test_an_inquiry_becomes_a_chargeback(sandbox: StripeSandbox) -> None:
    intent = make_payment(sandbox)
    dispute = sandbox.dispute(intent, inquiry=True)
    sandbox.escalate_dispute(dispute["id"])
    now = the_dispute(sandbox, intent)
    assert (now.status, now.is_charge_refundable) == ("needs_response", False)
    assert total(sandbox) == 1_135 - 2_700
    assert types(sandbox) == ["created", "updated", "funds_withdrawn"]
    sandbox.close_dispute(now.id, "lost")
    with pytest.raises(SandboxRefusedError, match="not an inquiry"):
        sandbox.escalate_dispute(now.id)


def test_a_full_refund_ends_an_inquiry(sandbox: StripeSandbox) -> None:
    intent = make_payment(sandbox)
    sandbox.dispute(intent, inquiry=True)
    sandbox.client.v1.refunds.create({"payment_intent": intent, "amount": 200})
    assert the_dispute(sandbox, intent).status == "warning_needs_response"
    sandbox.client.v1.refunds.create({"payment_intent": intent})
    assert the_dispute(sandbox, intent).status == "warning_closed"


def test_an_inquiry_can_only_fall_asleep(sandbox: StripeSandbox) -> None:
    dispute = sandbox.dispute(make_payment(sandbox), inquiry=True)
    with pytest.raises(SandboxRefusedError, match="must be one of warning_closed"):
        sandbox.close_dispute(dispute["id"], "won")


def test_evidence_is_kept_until_it_is_submitted(sandbox: StripeSandbox) -> None:
    dispute = sandbox.dispute(make_payment(sandbox))["id"]
    staged = answer(sandbox, dispute, submit=False)
    assert (staged.status, staged.evidence.uncategorized_text) == ("needs_response", "It was used.")
    assert (staged.evidence_details.has_evidence, staged.evidence_details.submission_count) == (True, 0)
    sent = sandbox.client.v1.disputes.update(dispute, {"submit": True})
    assert (sent.status, sent.evidence_details.submission_count) == ("under_review", 1)
    with pytest.raises(stripe.InvalidRequestError, match="already submitted"):
        answer(sandbox, dispute, "And more.")


def test_a_note_on_a_dispute_submits_nothing(sandbox: StripeSandbox) -> None:
    dispute = sandbox.dispute(make_payment(sandbox))["id"]
    noted = sandbox.client.v1.disputes.update(dispute, {"metadata": {"case": "12"}})
    assert (noted.status, noted.metadata["case"]) == ("needs_response", "12")


@pytest.mark.parametrize(
    ("text", "status", "kept"),
    [("winning_evidence", "won", 1_135), ("losing_evidence", "lost", 1_135 - 2_700)],
)
def test_test_evidence_decides_at_once(sandbox: StripeSandbox, text: str, status: str, kept: int) -> None:
    dispute = sandbox.dispute(make_payment(sandbox))["id"]
    assert answer(sandbox, dispute, text).status == status
    assert total(sandbox) == kept


def test_test_evidence_escalates_an_inquiry(sandbox: StripeSandbox) -> None:
    dispute = sandbox.dispute(make_payment(sandbox), inquiry=True)["id"]
    assert answer(sandbox, dispute, "escalate_inquiry_evidence").status == "needs_response"
    assert answer(sandbox, dispute, "winning_evidence").status == "won"


def test_an_unanswered_dispute_is_lost_after_its_day(sandbox: StripeSandbox) -> None:
    lost, asked = make_payment(sandbox), make_payment(sandbox)
    made = sandbox.dispute(lost, due_in_days=7)
    assert made["evidence_details"]["due_by"] - made["created"] == 7 * DAY
    sandbox.dispute(asked, inquiry=True)
    sandbox.advance(8 * DAY)
    assert the_dispute(sandbox, lost).status == "lost"
    assert the_dispute(sandbox, lost).evidence_details.past_due
    sandbox.advance(8 * DAY)
    assert the_dispute(sandbox, asked).status == "warning_closed"


def test_a_dispute_under_review_waits_for_the_bank(sandbox: StripeSandbox) -> None:
    intent = make_payment(sandbox)
    answer(sandbox, sandbox.dispute(intent)["id"])
    sandbox.advance(30 * DAY)
    assert the_dispute(sandbox, intent).status == "under_review"


def test_a_refund_on_its_way_fails_when_the_charge_is_disputed(sandbox: StripeSandbox) -> None:
    """The buyer is not paid twice."""
    intent = make_payment(sandbox, card="4000000000007726")
    refund = sandbox.client.v1.refunds.create({"payment_intent": intent, "amount": 500})
    dispute = sandbox.dispute(intent)
    failed = sandbox.client.v1.refunds.retrieve(refund.id)
    assert (failed.status, failed.failure_reason) == ("failed", "charge_for_pending_refund_disputed")
    assert sandbox.client.v1.charges.retrieve(dispute["charge"]).amount_refunded == 0
    assert total(sandbox) == 1_135 - 700 - 1_500


@pytest.mark.parametrize("reason", ["expired_or_canceled_card", "declined", "unknown"])
def test_a_refund_fails_for_a_reason(sandbox: StripeSandbox, reason: str) -> None:
    refund = sandbox.refund(make_payment(sandbox))
    assert sandbox.fail_refund(refund["id"], reason)["failure_reason"] == reason
    with pytest.raises(SandboxRefusedError, match="cannot fail"):
        sandbox.fail_refund(refund["id"], reason)


def test_the_fee_of_a_dispute_is_told_apart(sandbox: StripeSandbox) -> None:
    made = sandbox.dispute(make_payment(sandbox))
    (fee,) = made["balance_transactions"][0]["fee_details"]
    assert (fee["amount"], fee["description"]) == (1_500, "Dispute fee")


def test_the_network_warns_before_a_dispute(sandbox: StripeSandbox) -> None:
    warned = make_payment(sandbox, card="4000000000005423")
    warnings = sandbox.client.v1.radar.early_fraud_warnings
    (warning,) = warnings.list({"payment_intent": warned}).data
    assert (warning.actionable, warning.fraud_type) == (True, "made_with_stolen_card")
    sandbox.client.v1.refunds.create({"payment_intent": warned})
    assert warnings.retrieve(warning.id).actionable is False
    assert sandbox.warn_of_fraud(make_payment(sandbox))["actionable"] is True
    assert len(sandbox.events("radar.early_fraud_warning.created")) == 2
