"""The hosted onboarding page, which an account link leads to: it asks for what Stripe still wants of a person."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from digis.sandbox.stripe import banks, connect, links
from digis.sandbox.stripe.pages import bank_form, markup
from digis.sandbox.stripe.pages.markup import Fields, Visit, page, redirect, text
from digis.sandbox.stripe.pages.pay import merchant_of
from digis.sandbox.stripe.reply import Reply
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import Call

_NAMES = {"first_name": "First name", "last_name": "Last name"}
_BIRTH = {"dob_month": "Month", "dob_day": "Day", "dob_year": "Year"}
_PERSON = frozenset(name for name in connect.FIRST_DUE if name != connect.BANK)
_MINIMUM_AGE = 18
_ENDINGS = {
    "approved": "Approve at once",
    "pending": "Check first, and approve after 15 minutes",
    "document": "Ask for an identity document",
}


@dataclass
class Form:
    values: Fields = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    bank: banks.Bank | None = None

    def first_error(self) -> str:
        return next(iter(self.errors), "")


def enter(visit: Visit) -> Reply:
    """Use the link up; one that is used or old leads back to where a new one is made."""
    link, opened = links.enter(Call(visit.world), "account_link", visit.secret)
    return redirect(link["_refresh"] if opened is None else f"/setup/s/{opened['id']}")


def show(visit: Visit) -> Reply:
    opened, account = links.find_visit(Call(visit.world), "account_link", visit.id)
    if account is None:
        return redirect(opened["_refresh"])
    return _render(visit, opened, account, Form(bank_form.chosen(visit.query, account["country"])))


def submit(visit: Visit) -> Reply:
    call = Call(visit.world)
    opened, account = links.find_visit(call, "account_link", visit.id)
    if account is None:
        return redirect(opened["_refresh"])
    due = account["requirements"]["currently_due"]
    if visit.form.get("act") == "later" or not due:
        return redirect(opened["_return"])
    form = _read(visit.form, account, call.now)
    if form.errors:
        return _render(visit, opened, account, form, status=422)
    holder = f"{form.values['first_name']} {form.values['last_name']}" if _asks_person(due) else None
    connect.submit(call, account, holder=holder, bank=form.bank, outcome=form.values.get("ending", "approved"))
    return redirect(opened["_return"])


def _asks_person(due: list[str]) -> bool:
    return not _PERSON.isdisjoint(due)


def _others(due: list[str]) -> dict[str, str]:
    """Name the single fields that are asked for besides the person and the bank: id of the field → label."""
    names = [name for name in due if name not in _PERSON and name not in {connect.BANK, connect.DOCUMENT}]
    return {name.replace(".", "-"): name.rpartition(".")[2].replace("_", " ").capitalize() for name in names}


def _labels(account: Thing) -> dict[str, str]:
    due = account["requirements"]["currently_due"]
    return {**_NAMES, **_BIRTH, **bank_form.labels_of(account["country"]), **_others(due)}


def _read(fields: Fields, account: Thing, now: int) -> Form:
    due = account["requirements"]["currently_due"]
    form = Form({name: value.strip() for name, value in fields.items()})
    if _asks_person(due):
        for name, label in _NAMES.items():
            if not form.values.get(name):
                form.errors[name] = f"Enter your {label.lower()}."
        form.errors |= _birth_errors(form.values, datetime.fromtimestamp(now, UTC).date())
    for name, label in _others(due).items():
        if not form.values.get(name):
            form.errors[name] = f"Enter this: {label.lower()}."
    if connect.BANK in due:
        form.bank, errors = bank_form.read(fields, account["country"])
        form.errors |= errors
    if form.values.get("ending", "approved") not in connect.OUTCOMES:
        form.values = {**form.values, "ending": "approved"}
    return form


def _birth_errors(values: Fields, today: date) -> dict[str, str]:
    parts = [values.get(name, "") for name in ("dob_year", "dob_month", "dob_day")]
    if not all(part.isascii() and part.isdigit() for part in parts):
        first = next(name for name in _BIRTH if not (values.get(name, "").isascii() and values.get(name, "").isdigit()))
        return {first: "Enter your date of birth in numbers, like 1 / 31 / 1990."}
    try:
        born = date(*(int(part) for part in parts))
    except ValueError:
        return {"dob_month": "This day does not exist."}
    if born.year < 1900 or born > today:
        return {"dob_year": "Check the year of your birth."}
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return {"dob_year": f"You have to be {_MINIMUM_AGE} or older."} if age < _MINIMUM_AGE else {}


# — the page —


def _render(visit: Visit, opened: Thing, account: Thing, form: Form, *, status: int = 200) -> Reply:
    merchant = merchant_of(Call(visit.world))
    due, pending = account["requirements"]["currently_due"], account["requirements"]["pending_verification"]
    if due:
        title = f"Get paid by {merchant}"
        body = _wanted(visit, account, form, merchant)
    elif pending:
        title = "Your details are being checked"
        body = _nothing(
            title, f"This takes about 15 minutes. You can go back to {merchant} meanwhile.", visit, merchant
        )
    else:
        title = "You are all set"
        body = _nothing(title, f"Nothing is missing: {merchant} can pay you.", visit, merchant)
    prefix = "Problem: " if form.errors else ""
    return page(
        f"{prefix}{title}",
        f'<main id="main" class="alone">{body}</main>',
        status=status,
        targets=[markup.origin(opened["_return"]), markup.origin(opened["_refresh"])],
        part="Connect",
    )


def _nothing(title: str, sentence: str, visit: Visit, merchant: str) -> str:
    return (
        f'<h1>{text(title)}</h1><p class="lead">{text(sentence)}</p>'
        f'<form method="post" action="/setup/s/{text(visit.id)}"><button class="button" type="submit">'
        f"Back to {text(merchant)}</button></form>"
    )


def _wanted(visit: Visit, account: Thing, form: Form, merchant: str) -> str:
    due = account["requirements"]["currently_due"]
    top = markup.alert("Please check the form.", form.errors, _labels(account)) if form.errors else ""
    for error in account["requirements"]["errors"]:
        top += markup.alert("Your details could not be confirmed.", {}, {}, sentence=error["reason"]) * (
            not form.errors
        )
    parts = _person(form) if _asks_person(due) else ""
    parts += "".join(_input(form, name, label, {"maxlength": "200"}) for name, label in _others(due).items())
    if connect.DOCUMENT in due:
        parts += (
            "<h2>Identity document</h2><p>A person would take a photo of a passport here. "
            "The choice below decides whether it can be read.</p>"
        )
    if connect.BANK in due:
        entered = bank_form.inputs(account["country"], form.values, form.errors, focus=form.first_error())
        parts += f"<h2>Bank account</h2>{entered}"
    if due != [connect.BANK]:
        chosen = form.values.get("ending", "approved")
        parts += markup.choices("ending", "What should Stripe do with this? (test only)", _ENDINGS, chosen=chosen)
    email = f'<p class="quiet">{text(account["email"])}</p>' if account["email"] else ""
    bank_help = bank_form.help_(account["country"]) if connect.BANK in due else ""
    return (
        f'<h1>Get paid by {text(merchant)}</h1><p class="lead">Stripe pays you for {text(merchant)} and has to know '
        f"who you are.</p>{email}{top}"
        f'<form method="post" action="/setup/s/{text(visit.id)}" novalidate>{parts}'
        '<div class="row"><button class="button" type="submit" name="act" value="submit">Agree and submit</button>'
        '<button class="button quiet-button" type="submit" name="act" value="later">Finish later</button></div></form>'
        f"{bank_help}"
    )


def _person(form: Form) -> str:
    names = "".join(
        _input(form, name, label, {"autocomplete": auto, "maxlength": "100"})
        for (name, label), auto in zip(_NAMES.items(), ("given-name", "family-name"), strict=True)
    )
    birth = "".join(
        _input(
            form,
            name,
            label,
            {
                "inputmode": "numeric",
                "autocomplete": f"bday-{name.removeprefix('dob_')}",
                "maxlength": "4" if name == "dob_year" else "2",
            },
        )
        for name, label in _BIRTH.items()
    )
    problem = "".join(markup.problem(name, form.errors[name]) for name in _BIRTH if name in form.errors)
    return f'{names}<fieldset><legend>Date of birth</legend><div class="trio">{birth}</div>{problem}</fieldset>'


def _input(form: Form, name: str, label: str, attributes: dict[str, str]) -> str:
    error = form.errors.get(name, "")
    control = markup.text_input(
        name,
        value=form.values.get(name, ""),
        error=error,
        has_focus=form.first_error() == name,
        attributes=attributes,
    )
    return markup.labelled(name, label, control, error="" if name in _BIRTH else error)
