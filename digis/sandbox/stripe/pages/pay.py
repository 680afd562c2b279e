"""The hosted checkout page."""

from digis.sandbox.stripe import cards, checkout, money_objects
from digis.sandbox.stripe.errors import ApiError
from digis.sandbox.stripe.pages import markup
from digis.sandbox.stripe.pages.card_form import CardForm, read
from digis.sandbox.stripe.pages.markup import Visit, money, page, redirect, text
from digis.sandbox.stripe.reply import Reply
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call

_LABELS = {
    "email": "Email",
    "card_number": "Card number",
    "card_expiry": "Expiry",
    "card_cvc": "Security code",
    "card_name": "Name on card",
    "country": "Country or region",
}
_FIELD_OF_CODE = {"expired_card": "card_expiry", "incorrect_cvc": "card_cvc"}


def find_session(visit: Visit) -> tuple[Call, Thing]:
    session = visit.world.store.find(visit.id)
    if session is None or session["object"] != "checkout.session":
        raise ApiError("This checkout does not exist.", status=404)
    return Call(visit.world, visit.world.store.account_of(visit.id)), session


def merchant_of(call: Call) -> str:
    account = call.store.find(call.account or call.world.platform)
    return str(account["settings"]["dashboard"]["display_name"]) if account else "Merchant"


def closed(call: Call, session: Thing) -> Reply | None:
    """Answer for a session that takes no payment any more."""
    if session["status"] == "complete":
        return redirect(checkout.success_address(session))
    if session["status"] == "open" and session["expires_at"] <= call.now:
        checkout.expire(call, session)
    if session["status"] == "expired":
        name = merchant_of(call)
        sentence = (
            f"This checkout was open for a limited time, and you were not charged. Go back to {name} to start again."
        )
        body = markup.plain(
            "This page has expired", sentence, link=session["cancel_url"] or "", label=f"Back to {name}"
        )
        return page("Expired", body, status=410)
    return None


def show(visit: Visit) -> Reply:
    call, session = find_session(visit)
    over = closed(call, session)
    if over is not None:
        return over
    form = CardForm(email=session["_known_email"] or "")
    card = cards.BY_NUMBER.get(visit.query.get("card", ""))
    if card is not None:
        form.number, form.expiry, form.name = card.grouped, "12 / 34", "Test Person"
        form.cvc = "1234" if card.brand == "amex" else "123"
    alert = ""
    if "again" in visit.query:
        intent = checkout.intent_of(call, session) or {}
        error = intent.get("last_payment_error") or intent.get("last_setup_error")
        alert = error["message"] if error else ""
    return _render(call, session, form, alert=alert)


def submit(visit: Visit) -> Reply:
    call, session = find_session(visit)
    over = closed(call, session)
    if over is not None:
        return over
    chosen = visit.form.get("saved", "")
    if chosen:
        return _submit_saved(call, session, chosen)
    entered = read(visit.form, fixed_email=session["_known_email"], now=call.now)
    if entered.errors:
        return _render(call, session, entered, status=422)
    billing = {"email": entered.email, "name": entered.name, "address": {"country": entered.country}}
    method = checkout.new_method(call, entered.digits, month=entered.month, year=entered.year, billing=billing)
    details = money_objects.customer_details(email=entered.email, name=entered.name, country=entered.country)
    act = checkout.keep_card if session["mode"] == "setup" else checkout.pay
    try:
        intent = act(call, session, method, details=details)
    except ApiError as error:
        if not error.keeps:
            raise
        entered.errors = {_FIELD_OF_CODE.get(str(error.error.get("code")), "card_number"): str(error)}
        return _render(call, session, entered, alert=str(error), status=402)
    return _go_on(session, intent)


def _submit_saved(call: Call, session: Thing, chosen: str) -> Reply:
    """Pay with a card its customer has kept."""
    method = next((kept for kept in checkout.list_saved(call, session) if kept["id"] == chosen), None)
    form = CardForm(email=session["_known_email"] or "")
    if method is None:
        return _render(call, session, form, alert="This card is not saved any more.", status=422)
    billing = method["billing_details"]
    details = money_objects.customer_details(
        email=session["_known_email"] or billing["email"], name=billing["name"], country=billing["address"]["country"]
    )
    try:
        intent = checkout.pay(call, session, method, details=details)
    except ApiError as error:
        if not error.keeps:
            raise
        return _render(call, session, form, alert=str(error), status=402)
    return _go_on(session, intent)


def _go_on(session: Thing, intent: Thing) -> Reply:
    if intent["status"] == "requires_action":
        return redirect(f"/c/pay/{session['id']}/authenticate")
    return redirect(checkout.success_address(session))


def _render(call: Call, session: Thing, form: CardForm, *, alert: str = "", status: int = 200) -> Reply:
    merchant, keeps = merchant_of(call), session["mode"] == "setup"
    total = "" if keeps else money(session["amount_total"], session["currency"])
    title, label = (
        (f"Save a card for {merchant}", "Save card") if keeps else (f"Pay {merchant} {total}", f"Pay {total}")
    )
    body = (
        f'<main id="main" class="split">{_summary(session, merchant, total)}'
        f'<section class="pane" aria-labelledby="by-card"><div class="column">'
        f'<h2 id="by-card">{"Your card" if keeps else "Pay by card"}</h2>'
        f"{_alert(form, alert)}{_saved(call, session)}{_form(session, form, label)}{_cards()}</div></section></main>"
    )
    pictures = [markup.origin(url) for line in session["_lines"] for url in line["_images"]]
    targets = [markup.origin(session["success_url"]), markup.origin(session["cancel_url"])]
    prefix = "Problem: " if form.errors or alert else ""
    return page(f"{prefix}{title}", body, status=status, targets=targets, pictures=pictures)


def _summary(session: Thing, merchant: str, total: str) -> str:
    back = (
        f'<a class="back" href="{text(session["cancel_url"])}">{markup.ICON_BACK}<span>Back to {text(merchant)}</span></a>'
        if session["cancel_url"]
        else f'<p class="back">{text(merchant)}</p>'
    )
    if session["mode"] == "setup":
        sentence = f"{merchant} may charge this card later, as you agreed there. Nothing is charged now."
        return (
            f'<section class="summary" aria-labelledby="order"><div class="column">{back}'
            f'<h1 id="order">For {text(merchant)}</h1><p class="total">Save a card</p><p>{text(sentence)}</p></div></section>'
        )
    lines = "".join(_line(line) for line in session["_lines"])
    return (
        f'<section class="summary" aria-labelledby="order"><div class="column">{back}'
        f'<h1 id="order">Pay {text(merchant)}</h1><p class="total">{text(total)}</p>'
        f'<ul class="lines">{lines}</ul>'
        f'<dl class="sum"><div><dt>Total due</dt><dd>{text(total)}</dd></div></dl></div></section>'
    )


def _line(line: Thing) -> str:
    picture = (
        f'<img src="{text(line["_images"][0])}" alt="" width="48" height="48">'
        if line["_images"]
        else '<span class="blank" aria-hidden="true"></span>'
    )
    about = f'<span class="quiet">{text(line["_about"])}</span>' if line["_about"] else ""
    each = money(line["price"]["unit_amount"], line["currency"])
    count = f'<span class="quiet">{line["quantity"]} × {text(each)}</span>' if line["quantity"] > 1 else ""
    amount = money(line["amount_total"], line["currency"])
    return (
        f'<li>{picture}<span class="what"><span>{text(line["description"])}</span>{about}{count}</span>'
        f'<span class="much">{text(amount)}</span></li>'
    )


def _alert(form: CardForm, alert: str) -> str:
    if alert:
        return (
            f'<div class="alert" role="alert">{markup.ICON_ALERT}<div><p><strong>{text(alert)}</strong></p>'
            "<p>Nothing was charged. Try again or use another card.</p></div></div>"
        )
    if form.errors:
        links = "".join(
            f'<li><a href="#{name}">{text(_LABELS[name])}</a>: {text(error)}</li>'
            for name, error in form.errors.items()
        )
        return (
            f'<div class="alert" role="alert">{markup.ICON_ALERT}<div><p><strong>Please check the form.</strong></p>'
            f"<ul>{links}</ul></div></div>"
        )
    return ""


def _saved(call: Call, session: Thing) -> str:
    rows = "".join(
        f'<form method="post" action="/c/pay/{text(session["id"])}"><input type="hidden" name="saved" value="{text(kept["id"])}">'
        f'<button class="button pay" type="submit">{markup.ICON_LOCK}<span>Pay with '
        f"{text(kept['card']['brand'].title())} ···· {text(kept['card']['last4'])}</span></button></form>"
        for kept in checkout.list_saved(call, session)
    )
    return f'{rows}<p class="or">Or with another card</p>' if rows else ""


def _form(session: Thing, form: CardForm, label: str) -> str:
    def entry(name: str, value: str, attributes: dict[str, str]) -> str:
        error = form.errors.get(name, "")
        control = markup.text_input(
            name, value=value, error=error, has_focus=form.first_error() == name, attributes=attributes
        )
        return markup.labelled(name, _LABELS[name], control, error=error)

    known = session["_known_email"]
    email = (
        f'<div class="field"><p class="label">Email</p><p class="fixed">{text(known)}</p></div>'
        if known
        else entry("email", form.email, {"type": "email", "autocomplete": "email", "maxlength": "254"})
    )
    digits = {"inputmode": "numeric", "spellcheck": "false"}
    number = entry(
        "card_number",
        form.number,
        {**digits, "autocomplete": "cc-number", "placeholder": "1234 1234 1234 1234", "maxlength": "23"},
    )
    expiry = entry(
        "card_expiry", form.expiry, {**digits, "autocomplete": "cc-exp", "placeholder": "MM / YY", "maxlength": "9"}
    )
    cvc = entry("card_cvc", form.cvc, {**digits, "autocomplete": "cc-csc", "placeholder": "123", "maxlength": "4"})
    name = entry("card_name", form.name, {"autocomplete": "cc-name", "maxlength": "100"})
    submit = session.get("custom_text") or {}
    note = f'<p class="note">{text(submit["submit"]["message"])}</p>' if submit.get("submit") else ""
    return (
        f'<form method="post" action="/c/pay/{text(session["id"])}" novalidate>{email}'
        f'<div class="card-box">{number}<div class="pair">{expiry}{cvc}</div></div>{name}{_country(form)}'
        f'<button class="button pay" type="submit">{markup.ICON_LOCK}<span>{text(label)}</span></button>{note}</form>'
    )


def _country(form: CardForm) -> str:
    options = "".join(
        f'<option value="{code}"{" selected" if code == form.country else ""}>{text(name)}</option>'
        for code, name in markup.countries()
    )
    error = form.errors.get("country", "")
    attributes = {"id": "country", "name": "country", "autocomplete": "country", "required": ""}
    attributes |= markup.describing("country", error=error, has_hint=False)
    return markup.labelled(
        "country", _LABELS["country"], f"<select {markup.render(attributes)}>{options}</select>", error=error
    )


def _cards() -> str:
    rows = "".join(
        f'<tr><th scope="row"><a href="?card={card.number}">{card.grouped}</a></th><td>{text(card.about)}</td></tr>'
        for card in cards.CARDS
        if card.is_listed
    )
    return (
        '<details class="help"><summary>Test cards</summary>'
        "<p>No real card works here. Choose a number to fill the form with it; any future date and any code will do.</p>"
        f'<table><caption class="hidden">Test cards and what they do</caption><thead><tr><th scope="col">Number</th><th scope="col">What happens</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></details>"
    )
