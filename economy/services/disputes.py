"""What staff do about a dispute: send what we know to the bank, and look at the buyer's account (LEDGER-8)."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import OwnAccount
from accounts.models import User
from digis.core import audit, clock
from digis.core.errors import InvalidState, ValidationFailed
from economy import gateway
from economy.errors import PaymentsUnavailable
from economy.models import Dispute
from economy.selectors.disputes import gather_evidence
from economy.services.purchases import mark_purchase_due

FIELD_MAX = 20_000  # characters that Stripe takes in one field


def answer_dispute(*, dispute_id: int, staff: User, statement: str) -> Dispute:
    """Send the evidence we have, and staff's statement, to the buyer's bank; it is taken once and for good.

    Raises OwnAccount for a dispute of one's own, ValidationFailed without a statement, InvalidState when the bank waits
    no more, PaymentsUnavailable when Stripe cannot be asked: nothing is sent then.
    """
    if not statement.strip():
        raise ValidationFailed({"reason": [_("Say in a sentence or two why the payment stands.")]})
    with transaction.atomic():
        dispute = _locked(dispute_id, staff)
        if not dispute.can_be_answered or dispute.submitted_at is not None:
            raise InvalidState
        found = gather_evidence(dispute)
        person = dispute.purchase.person
        evidence = {
            "uncategorized_text": statement.strip()[:FIELD_MAX],
            "product_description": "Tokens of Digis, spent at once on calls, tips and posts of creators."[:FIELD_MAX],
            "customer_name": person.display_name,
            "customer_email_address": person.email,
            "customer_purchase_ip": found.addresses[0] if found.addresses else "",
            "service_date": f"{(dispute.purchase.paid_at or dispute.purchase.created_at):%Y-%m-%d}",
            "access_activity_log": found.text[:FIELD_MAX],
        }
        audit.record(
            actor=staff,
            action="economy.dispute_answered",
            target=dispute,
            reason=statement.strip()[:300],
            data={"case": dispute.stripe_id},
        )
        dispute.submitted_at, dispute.submitted_by = clock.now(), staff
        dispute.save(update_fields=["submitted_at", "submitted_by"])
        try:
            gateway.answer_dispute(
                dispute.stripe_id,
                evidence={name: value for name, value in evidence.items() if value},
                key=f"evidence:{dispute.stripe_id}",
            )
        except gateway.GatewayRefusedError as refusal:
            raise InvalidState from refusal
        except gateway.GatewayError as error:
            raise PaymentsUnavailable from error
        mark_purchase_due(purchase_id=dispute.purchase_id)
    return dispute


def review_buyer(*, dispute_id: int, staff: User, reason: str) -> Dispute:
    """Note that staff looked at the account of a dispute's buyer, and what they found. Raises OwnAccount and InvalidState."""
    with transaction.atomic():
        dispute = _locked(dispute_id, staff)
        if dispute.reviewed_at is not None:
            raise InvalidState
        audit.record(
            actor=staff,
            action="economy.buyer_reviewed",
            target=dispute.purchase.person,
            reason=reason,
            data={"case": dispute.stripe_id},
        )
        dispute.reviewed_at, dispute.reviewed_by = clock.now(), staff
        dispute.save(update_fields=["reviewed_at", "reviewed_by"])
    return dispute


def _locked(dispute_id: int, staff: User) -> Dispute:
    dispute = Dispute.objects.select_for_update(of=("self",)).select_related("purchase__person").get(pk=dispute_id)
    if dispute.purchase.person_id == staff.pk:
        raise OwnAccount
    return dispute
