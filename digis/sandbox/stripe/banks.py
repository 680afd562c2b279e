"""Stripe's documented test bank accounts, and how a payout to each of them ends."""

import re
from dataclasses import dataclass

# What a bank says when it refuses a payout, by Stripe's failure code.
FAILURES = {
    "account_closed": "The bank account has been closed.",
    "account_frozen": "The bank account has been frozen.",
    "bank_account_restricted": "The bank account has restrictions on either the type, or the number, of payouts allowed.",
    "bank_ownership_changed": "The destination bank account is no longer valid because its branch has changed ownership.",
    "could_not_process": "The bank could not process this payout.",
    "debit_not_authorized": "Debit transactions are not approved on the bank account.",
    "declined": "The bank has declined this payout. Please contact the bank before retrying.",
    "incorrect_account_holder_name": "The account holder name on file at the bank does not match.",
    "insufficient_funds": "The account has insufficient funds to cover the payout.",
    "invalid_account_number": "The routing number seems correct, but the account number is invalid.",
    "invalid_currency": "The bank was unable to process this payout because of its currency.",
    "no_account": "The bank account details on file are probably incorrect. No bank account could be located with them.",
}


@dataclass(frozen=True)
class Bank:
    number: str  # without spaces; an IBAN where the country writes one
    failure: str = ""  # the code by which a payout to it fails; empty: it arrives

    @property
    def about(self) -> str:
        return f"Refused: {self.failure.replace('_', ' ')}" if self.failure else "Payouts arrive"

    @property
    def last4(self) -> str:
        return self.number[-4:]


@dataclass(frozen=True)
class Scheme:
    """How a country writes bank accounts. `routing` is the one test bank; empty where an IBAN says it all."""

    routing: str
    routing_label: str
    number_label: str
    banks: tuple[Bank, ...]


_CODES = ("", "no_account", "account_closed", "insufficient_funds", "debit_not_authorized", "invalid_currency")


def _banks(*numbers: str) -> tuple[Bank, ...]:
    return tuple(Bank(number, code) for number, code in zip(numbers, _CODES, strict=False))


_AMERICAN = Scheme(
    "110000000",
    "Routing number",
    "Account number",
    _banks("000123456789", "000111111116", "000111111113", "000222222227", "000333333335", "000444444440"),
)
_BRITISH = Scheme(
    "108800",
    "Sort code",
    "Account number",
    _banks("00012345", "11111116", "11111113", "22222227", "33333335", "44444440"),
)
_EUROPEAN = Scheme(
    "",
    "",
    "IBAN",
    _banks(
        "DE89370400440532013000",
        "DE62370400440532013001",
        "DE89370400440532013002",
        "DE89370400440532013003",
        "DE89370400440532013004",
    ),
)
_EURO_COUNTRIES = [
    "AT",
    "BE",
    "CY",
    "DE",
    "EE",
    "ES",
    "FI",
    "FR",
    "GR",
    "HR",
    "IE",
    "IT",
    "LT",
    "LU",
    "LV",
    "MT",
    "NL",
    "PT",
    "SI",
    "SK",
]
CURRENCIES = {"US": "usd", "GB": "gbp", **dict.fromkeys(_EURO_COUNTRIES, "eur")}


def scheme_of(country: str) -> Scheme:
    return {"US": _AMERICAN, "GB": _BRITISH}.get(country, _EUROPEAN)


def compact(text: str) -> str:
    return re.sub(r"[\s-]", "", text).upper()


def find(country: str, number: str) -> Bank | None:
    """Look a test bank account up; any other number is refused, as it is with a test key."""
    return next((bank for bank in scheme_of(country).banks if bank.number == compact(number)), None)
