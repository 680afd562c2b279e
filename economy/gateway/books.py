"""Stripe's own books, to compare ours with (PAY-10): balances, their entries, charges, refunds and disputes by date."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import stripe

from economy.gateway.door import at, between, client, plain, raise_for


@dataclass(frozen=True, slots=True)
class Balance:
    """Minor units by currency, ours or a connected account's; either may be below zero."""

    available: dict[str, int]
    pending: dict[str, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of Stripe's books: `net` is what the balance changed by, after Stripe's fee."""

    id: str
    kind: str  # charge, refund, adjustment, transfer, transfer_refund, payout, payout_failure, payment …
    source_id: str
    amount: int
    fee: int
    net: int
    currency: str
    available_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Charge:
    """A card payment that went through or not."""

    id: str
    intent_id: str
    purchase_id: str
    amount: int
    refunded: int
    currency: str
    is_paid: bool
    is_disputed: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Refund:
    """Money on its way back to a card."""

    id: str
    intent_id: str
    amount: int
    currency: str
    status: str  # pending, succeeded, failed, canceled, requires_action
    failure: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Dispute:
    """A buyer's bank asking (warning_…) or taking money back. `answer_by` is the last moment for evidence."""

    id: str
    intent_id: str
    amount: int
    currency: str
    status: str
    reason: str
    answer_by: datetime | None
    created_at: datetime


def get_balance(account_id: str = "") -> Balance:
    """Return our balance at Stripe, or a connected account's."""
    try:
        raw = plain(client().v1.balance.retrieve({}, _within(account_id)))
    except stripe.StripeError as error:
        raise_for("get_balance", error)
    return Balance(available=_by_currency(raw["available"]), pending=_by_currency(raw["pending"]))


def list_entries(
    *, since: datetime | None = None, until: datetime | None = None, account_id: str = "", source_id: str = ""
) -> Iterator[Entry]:
    """Yield the lines of our books at Stripe, or of a connected account's, newest first."""
    params = {**between(since, until), **({"source": source_id} if source_id else {})}
    try:
        listed = client().v1.balance_transactions.list(cast("Any", params), _within(account_id))
        for raw in map(plain, listed.auto_paging_iter()):
            yield Entry(
                id=raw["id"],
                kind=raw["type"],
                source_id=raw.get("source") or "",
                amount=raw["amount"],
                fee=raw["fee"],
                net=raw["net"],
                currency=raw["currency"].upper(),
                available_at=at(raw["available_on"]),
                created_at=at(raw["created"]),
            )
    except stripe.StripeError as error:
        raise_for("list_entries", error)


def list_charges(*, since: datetime | None = None, until: datetime | None = None) -> Iterator[Charge]:
    """Yield the card payments tried in a time, newest first."""
    try:
        for raw in map(plain, client().v1.charges.list(cast("Any", between(since, until))).auto_paging_iter()):
            yield Charge(
                id=raw["id"],
                intent_id=raw.get("payment_intent") or "",
                purchase_id=(raw.get("metadata") or {}).get("purchase", ""),
                amount=raw["amount"],
                refunded=raw.get("amount_refunded") or 0,
                currency=raw["currency"].upper(),
                is_paid=bool(raw.get("paid")),
                is_disputed=bool(raw.get("disputed")),
                created_at=at(raw["created"]),
            )
    except stripe.StripeError as error:
        raise_for("list_charges", error)


def list_refunds(*, since: datetime | None = None, until: datetime | None = None) -> Iterator[Refund]:
    """Yield the refunds made in a time, newest first."""
    try:
        for raw in map(plain, client().v1.refunds.list(cast("Any", between(since, until))).auto_paging_iter()):
            yield Refund(
                id=raw["id"],
                intent_id=raw.get("payment_intent") or "",
                amount=raw["amount"],
                currency=raw["currency"].upper(),
                status=raw.get("status") or "",
                failure=raw.get("failure_reason") or "",
                created_at=at(raw["created"]),
            )
    except stripe.StripeError as error:
        raise_for("list_refunds", error)


def list_disputes(*, since: datetime | None = None, until: datetime | None = None) -> Iterator[Dispute]:
    """Yield the disputes and inquiries opened in a time, newest first."""
    try:
        for raw in map(plain, client().v1.disputes.list(cast("Any", between(since, until))).auto_paging_iter()):
            yield read_dispute(raw)
    except stripe.StripeError as error:
        raise_for("list_disputes", error)


def read_dispute(raw: dict[str, Any]) -> Dispute:
    """Return Stripe's dispute as ours."""
    due_by = (raw.get("evidence_details") or {}).get("due_by")
    return Dispute(
        id=raw["id"],
        intent_id=raw.get("payment_intent") or "",
        amount=raw["amount"],
        currency=raw["currency"].upper(),
        status=raw["status"],
        reason=raw.get("reason") or "",
        answer_by=at(due_by) if due_by else None,
        created_at=at(raw["created"]),
    )


def _within(account_id: str) -> stripe.RequestOptions:
    return {"stripe_account": account_id} if account_id else {}


def _by_currency(entries: list[dict[str, Any]]) -> dict[str, int]:
    return {entry["currency"].upper(): entry["amount"] for entry in entries}
