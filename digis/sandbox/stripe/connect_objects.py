"""The objects of Connect: connected accounts, their banks, transfers to them and payouts from them."""

from digis.sandbox.stripe import banks
from digis.sandbox.stripe.forms import Params
from digis.sandbox.stripe.objects import account_settings, base, empty_list, metadata_of, no_requirements, text
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call, new_id


def account(call: Call, params: Params, *, country: str, capabilities: list[str]) -> Thing:
    """Build a connected account with the Express Dashboard, about which Stripe knows nothing yet."""
    account_id = new_id("acct")
    profile = params.get("business_profile")
    settings = account_settings("")
    payouts = (params.get("settings") or {}).get("payouts") or {}
    settings["payouts"]["schedule"] = {"delay_days": 2, "interval": "daily", **(payouts.get("schedule") or {})}
    settings["payouts"]["statement_descriptor"] = payouts.get("statement_descriptor")
    settings["dashboard"]["display_name"] = None
    settings["payments"]["statement_descriptor"] = None
    return {
        "id": account_id,
        "object": "account",
        "business_profile": {
            "annual_revenue": None,
            "estimated_worker_count": None,
            "mcc": None,
            "minority_owned_business_designation": None,
            "name": None,
            "product_description": None,
            "support_address": None,
            "support_email": None,
            "support_phone": None,
            "support_url": None,
            "url": None,
            **(profile if isinstance(profile, dict) else {}),
        },
        "business_type": text(params, "business_type"),
        "capabilities": dict.fromkeys(capabilities, "inactive"),
        "charges_enabled": False,
        "controller": {
            "fees": {"payer": "application_express" if params.get("type") == "express" else "application"},
            "is_controller": True,
            "losses": {"payments": "application"},
            "requirement_collection": "stripe",
            "stripe_dashboard": {"type": "express"},
            "type": "application",
        },
        "country": country,
        "created": call.now,
        "default_currency": banks.CURRENCIES[country],
        "details_submitted": False,
        "email": text(params, "email"),
        "external_accounts": empty_list(f"/v1/accounts/{account_id}/external_accounts"),
        "future_requirements": no_requirements(),
        "metadata": metadata_of(params),
        "payouts_enabled": False,
        "requirements": no_requirements(),
        "settings": settings,
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": "express" if params.get("type") == "express" else "none",
        "_connected": True,
        "_gone": False,
    }


def bank_account(account_: Thing, bank: banks.Bank, *, holder: str | None) -> Thing:
    scheme = banks.scheme_of(account_["country"])
    return {
        "id": new_id("bank_account"),
        "object": "bank_account",
        "account": account_["id"],
        "account_holder_name": holder,
        "account_holder_type": "individual",
        "account_type": None,
        "available_payout_methods": ["standard"],
        "bank_name": "STRIPE TEST BANK",
        "country": account_["country"] if scheme.routing else bank.number[:2],
        "currency": account_["default_currency"],
        "default_for_currency": True,
        "fingerprint": f"ba{sum(ord(c) * 31**n for n, c in enumerate(bank.number)) % 10**14:014d}",
        "future_requirements": {"currently_due": [], "errors": [], "past_due": [], "pending_verification": []},
        "last4": bank.last4,
        "metadata": {},
        "requirements": {"currently_due": [], "errors": [], "past_due": [], "pending_verification": []},
        "routing_number": scheme.routing or bank.number[4:12],
        "status": "new",
        "_failure": bank.failure,
        "_gone": False,
    }


def capability(account_: Thing, name: str) -> Thing:
    due = account_["requirements"]
    return {
        "id": name,
        "object": "capability",
        "account": account_["id"],
        "future_requirements": no_requirements(),
        "requested": True,
        "requested_at": account_["created"],
        "requirements": {
            **no_requirements(),
            "currently_due": due["currently_due"],
            "disabled_reason": _capability_reason(due["disabled_reason"]),
            "errors": due["errors"],
            "past_due": due["past_due"],
            "pending_verification": due["pending_verification"],
        },
        "status": account_["capabilities"][name],
    }


def _capability_reason(reason: str | None) -> str | None:
    """Say for a capability why it rests: its words are other ones than the account's."""
    match reason:
        case None:
            return None
        case "requirements.past_due":
            return "requirements.fields_needed"
        case "requirements.pending_verification":
            return "pending.review"
        case _:
            return "rejected.other"


def transfer(call: Call, params: Params, *, amount: int, currency: str, destination: str, group: str | None) -> Thing:
    thing = base(call, "transfer")
    return {
        **thing,
        "amount": amount,
        "amount_reversed": 0,
        "balance_transaction": None,
        "currency": currency,
        "description": text(params, "description"),
        "destination": destination,
        "destination_payment": None,
        "metadata": metadata_of(params),
        "reversals": empty_list(f"/v1/transfers/{thing['id']}/reversals"),
        "reversed": False,
        "source_transaction": text(params, "source_transaction"),
        "source_type": params.get("source_type") or "card",
        "transfer_group": group,
    }


def reversal(call: Call, params: Params, transfer_: Thing, *, amount: int) -> Thing:
    thing = base(call, "transfer_reversal")
    del thing["livemode"]
    return {
        **thing,
        "amount": amount,
        "balance_transaction": None,
        "currency": transfer_["currency"],
        "destination_payment_refund": None,
        "metadata": metadata_of(params),
        "source_refund": None,
        "transfer": transfer_["id"],
    }


def destination_payment(call: Call, transfer_: Thing) -> Thing:
    """Build the charge by which a transfer shows in the connected account."""
    empty = (
        "application",
        "application_fee",
        "application_fee_amount",
        "balance_transaction",
        "customer",
        "description",
    )
    never = (
        "destination",
        "dispute",
        "failure_balance_transaction",
        "failure_code",
        "failure_message",
        "on_behalf_of",
        "order",
        "outcome",
        "payment_intent",
        "payment_method",
        "presentment_details",
        "receipt_email",
        "receipt_number",
        "receipt_url",
        "review",
        "shipping",
        "source",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer_data",
        "transfer_group",
    )
    no_address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    return {
        **base(call, "charge"),
        **dict.fromkeys((*empty, *never)),
        "id": new_id("destination_payment"),
        "amount": transfer_["amount"],
        "amount_captured": transfer_["amount"],
        "amount_refunded": 0,
        "billing_details": {"address": no_address, "email": None, "name": None, "phone": None, "tax_id": None},
        "calculated_statement_descriptor": None,
        "captured": True,
        "currency": transfer_["currency"],
        "disputed": False,
        "fraud_details": {},
        "metadata": {},
        "paid": True,
        "payment_method_details": {"stripe_account": {}, "type": "stripe_account"},
        "radar_options": {},
        "refunded": False,
        "source_transfer": transfer_["id"],
        "status": "succeeded",
    }


def destination_refund(call: Call, payment: Thing, reversal_: Thing) -> Thing:
    """Build the refund by which a transfer's reversal shows in the connected account."""
    thing = base(call, "refund")
    del thing["livemode"]
    none = (
        "balance_transaction",
        "customer",
        "customer_account",
        "description",
        "destination_details",
        "failure_balance_transaction",
        "failure_reason",
        "next_action",
        "payment_intent",
        "payment_method",
        "pending_reason",
        "reason",
        "receipt_number",
        "transfer_reversal",
    )
    return {
        **thing,
        **dict.fromkeys(none),
        "id": new_id("destination_refund"),
        "amount": reversal_["amount"],
        "charge": payment["id"],
        "currency": reversal_["currency"],
        "metadata": {},
        "source_transfer_reversal": reversal_["id"],
        "status": "succeeded",
    }


def payout(call: Call, params: Params, *, amount: int, currency: str, destination: Thing, arrival: int) -> Thing:
    return {
        **base(call, "payout"),
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": arrival,
        "automatic": False,
        "balance_transaction": None,
        "currency": currency,
        "description": text(params, "description"),
        "destination": destination["id"],
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "metadata": metadata_of(params),
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "not_applicable",
        "reversed_by": None,
        "source_type": params.get("source_type") or "card",
        "statement_descriptor": text(params, "statement_descriptor"),
        "status": "pending",
        "trace_id": {"status": "pending", "value": None},
        "type": "bank_account",
    }
