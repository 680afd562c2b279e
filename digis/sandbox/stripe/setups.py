"""Setup intents: a card that is kept for later, with its bank asked now so that it need not be asked then."""

from typing import Any, NoReturn

from digis.sandbox.stripe import objects
from digis.sandbox.stripe.errors import ApiError
from digis.sandbox.stripe.forms import Params
from digis.sandbox.stripe.payments import NOT_AUTHENTICATED, card_of
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call, random_text


def create(call: Call, params: Params, *, customer: str | None) -> Thing:
    thing = objects.base(call, "setup_intent")
    intent = {
        **thing,
        "application": None,
        "automatic_payment_methods": None,
        "cancellation_reason": None,
        "client_secret": f"{thing['id']}_secret_{random_text(25)}",
        "customer": customer,
        "customer_account": None,
        "description": objects.text(params, "description"),
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "mandate": None,
        "metadata": objects.metadata_of(params),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"}
        },
        "payment_method_types": ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": "off_session",
    }
    call.add(intent)
    call.emit("setup_intent.created", intent)
    return intent


def confirm(call: Call, intent: Thing, method: Thing) -> Thing:
    """Try to keep the card; a decline raises the card error and leaves the intent open for another try."""
    if intent["status"] != "requires_payment_method":
        raise _unexpected_state(intent, "confirm")
    card = card_of(method)
    intent["payment_method"] = method["id"]
    if card.has_challenge:
        intent["status"] = "requires_action"
        intent["next_action"] = {
            "redirect_to_url": {"return_url": None, "url": f"{call.world.base}/"},
            "type": "redirect_to_url",
        }
        call.save(intent)
        call.emit("setup_intent.requires_action", intent)
        return intent
    return _finish(call, intent, method)


def authenticate(call: Call, intent: Thing, *, passed: bool) -> Thing:
    """Answer the bank's challenge; a failed one leaves the intent open for another try."""
    if intent["status"] != "requires_action":
        raise _unexpected_state(intent, "authenticate")
    intent["next_action"] = None
    method = call.get("payment_method", intent["payment_method"])
    if not passed:
        _fail(
            call,
            intent,
            method,
            {
                "code": "setup_intent_authentication_failure",
                "message": NOT_AUTHENTICATED,
                "type": "invalid_request_error",
            },
        )
    return _finish(call, intent, method)


def cancel(call: Call, intent: Thing, *, reason: str | None) -> Thing:
    if intent["status"] not in {"succeeded", "canceled"}:
        intent.update(status="canceled", cancellation_reason=reason, next_action=None)
        call.save(intent)
        call.emit("setup_intent.canceled", intent)
    return intent


def _finish(call: Call, intent: Thing, method: Thing) -> Thing:
    refusal = card_of(method).refusal
    if refusal is not None and not card_of(method).is_kept:
        error: dict[str, Any] = {"code": refusal.code, "message": refusal.message, "type": "card_error"}
        if refusal.decline_code:
            error["decline_code"] = refusal.decline_code
        _fail(call, intent, method, error)
    method["customer"] = intent["customer"]
    method["allow_redisplay"] = "limited"
    call.save(method)
    intent.update(status="succeeded", next_action=None, last_setup_error=None)
    call.save(intent)
    call.emit("payment_method.attached", method)
    call.emit("setup_intent.succeeded", intent)
    return intent


def _fail(call: Call, intent: Thing, method: Thing, error: dict[str, Any]) -> NoReturn:
    intent.update(
        status="requires_payment_method", payment_method=None, last_setup_error={**error, "payment_method": method}
    )
    call.save(intent)
    call.emit("setup_intent.setup_failed", intent)
    fields = {key: value for key, value in error.items() if key not in {"type", "message"}}
    raise ApiError(error["message"], status=402, family=error["type"], keeps=True, setup_intent=intent, **fields)


def _unexpected_state(intent: Thing, verb: str) -> ApiError:
    return ApiError(
        f"You cannot {verb} this SetupIntent because it has a status of {intent['status']}.",
        code="setup_intent_unexpected_state",
        setup_intent=intent,
    )
