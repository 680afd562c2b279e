"""The card form: what a person types, checked the way a card form checks it."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from digis.sandbox.stripe import cards
from digis.sandbox.stripe.pages.markup import Fields, countries

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_EXPIRY = re.compile(r"(\d{1,2})\s*[/\-. ]?\s*(\d{2}|\d{4})")


@dataclass
class CardForm:
    email: str = ""
    number: str = ""
    expiry: str = ""
    cvc: str = ""
    name: str = ""
    country: str = "US"
    errors: dict[str, str] = field(default_factory=dict)
    month: int = 0
    year: int = 0

    @property
    def digits(self) -> str:
        return cards.digits(self.number)

    def first_error(self) -> str:
        return next(iter(self.errors), "")


def read(fields: Fields, *, fixed_email: str | None, now: int) -> CardForm:
    """Take the form; `errors` maps field names to what is wrong, in the order of the page."""
    form = CardForm(
        email=fixed_email or fields.get("email", "").strip(),
        number=fields.get("card_number", "").strip(),
        expiry=fields.get("card_expiry", "").strip(),
        cvc=fields.get("card_cvc", "").strip(),
        name=fields.get("card_name", "").strip(),
        country=fields.get("country", "").strip().upper(),
    )
    checks = {
        "email": _email_error(form.email),
        "card_number": _number_error(form.digits),
        "card_expiry": _expiry_error(form, now),
        "card_cvc": _cvc_error(form),
        "card_name": "" if form.name else "Enter the name on the card.",
        "country": "" if form.country in dict(countries()) else "Choose a country or region.",
    }
    form.errors = {name: error for name, error in checks.items() if error}
    return form


def _email_error(email: str) -> str:
    if not email:
        return "Enter your email."
    return "" if _EMAIL.fullmatch(email) else "This email is incomplete."


def _number_error(digits: str) -> str:
    if not digits:
        return "Enter the card number."
    if len(digits) < 12:
        return "The card number is incomplete."
    return "" if cards.is_luhn(digits) else "The card number is invalid."


def _expiry_error(form: CardForm, now: int) -> str:
    if not form.expiry:
        return "Enter the expiry date."
    match = _EXPIRY.fullmatch(form.expiry)
    if match is None or not 1 <= int(match[1]) <= 12:
        return "The expiry date is incomplete. Use month and year, like 12 / 34."
    form.month, form.year = int(match[1]), int(match[2]) + (2000 if len(match[2]) == 2 else 0)
    today = datetime.fromtimestamp(now, UTC)
    if (form.year, form.month) < (today.year, today.month):
        return "The expiry date is in the past."
    return ""


def _cvc_error(form: CardForm) -> str:
    if not form.cvc:
        return "Enter the security code."
    length = 4 if form.digits.startswith(("34", "37")) else 3
    return "" if form.cvc.isdigit() and len(form.cvc) == length else "The security code is incomplete."
