"""The Express Dashboard, which a login link leads to: balance, payouts, and a change of the bank account."""

from datetime import UTC, datetime

from digis.sandbox.stripe import balance, connect, links, payouts
from digis.sandbox.stripe.errors import ApiError
from digis.sandbox.stripe.pages import bank_form, markup
from digis.sandbox.stripe.pages.markup import Fields, Visit, money, page, redirect, text
from digis.sandbox.stripe.pages.pay import merchant_of
from digis.sandbox.stripe.reply import Reply
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call

_STATUS = {
    "pending": "On its way",
    "in_transit": "At the bank",
    "paid": "Paid",
    "failed": "Refused",
    "canceled": "Canceled",
}
_LATEST = 30


def enter(visit: Visit) -> Reply:
    _, opened = links.enter(Call(visit.world), "login_link", visit.id)
    return _over(visit) if opened is None else redirect(f"/express/home/{opened['id']}")


def _over(visit: Visit) -> Reply:
    name = merchant_of(Call(visit.world))
    body = markup.plain("This link was used or is too old", f"Open your dashboard from {name} again.")
    return page("Expired", body, status=410, part="Connect")


def show(visit: Visit) -> Reply:
    _, account = links.find_visit(Call(visit.world), "login_link", visit.id)
    if account is None:
        return _over(visit)
    return _render(visit, account, bank_form.chosen(visit.query, account["country"]), {})


def submit(visit: Visit) -> Reply:
    """Change the bank account, or let the bank do something to a payout."""
    call = Call(visit.world)
    _, account = links.find_visit(call, "login_link", visit.id)
    if account is None:
        return _over(visit)
    home = f"/express/home/{visit.id}"
    if visit.form.get("payout"):
        _act_as_bank(call.within(account["id"]), visit.form)
        return redirect(home)
    bank, errors = bank_form.read(visit.form, account["country"])
    if bank is None or errors:
        return _render(visit, account, visit.form, errors, status=422)
    connect.change_bank(call, account, bank)
    return redirect(home)


def _act_as_bank(inside: Call, form: Fields) -> None:
    payout = inside.get("payout", form["payout"])
    match form.get("act"):
        case "pay":
            payouts.pay(inside, payout)
        case "refuse":
            bank = inside.find("bank_account", payout["destination"]) or {}
            payouts.fail(inside, payout, bank.get("_failure") or "account_closed")
        case _:
            raise ApiError("The bank can pay or refuse.")


def _render(visit: Visit, account: Thing, values: Fields, errors: dict[str, str], *, status: int = 200) -> Reply:
    call = Call(visit.world)
    inside, merchant = call.within(account["id"]), merchant_of(call)
    money_now = balance.balance(inside)
    sums = "".join(
        f"<div><dt>{text(label)}</dt><dd>{text(money(entry['amount'], entry['currency']))}</dd></div>"
        for label, name in (("Available", "available"), ("Available soon", "pending"))
        for entry in money_now[name]
    )
    known = connect.banks_of(call, account)
    body = (
        f'<main id="main" class="alone wide"><h1>Your payouts from {text(merchant)}</h1>{_missing(account)}'
        f'<dl class="facts">{sums}</dl>{_payouts(visit, inside)}'
        f"<h2>Bank account</h2>{''.join(_bank(bank) for bank in known)}"
        f"{markup.alert('Please check the form.', errors, bank_form.labels_of(account['country'])) if errors else ''}"
        f'<form method="post" action="/express/home/{text(visit.id)}" novalidate>'
        f"{bank_form.inputs(account['country'], values, errors, focus=next(iter(errors), ''))}"
        '<button class="button" type="submit">Change the bank account</button></form>'
        f"{bank_form.help_(account['country'])}</main>"
    )
    return page(f"{'Problem: ' if errors else ''}Express", body, status=status, part="Connect")


def _missing(account: Thing) -> str:
    if account["payouts_enabled"]:
        return ""
    if account["requirements"]["currently_due"] == [connect.BANK]:
        sentence = "The last payout was refused. Enter another bank account below."
    else:
        sentence = "Stripe needs something from you. Continue from the page that brought you here."
    return markup.alert("Payouts are paused.", {}, {}, sentence=sentence)


def _bank(bank: Thing) -> str:
    state = " It refused the last payout." if bank["status"] == "errored" else ""
    return f"<p>{text(bank['bank_name'])}, ending in {text(bank['last4'])}.{state}</p>"


def _payouts(visit: Visit, inside: Call) -> str:
    rows, acts = "", ""
    for payout in inside.store.all("payout", inside.account)[:_LATEST]:
        day = f"{datetime.fromtimestamp(payout['arrival_date'], UTC):%B %-d, %Y}"
        amount = money(payout["amount"], payout["currency"])
        why = f'<p class="quiet">{text(payout["failure_message"])}</p>' if payout["failure_message"] else ""
        rows += (
            f'<tr><th scope="row">{text(amount)}</th><td>{text(day)}</td>'
            f"<td>{text(_STATUS[payout['status']])}{why}</td></tr>"
        )
        if payout["status"] in {*payouts.OPEN, "paid"}:
            acts += _buttons(visit, payout, amount)
    tests = (
        f'<section class="tests" aria-labelledby="tests"><h2 id="tests">Act as the bank (test only)</h2>{acts}</section>'
        if acts
        else ""
    )
    body = rows or '<tr><td colspan="3">None yet</td></tr>'
    return (
        '<h2>Payouts</h2><div class="sheet"><table><thead><tr><th scope="col">Amount</th><th scope="col">Arrives</th>'
        f'<th scope="col">Status</th></tr></thead><tbody>{body}</tbody></table></div>{tests}'
    )


def _buttons(visit: Visit, payout: Thing, amount: str) -> str:
    choices = {"refuse": "Refuse"} if payout["status"] == "paid" else {"pay": "Pay", "refuse": "Refuse"}
    buttons = "".join(
        f'<button class="button quiet-button small-button" name="act" value="{act}">{label} {text(amount)}</button>'
        for act, label in choices.items()
    )
    return (
        f'<form method="post" action="/express/home/{text(visit.id)}" class="row">'
        f'<input type="hidden" name="payout" value="{text(payout["id"])}">{buttons}</form>'
    )
