"""The objects of a merchant's catalogue and customers, complete as the API version gives them."""

from typing import Any

from digis.sandbox.stripe.cards import Card
from digis.sandbox.stripe.forms import Params, is_true
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call, new_id

NO_ADDRESS = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}


def empty_list(url: str) -> Thing:
    return {"object": "list", "data": [], "has_more": False, "url": url}


def metadata_of(params: Params) -> dict[str, str]:
    given = params.get("metadata")
    return {key: value for key, value in given.items() if value != ""} if isinstance(given, dict) else {}


def merge_metadata(thing: Thing, params: Params) -> None:
    """Change single keys; an empty value unsets a key, an empty object all of them."""
    given = params.get("metadata")
    if given == "":
        thing["metadata"] = {}
    elif isinstance(given, dict):
        merged = {**thing["metadata"], **given}
        thing["metadata"] = {key: value for key, value in merged.items() if value != ""}


def text(params: Params, name: str) -> str | None:
    return params.get(name) or None


def number(params: Params, name: str) -> int | None:
    return int(params[name]) if params.get(name) not in {None, ""} else None


def base(call: Call, kind: str) -> Thing:
    return {"id": new_id(kind), "object": kind, "created": call.now, "livemode": False}


def account(*, account_id: str, name: str, created: int) -> Thing:
    return {
        "id": account_id,
        "object": "account",
        "business_profile": {
            "annual_revenue": None,
            "estimated_worker_count": None,
            "mcc": "5815",
            "minority_owned_business_designation": None,
            "name": name,
            "product_description": None,
            "support_address": None,
            "support_email": "support@digis.test",
            "support_phone": None,
            "support_url": None,
            "url": None,
        },
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "controller": {"type": "account"},
        "country": "US",
        "created": created,
        "default_currency": "usd",
        "details_submitted": True,
        "email": "platform@digis.test",
        "external_accounts": empty_list(f"/v1/accounts/{account_id}/external_accounts"),
        "future_requirements": no_requirements(),
        "metadata": {},
        "payouts_enabled": True,
        "requirements": no_requirements(),
        "settings": account_settings(name),
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": "standard",
    }


def no_requirements() -> dict[str, Any]:
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": [],
        "disabled_reason": None,
        "errors": [],
        "eventually_due": [],
        "past_due": [],
        "pending_verification": [],
    }


def account_settings(name: str) -> dict[str, Any]:
    return {
        "bacs_debit_payments": {"display_name": None, "service_user_number": None},
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_issuing": {"tos_acceptance": {"date": None, "ip": None}},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            "statement_descriptor_prefix": None,
            "statement_descriptor_prefix_kana": None,
            "statement_descriptor_prefix_kanji": None,
        },
        "dashboard": {"display_name": name, "timezone": "Etc/UTC"},
        "invoices": {"default_account_tax_ids": None, "hosted_payment_method_save": "offer"},
        "payments": {
            "statement_descriptor": name.upper()[:22],
            "statement_descriptor_kana": None,
            "statement_descriptor_kanji": None,
        },
        "payouts": {
            "debit_negative_balances": True,
            "schedule": {"delay_days": 2, "interval": "daily"},
            "statement_descriptor": None,
        },
        "sepa_debit_payments": {},
    }


def customer(call: Call, params: Params) -> Thing:
    return {
        **base(call, "customer"),
        "address": _address(params),
        "balance": 0,
        "business_name": text(params, "business_name"),
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": text(params, "description"),
        "discount": None,
        "email": text(params, "email"),
        "individual_name": text(params, "individual_name"),
        "invoice_prefix": new_id("item")[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "metadata": metadata_of(params),
        "name": text(params, "name"),
        "next_invoice_sequence": 1,
        "phone": text(params, "phone"),
        "preferred_locales": list(params.get("preferred_locales") or []),
        "shipping": None,
        "tax_exempt": params.get("tax_exempt") or "none",
        "test_clock": None,
    }


def _address(params: Params) -> dict[str, Any] | None:
    given = params.get("address")
    return {**NO_ADDRESS, **given} if isinstance(given, dict) else None


def product(call: Call, params: Params) -> Thing:
    return {
        **base(call, "product"),
        **({"id": params["id"]} if params.get("id") else {}),
        "active": is_true(params.get("active", "true")),
        "default_price": None,
        "description": text(params, "description"),
        "images": list(params.get("images") or []),
        "marketing_features": [],
        "metadata": metadata_of(params),
        "name": params["name"],
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": text(params, "statement_descriptor"),
        "tax_code": text(params, "tax_code"),
        "type": "service",
        "unit_label": text(params, "unit_label"),
        "updated": call.now,
        "url": text(params, "url"),
    }


def price(call: Call, params: Params, *, product_id: str) -> Thing:
    amount = number(params, "unit_amount")
    recurring = params.get("recurring")
    return {
        **base(call, "price"),
        "active": is_true(params.get("active", "true")),
        "billing_scheme": "per_unit",
        "currency": params["currency"].lower(),
        "custom_unit_amount": None,
        "lookup_key": text(params, "lookup_key"),
        "metadata": metadata_of(params),
        "nickname": text(params, "nickname"),
        "product": product_id,
        "recurring": {
            "interval": recurring["interval"],
            "interval_count": int(recurring.get("interval_count") or 1),
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        }
        if isinstance(recurring, dict)
        else None,
        "tax_behavior": params.get("tax_behavior") or "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if isinstance(recurring, dict) else "one_time",
        "unit_amount": amount,
        "unit_amount_decimal": None if amount is None else str(amount),
    }


def payment_method(call: Call, card: Card, *, month: int, year: int, billing: dict[str, Any] | None = None) -> Thing:
    given = billing or {}
    address = given.get("address")
    return {
        **base(call, "payment_method"),
        "allow_redisplay": "unspecified",
        "billing_details": {
            "address": {**NO_ADDRESS, **(address if isinstance(address, dict) else {})},
            "email": given.get("email"),
            "name": given.get("name"),
            "phone": given.get("phone"),
            "tax_id": None,
        },
        "card": {
            "brand": card.brand,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "unchecked"},
            "country": card.country,
            "display_brand": card.brand,
            "exp_month": month,
            "exp_year": year,
            "fingerprint": f"fp{int(card.number) % 10**14:014d}",
            "funding": "credit",
            "generated_from": None,
            "last4": card.last4,
            "networks": {"available": [card.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "customer": None,
        "customer_account": None,
        "metadata": {},
        "type": "card",
        "_number": card.number,
    }


def webhook_endpoint(call: Call, params: Params, *, secret: str) -> Thing:
    return {
        **base(call, "webhook_endpoint"),
        "api_version": params.get("api_version") or None,
        "application": None,
        "description": text(params, "description"),
        "enabled_events": list(params.get("enabled_events") or ["*"]),
        "metadata": metadata_of(params),
        "status": "enabled",
        "url": params["url"],
        "_secrets": [secret],
        "_connect": is_true(params.get("connect")),
    }
