"""The bank's challenge (3-D Secure): complete it or fail it."""

import hmac
from urllib.parse import urlencode

from digis.sandbox.stripe import checkout, payments
from digis.sandbox.stripe.errors import ApiError
from digis.sandbox.stripe.pages import markup
from digis.sandbox.stripe.pages.markup import Visit, money, page, redirect, text
from digis.sandbox.stripe.pages.pay import closed, find_session, merchant_of
from digis.sandbox.stripe.reply import Reply
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call


def show(visit: Visit) -> Reply:
    call, session = find_session(visit)
    over = closed(call, session)
    if over is not None:
        return over
    intent = checkout.intent_of(call, session)
    if intent is None or intent["status"] != "requires_action":
        return redirect(f"/c/pay/{visit.id}")
    return _render(call, intent, action=f"/c/pay/{visit.id}/authenticate", target=session["success_url"])


def submit(visit: Visit) -> Reply:
    call, session = find_session(visit)
    over = closed(call, session)
    if over is not None:
        return over
    intent = checkout.intent_of(call, session)
    if intent is None or intent["status"] != "requires_action":
        return redirect(f"/c/pay/{visit.id}")
    try:
        checkout.answer_challenge(call, session, intent, passed=visit.form.get("outcome") == "complete")
    except ApiError as error:
        if not error.keeps:
            raise
        return redirect(f"/c/pay/{visit.id}?again=1")
    return redirect(checkout.success_address(session))


def _find_intent(visit: Visit) -> tuple[Call, Thing]:
    intent = visit.world.store.find(visit.id)
    if intent is None or not hmac.compare_digest(str(intent.get("client_secret")), visit.secret):
        raise ApiError("This payment does not exist.", status=404)
    return Call(visit.world, visit.world.store.account_of(visit.id)), intent


def show_alone(visit: Visit) -> Reply:
    call, intent = _find_intent(visit)
    if intent["status"] != "requires_action":
        return _leave(intent)
    return _render(call, intent, action=f"/authenticate/{visit.id}/{visit.secret}", target=intent["_return_url"])


def submit_alone(visit: Visit) -> Reply:
    call, intent = _find_intent(visit)
    if intent["status"] == "requires_action":
        try:
            payments.authenticate(call, intent, passed=visit.form.get("outcome") == "complete")
            payments.finish(call, intent)
        except ApiError as error:
            if not error.keeps:
                raise
    return _leave(intent)


def _leave(intent: Thing) -> Reply:
    address = intent["_return_url"]
    is_paid = intent["status"] == "succeeded"
    if not address:
        sentence = "The payment succeeded." if is_paid else "The payment failed and nothing was charged."
        return page("Challenge answered", markup.plain("You may close this page", sentence))
    query = urlencode(
        {
            "payment_intent": intent["id"],
            "payment_intent_client_secret": intent["client_secret"],
            "redirect_status": "succeeded" if is_paid else "failed",
        }
    )
    return redirect(f"{address}{'&' if '?' in address else '?'}{query}")


def _render(call: Call, intent: Thing, *, action: str, target: str | None) -> Reply:
    method = call.get("payment_method", intent["payment_method"])
    merchant = merchant_of(call)
    amount = money(intent["amount"], intent["currency"]) if "amount" in intent else "Nothing now: your card is kept"
    body = (
        f'<main id="main" class="alone bank"><p class="bank-name">{markup.ICON_SHIELD}<span>Test Bank · 3-D Secure</span></p>'
        "<h1>Is this payment yours?</h1>"
        f'<dl class="facts"><div><dt>To</dt><dd>{text(merchant)}</dd></div><div><dt>Amount</dt><dd>{text(amount)}</dd></div>'
        f"<div><dt>Card</dt><dd>{text(method['card']['brand'].title())} ending in {text(method['card']['last4'])}</dd></div></dl>"
        f'<form method="post" action="{text(action)}" class="choices">'
        '<button class="button" name="outcome" value="complete">Complete</button>'
        '<button class="button quiet-button" name="outcome" value="fail">Fail</button></form>'
        '<p class="quiet">A real bank would ask for its app or a code here.</p></main>'
    )
    return page("Confirm with your bank", body, targets=[markup.origin(target)])
