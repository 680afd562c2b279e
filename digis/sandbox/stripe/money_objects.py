"""The objects that money moves through, complete as the API version gives them."""

from decimal import Decimal
from typing import Any

from digis.sandbox.stripe.cards import Card
from digis.sandbox.stripe.forms import Params, is_true
from digis.sandbox.stripe.objects import NO_ADDRESS, base, metadata_of, text
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call, new_id, random_text

_EVIDENCE = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
)


def payment_intent(call: Call, params: Params, *, amount: int, currency: str, customer: str | None) -> Thing:
    thing = base(call, "payment_intent")
    wants_automatic = "automatic_payment_methods" in params or "payment_method_types" not in params
    return {
        **thing,
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True} if wants_automatic else None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{thing['id']}_secret_{random_text(25)}",
        "confirmation_method": params.get("confirmation_method") or "automatic",
        "currency": currency,
        "customer": customer,
        "customer_account": None,
        "description": text(params, "description"),
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "metadata": metadata_of(params),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {
                "installments": None,
                "mandate_options": None,
                "network": None,
                "request_three_d_secure": "automatic",
            }
        },
        "payment_method_types": list(params.get("payment_method_types") or ["card"]),
        "processing": None,
        "receipt_email": text(params, "receipt_email"),
        "review": None,
        "setup_future_usage": text(params, "setup_future_usage"),
        "shipping": None,
        "source": None,
        "statement_descriptor": text(params, "statement_descriptor"),
        "statement_descriptor_suffix": text(params, "statement_descriptor_suffix"),
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": text(params, "transfer_group"),
        "_return_url": text(params, "return_url"),
        "_off_session": is_true(params.get("off_session")),
    }


def charge(call: Call, intent: Thing, method: Thing, card: Card, *, was_challenged: bool) -> Thing:
    refusal = card.refusal
    thing = base(call, "charge")
    is_paid = refusal is None
    return {
        **thing,
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if is_paid else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": intent["statement_descriptor"] or "DIGIS",
        "captured": is_paid,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "destination": None,
        "dispute": None,
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": refusal.code if refusal else None,
        "failure_message": refusal.message if refusal else None,
        "fraud_details": {},
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "order": None,
        "outcome": _outcome(card),
        "paid": is_paid,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {
            "card": _card_details(method, intent["amount"], is_paid=is_paid, was_challenged=was_challenged),
            "type": "card",
        },
        "presentment_details": None,
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": f"{call.world.base}/receipts/{thing['id']}" if is_paid else None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "succeeded" if is_paid else "failed",
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
    }


def _outcome(card: Card) -> dict[str, Any]:
    refusal = card.refusal
    if refusal is None:
        return {
            "advice_code": None,
            "network_advice_code": None,
            "network_decline_code": None,
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "risk_score": 17,
            "seller_message": "Payment complete.",
            "type": "authorized",
        }
    return {
        "advice_code": "try_again_later",
        "network_advice_code": None,
        "network_decline_code": "51" if refusal.decline_code == "insufficient_funds" else "05",
        "network_status": "declined_by_network",
        "reason": refusal.decline_code or refusal.code,
        "risk_level": "normal",
        "risk_score": 17,
        "seller_message": "The bank did not accept the payment.",
        "type": "issuer_declined",
    }


def _card_details(method: Thing, amount: int, *, is_paid: bool, was_challenged: bool) -> dict[str, Any]:
    card = method["card"]
    return {
        "amount_authorized": amount if is_paid else None,
        "authorization_code": random_text(6).upper() if is_paid else None,
        "brand": card["brand"],
        "checks": card["checks"],
        "country": card["country"],
        "exp_month": card["exp_month"],
        "exp_year": card["exp_year"],
        "extended_authorization": {"status": "disabled"},
        "fingerprint": card["fingerprint"],
        "funding": card["funding"],
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "last4": card["last4"],
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": str(call_number(method["id"])),
        "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
        "regulated_status": "unregulated",
        "three_d_secure": _challenge_details() if was_challenged else None,
        "wallet": None,
    }


def call_number(seed: str) -> int:
    """Make a stable number of 15 digits of an id."""
    return int.from_bytes(seed.encode()) % 10**15


def _challenge_details() -> dict[str, Any]:
    return {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": random_text(20),
        "version": "2.2.0",
    }


def balance_transaction(
    call: Call,
    *,
    amount: int,
    fee: int,
    currency: str,
    kind: str,
    source: str | None,
    category: str,
    available_on: int,
    rate: Decimal | None = None,
) -> Thing:
    thing = base(call, "balance_transaction")
    del thing["livemode"]  # the one object that has none
    return {
        **thing,
        "amount": amount,
        "available_on": available_on,
        "balance_type": "payments",
        "currency": currency,
        "description": None,
        "exchange_rate": None if rate is None else float(rate),
        "fee": fee,
        "fee_details": [_fee_detail(fee, currency, kind)] if fee else [],
        "net": amount - fee,
        "reporting_category": category,
        "source": source,
        "status": "pending",
        "type": kind,
    }


def _fee_detail(fee: int, currency: str, kind: str) -> dict[str, Any]:
    return {
        "amount": fee,
        "application": None,
        "currency": currency,
        "description": "Dispute fee" if kind == "adjustment" else "Stripe processing fees",
        "type": "stripe_fee",
    }


def refund(call: Call, charge_: Thing, params: Params, *, amount: int, status: str) -> Thing:
    thing = base(call, "refund")
    del thing["livemode"]
    return {
        **thing,
        "amount": amount,
        "balance_transaction": None,
        "charge": charge_["id"],
        "currency": charge_["currency"],
        "customer": charge_["customer"],
        "customer_account": None,
        "description": None,
        "destination_details": {
            "card": {
                "reference": None,
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
        "failure_balance_transaction": None,
        "failure_reason": None,
        "metadata": metadata_of(params),
        "next_action": None,
        "payment_intent": charge_["payment_intent"],
        "payment_method": charge_["payment_method"],
        "pending_reason": "processing" if status == "pending" else None,
        "reason": text(params, "reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": status,
        "transfer_reversal": None,
    }


def dispute(call: Call, charge_: Thing, *, amount: int, reason: str, status: str, due_by: int) -> Thing:
    evidence: dict[str, Any] = dict.fromkeys(_EVIDENCE)
    return {
        **base(call, "dispute"),
        "amount": amount,
        "balance_transactions": [],
        "charge": charge_["id"],
        "currency": charge_["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**evidence, "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": due_by,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": status.startswith("warning"),
        "metadata": {},
        "network_reason_code": "10.4" if reason == "fraudulent" else "13.1",
        "payment_intent": charge_["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": charge_["payment_method_details"]["card"]["brand"],
                "case_type": "inquiry" if status.startswith("warning") else "chargeback",
                "network": charge_["payment_method_details"]["card"]["brand"],
                "network_reason_code": "10.4" if reason == "fraudulent" else "13.1",
            },
            "type": "card",
        },
        "reason": reason,
        "status": status,
    }


def fraud_warning(call: Call, charge_: Thing, *, kind: str) -> Thing:
    return {
        **base(call, "radar.early_fraud_warning"),
        "actionable": True,
        "charge": charge_["id"],
        "fraud_type": kind,
        "payment_intent": charge_["payment_intent"],
    }


def line_item(price: Thing, *, description: str, quantity: int) -> Thing:
    total = price["unit_amount"] * quantity
    return {
        "id": new_id("item"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": price["currency"],
        "description": description,
        "metadata": {},
        "price": price,
        "quantity": quantity,
    }


def customer_details(*, email: str | None, name: str | None = None, country: str | None = None) -> dict[str, Any]:
    return {
        "address": {**NO_ADDRESS, "country": country} if country else None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }
