"""What creators are paid: their connected accounts, transfers to them, and payouts to their banks.

Charges and transfers are separate: a transfer moves money from our balance into the creator's account at Stripe, a payout
moves it from there to the bank. A payout that the bank refuses leaves it in the account (PAY-2): then it is paid out anew,
or the transfer is reversed. Every write takes the caller's own key, stored before it asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import stripe

from economy.gateway.door import PAGE, at, between, client, digest, plain, raise_for

LIVING = {"pending", "in_transit"}


@dataclass(frozen=True, slots=True)
class Bank:
    """Where a connected account is paid out to. The fingerprint is the account number's, and tells a real change."""

    id: str
    name: str
    last4: str
    currency: str
    fingerprint: str
    has_refused: bool  # a payout to it failed: Stripe pays nothing more to it


@dataclass(frozen=True, slots=True)
class ConnectedAccount:
    """A creator's account as Stripe knows it. `due` names what the creator has to give, `checking` what Stripe looks at."""

    id: str
    person_id: str
    country: str
    currency: str
    is_submitted: bool
    can_receive: bool  # transfers reach it
    can_pay_out: bool
    due: tuple[str, ...]
    checking: tuple[str, ...]
    disabled_reason: str
    bank: Bank | None


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money moved into a connected account, in minor units. `reversed` is what came back."""

    id: str
    account_id: str
    payout_id: str
    amount: int
    reversed: int
    currency: str
    payment_id: str  # the other side of it, in the connected account's books
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Reversal:
    """Money taken back out of a connected account."""

    id: str
    transfer_id: str
    amount: int
    currency: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class BankPayout:
    """Money on its way to a creator's bank, in minor units. A paid one may still fail days later."""

    id: str
    account_id: str
    payout_id: str
    status: str  # pending, in_transit, paid, failed, canceled
    amount: int
    currency: str
    failure_code: str
    failure: str
    arrives_at: datetime
    created_at: datetime

    @property
    def is_open(self) -> bool:
        return self.status in LIVING


# — accounts —


def create_account(*, person_id: UUID, email: str, country: str, after: str = "") -> ConnectedAccount:
    """Open an Express account for a creator, paid out by us alone; asking again within a day returns the same one.

    `after` names the account of theirs that is gone, so that its answer is not repeated.
    """
    try:
        found = client().v1.accounts.create(
            {
                "country": country,
                "email": email,
                "business_type": "individual",
                "controller": {
                    "fees": {"payer": "application"},
                    "losses": {"payments": "application"},
                    "requirement_collection": "stripe",
                    "stripe_dashboard": {"type": "express"},
                },
                "capabilities": {"transfers": {"requested": True}},
                "settings": {"payouts": {"schedule": {"interval": "manual"}}},
                "metadata": {"person": str(person_id)},
            },
            {"idempotency_key": f"account:{person_id}:{digest(email, country, *filter(None, [after]))}"},
        )
    except stripe.StripeError as error:
        raise_for("create_account", error)
    return _account(found)


def get_account(account_id: str) -> ConnectedAccount:
    """Return a connected account as it is now; refused with account_invalid when its person has left us."""
    try:
        return _account(client().v1.accounts.retrieve(account_id))
    except stripe.StripeError as error:
        raise_for("get_account", error)


def list_accounts(*, since: datetime | None = None, until: datetime | None = None) -> Iterator[ConnectedAccount]:
    """Yield the connected accounts opened in a time, newest first."""
    try:
        for found in client().v1.accounts.list(cast("Any", between(since, until))).auto_paging_iter():
            yield _account(found)
    except stripe.StripeError as error:
        raise_for("list_accounts", error)


def open_onboarding(*, account_id: str, return_url: str, refresh_url: str) -> str:
    """Return an address that lets the creator in once, within minutes, to give Stripe what is due.

    It is a secret: redirect to it, never store or mail it. A used or old one leads to `refresh_url`.
    """
    try:
        link = client().v1.account_links.create(
            {
                "account": account_id,
                "type": "account_onboarding",
                "return_url": return_url,
                "refresh_url": refresh_url,
                "collection_options": {"fields": "eventually_due"},
            }
        )
    except stripe.StripeError as error:
        raise_for("open_onboarding", error)
    return link.url


def open_dashboard(*, account_id: str) -> str:
    """Return an address that lets the creator into the Express Dashboard once, to see payouts or change the bank."""
    try:
        return client().v1.accounts.login_links.create(account_id).url
    except stripe.StripeError as error:
        raise_for("open_dashboard", error)


# — transfers —


def transfer(
    *, key: str, account_id: str, amount_minor: int, currency: str, payout_id: UUID, group: str = ""
) -> Transfer:
    """Move money from our available balance into a connected account, once for a key.

    Refused with balance_insufficient or insufficient_capabilities_for_transfer, after which nothing has moved. Stripe
    forgets keys after a day: who comes back later looks first whether `list_transfers(group=…)` has it already.
    """
    try:
        made = client().v1.transfers.create(
            {
                "amount": amount_minor,
                "currency": currency.lower(),
                "destination": account_id,
                "metadata": {"payout": str(payout_id)},
                "transfer_group": group or str(payout_id),
            },
            {"idempotency_key": key},
        )
    except stripe.StripeError as error:
        raise_for("transfer", error)
    return _transfer(made)


def get_transfer(transfer_id: str) -> Transfer:
    """Return a transfer as it is now."""
    try:
        return _transfer(client().v1.transfers.retrieve(transfer_id))
    except stripe.StripeError as error:
        raise_for("get_transfer", error)


def list_transfers(
    *, since: datetime | None = None, until: datetime | None = None, account_id: str = "", group: str = ""
) -> Iterator[Transfer]:
    """Yield transfers, newest first: those of a time, of an account, or of a group (a payout's id, unless given)."""
    params: dict[str, Any] = between(since, until)
    params |= {name: value for name, value in (("destination", account_id), ("transfer_group", group)) if value}
    try:
        for made in client().v1.transfers.list(cast("Any", params)).auto_paging_iter():
            yield _transfer(made)
    except stripe.StripeError as error:
        raise_for("list_transfers", error)


def reverse_transfer(*, key: str, transfer_id: str, amount_minor: int | None = None) -> Reversal:
    """Take a transfer, or a part of it, back into our balance, once for a key.

    Refused with balance_insufficient while the money is on its way to the bank, or there already.
    """
    params: dict[str, Any] = {} if amount_minor is None else {"amount": amount_minor}
    try:
        made = client().v1.transfers.reversals.create(transfer_id, cast("Any", params), {"idempotency_key": key})
    except stripe.StripeError as error:
        raise_for("reverse_transfer", error)
    return _reversal(made)


def list_reversals(transfer_id: str) -> Iterator[Reversal]:
    """Yield what came back of a transfer, newest first."""
    try:
        for made in client().v1.transfers.reversals.list(transfer_id, {"limit": PAGE}).auto_paging_iter():
            yield _reversal(made)
    except stripe.StripeError as error:
        raise_for("list_reversals", error)


# — payouts to the bank —


def pay_out(*, key: str, account_id: str, amount_minor: int, currency: str, payout_id: UUID) -> BankPayout:
    """Send money of a connected account to its bank, once for a key.

    Refused with payouts_not_allowed, bank_account_unusable or balance_insufficient, after which nothing has moved.
    """
    try:
        made = client().v1.payouts.create(
            {"amount": amount_minor, "currency": currency.lower(), "metadata": {"payout": str(payout_id)}},
            {"stripe_account": account_id, "idempotency_key": key},
        )
    except stripe.StripeError as error:
        raise_for("pay_out", error)
    return _payout(made, account_id)


def get_bank_payout(*, account_id: str, bank_payout_id: str) -> BankPayout:
    """Return a payout as it is now, with the bank's reason when it failed."""
    try:
        return _payout(client().v1.payouts.retrieve(bank_payout_id, {}, {"stripe_account": account_id}), account_id)
    except stripe.StripeError as error:
        raise_for("get_bank_payout", error)


def cancel_bank_payout(*, account_id: str, bank_payout_id: str) -> BankPayout:
    """Call a payout back that the bank has not been sent yet; refused when it has."""
    try:
        return _payout(client().v1.payouts.cancel(bank_payout_id, {}, {"stripe_account": account_id}), account_id)
    except stripe.StripeError as error:
        raise_for("cancel_bank_payout", error)


def list_bank_payouts(
    *, account_id: str, since: datetime | None = None, until: datetime | None = None
) -> Iterator[BankPayout]:
    """Yield the payouts of a connected account made in a time, newest first."""
    try:
        listed = client().v1.payouts.list(cast("Any", between(since, until)), {"stripe_account": account_id})
        for made in listed.auto_paging_iter():
            yield _payout(made, account_id)
    except stripe.StripeError as error:
        raise_for("list_bank_payouts", error)


# — into our own types —


def _account(account: Any) -> ConnectedAccount:
    raw = plain(account)
    wanted = raw.get("requirements") or {}
    known = (raw.get("external_accounts") or {}).get("data") or []
    bank = next((entry for entry in known if entry.get("default_for_currency")), None)
    return ConnectedAccount(
        id=raw["id"],
        person_id=(raw.get("metadata") or {}).get("person", ""),
        country=raw.get("country") or "",
        currency=(raw.get("default_currency") or "").upper(),
        is_submitted=bool(raw.get("details_submitted")),
        can_receive=(raw.get("capabilities") or {}).get("transfers") == "active",
        can_pay_out=bool(raw.get("payouts_enabled")),
        due=tuple(dict.fromkeys([*(wanted.get("past_due") or []), *(wanted.get("currently_due") or [])])),
        checking=tuple(wanted.get("pending_verification") or []),
        disabled_reason=wanted.get("disabled_reason") or "",
        bank=_bank(bank) if bank else None,
    )


def _bank(raw: dict[str, Any]) -> Bank:
    return Bank(
        id=raw["id"],
        name=raw.get("bank_name") or raw.get("brand") or "",
        last4=raw["last4"],
        currency=(raw.get("currency") or "").upper(),
        fingerprint=raw.get("fingerprint") or "",
        has_refused=raw.get("status") == "errored",
    )


def _transfer(made: Any) -> Transfer:
    raw = plain(made)
    return Transfer(
        id=raw["id"],
        account_id=raw.get("destination") or "",
        payout_id=(raw.get("metadata") or {}).get("payout", ""),
        amount=raw["amount"],
        reversed=raw.get("amount_reversed") or 0,
        currency=raw["currency"].upper(),
        payment_id=raw.get("destination_payment") or "",
        created_at=at(raw["created"]),
    )


def _reversal(made: Any) -> Reversal:
    raw = plain(made)
    return Reversal(
        id=raw["id"],
        transfer_id=raw["transfer"],
        amount=raw["amount"],
        currency=raw["currency"].upper(),
        created_at=at(raw["created"]),
    )


def _payout(made: Any, account_id: str) -> BankPayout:
    raw = plain(made)
    return BankPayout(
        id=raw["id"],
        account_id=account_id,
        payout_id=(raw.get("metadata") or {}).get("payout", ""),
        status=raw["status"],
        amount=raw["amount"],
        currency=raw["currency"].upper(),
        failure_code=raw.get("failure_code") or "",
        failure=(raw.get("failure_message") or "")[:200],
        arrives_at=at(raw["arrival_date"]),
        created_at=at(raw["created"]),
    )
