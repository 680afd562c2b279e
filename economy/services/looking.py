"""A look at one thing in Stripe's books: missed news is repaired by the convergent functions, the rest is found (PAY-10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from economy import gateway
from economy.models import Finding, Payout, Purchase
from economy.selectors.purchases import find_purchase_by_intent
from economy.selectors.reconciliation import find_named_payout, find_named_purchase, find_payout_by_transfer
from economy.services.comparing import Difference, agrees, compare_payout, compare_purchase, write
from economy.services.findings import Found
from economy.services.paying import CLOCKS_DIFFER, advance_payout
from economy.services.purchases import converge_purchase, mark_purchase_due

Kind = Finding.Kind
MOST_REPAIRS: Final = 2  # the second for a webhook that was at it between our two readings
A_SECOND: Final = timedelta(seconds=1)  # as fine as Stripe's books are dated
OVER: Final = {"won", "warning_closed", "prevented"}  # a dispute that took nothing
ACCOUNT_GONE: Final = "account_invalid"
NEVER_LEFT: Final = {"failed", "canceled"}  # a refund, or a payout to a bank


@dataclass(frozen=True, slots=True)
class Look:
    """What a look ended in. `subjects` are what it can answer for, found or not."""

    subjects: tuple[str, ...]
    found: Found | None = None
    is_repaired: bool = False


def check_purchase(purchase: Purchase, *, intent_id: str = "", repairs: int = 0) -> Look:
    """Converge a purchase as long as that brings it to its payment, and tell what differs still.

    Raises GatewayError when Stripe cannot be asked.
    """
    if intent_id and not purchase.stripe_payment_intent_id:
        mark_purchase_due(purchase_id=purchase.pk, intent_id=intent_id)  # an expired one does not ask for it by itself
    intent_id = purchase.stripe_payment_intent_id or intent_id
    payment = _find_payment(intent_id)
    purchase.refresh_from_db()
    difference = compare_purchase(purchase, payment) if payment else _without_payment(purchase)
    subject = str(purchase.pk)
    if difference is None:
        return Look((subject,), is_repaired=repairs > 0)
    is_put_aside = difference.is_fault and bool(purchase.quarantine_reason)
    if repairs == MOST_REPAIRS or payment is None or is_put_aside:
        return Look((subject,), Found(difference, subject, intent_id, purchase, happened_at=purchase.paid_at))
    converge_purchase(purchase_id=purchase.pk)
    return check_purchase(purchase, intent_id=intent_id, repairs=repairs + 1)


def trace_charge(charge: gateway.Charge) -> Look:
    """Trace a charge to the purchase it pays, and look at that. One that went back whole, or was never paid, is nobody's money."""
    if not charge.is_paid:
        return Look((charge.id,))
    purchase = _find_purchase(charge.intent_id, charge.purchase_id)
    if purchase is not None:
        subjects = (charge.id, str(purchase.pk))
        if agrees(purchase, charge):
            return Look(subjects)
        return replace(check_purchase(purchase, intent_id=charge.intent_id), subjects=subjects)
    if charge.refunded >= charge.amount:
        return Look((charge.id,))
    said = f"{write(charge.amount, charge.currency)}, {write(charge.refunded, charge.currency)} refunded"
    if charge.purchase_id:
        said += f", names purchase {charge.purchase_id}"
    return _of_nobody(Kind.UNKNOWN_CHARGE, charge, said, find_named_purchase(charge.purchase_id))


def trace_refund(refund: gateway.Refund) -> Look:
    """Trace a refund to the purchase it gives back, and look at that. One of a charge of nobody is told with that charge."""
    purchase = _find_purchase(refund.intent_id)
    if purchase is not None:
        return _beside(refund.id, check_purchase(purchase, intent_id=refund.intent_id))
    is_told = (
        bool(refund.intent_id)
        and Finding.objects.filter(kind=Kind.UNKNOWN_CHARGE, related_id=refund.intent_id).exists()
    )
    if refund.status in NEVER_LEFT or is_told:
        return Look((refund.id,))
    return _of_nobody(Kind.UNKNOWN_REFUND, refund, f"{write(refund.amount, refund.currency)}: {refund.status}")


def trace_dispute(dispute: gateway.Dispute) -> Look:
    """Trace a dispute to the purchase it takes back, and look at that."""
    purchase = _find_purchase(dispute.intent_id)
    if purchase is not None:
        return _beside(dispute.id, check_purchase(purchase, intent_id=dispute.intent_id))
    if dispute.status in OVER:
        return Look((dispute.id,))
    said = f"{write(dispute.amount, dispute.currency)}: {dispute.status}, {dispute.reason}"
    return _of_nobody(Kind.UNKNOWN_DISPUTE, dispute, said)


def check_payout(payout: Payout, *, repairs: int = 0) -> Look:
    """Advance a payout as long as that brings it to where its money is, and tell what differs still.

    Raises GatewayError when Stripe cannot be asked. Nothing is done about amounts that differ.
    """
    transfers = list(gateway.list_transfers(group=str(payout.pk)))
    banks = list_banks(payout)
    payout.refresh_from_db()
    difference = compare_payout(payout, transfers, banks)
    subject = str(payout.pk)
    if difference is None:
        return Look((subject,), is_repaired=repairs > 0)
    if repairs == MOST_REPAIRS or difference.is_fault:
        found = Found(difference, subject, payout.account_id, payout=payout, happened_at=payout.moved_at)
        return Look((subject,), found)
    advance_payout(payout_id=payout.pk)
    return check_payout(payout, repairs=repairs + 1)


def trace_transfer(made: gateway.Transfer) -> Look:
    """Trace a transfer to the payout whose money it is; one that came back whole is nobody's money."""
    if find_payout_by_transfer(made.id) is not None or made.reversed >= made.amount:
        return Look((made.id,))
    named = find_named_payout(made.payout_id)
    if named is not None and named.transfer_id in {"", made.id}:
        look = _beside(made.id, check_payout(named))
        if look.found is not None or named.transfer_id == made.id:
            return look
    said = f"{write(made.amount, made.currency)} to {made.account_id}"
    if made.payout_id:
        said += f", names payout {made.payout_id}"
    return _of_nobody(Kind.UNKNOWN_TRANSFER, made, said, payout=named)


def trace_bank_payout(made: gateway.BankPayout) -> Look:
    """Trace money to a bank to the payout that sent it."""
    named = find_named_payout(made.payout_id)
    is_ours = named is not None and named.account_id == made.account_id
    if is_ours or made.status in NEVER_LEFT:
        return Look((made.id,))
    said = f"{write(made.amount, made.currency)} of {made.account_id}: {made.status}"
    return _of_nobody(Kind.UNKNOWN_BANK_PAYOUT, made, said, payout=named)


def list_banks(payout: Payout) -> list[gateway.BankPayout] | None:
    """Return what went to the bank for a payout; None when the creator's account is gone from us, with all it knew."""
    if not payout.account_id:
        return []
    try:
        listed = gateway.list_bank_payouts(account_id=payout.account_id, since=payout.created_at - CLOCKS_DIFFER)
        return [made for made in listed if made.payout_id == str(payout.pk)]
    except gateway.GatewayRefusedError as refusal:
        if refusal.code == ACCOUNT_GONE:
            return None
        raise


def look_again(row: Finding) -> Look:
    """Compare what one finding is about once more. Raises GatewayError when Stripe cannot be asked."""
    if row.kind in Finding.OF_NOBODY and row.happened_at is not None:
        return _look_at_thing(row, row.happened_at)
    if row.payout is not None:
        return check_payout(row.payout)
    if row.purchase is not None:
        return check_purchase(row.purchase, intent_id=row.related_id)
    return Look(())


def _look_at_thing(row: Finding, made_at: datetime) -> Look:
    """Find it among what was made at Stripe in the second when it was made; what is not there any more is gone."""
    looks: Iterator[Look]
    since, until = made_at, made_at + A_SECOND
    if row.kind == Kind.UNKNOWN_CHARGE:
        looks = (trace_charge(it) for it in gateway.list_charges(since=since, until=until) if it.id == row.subject)
    elif row.kind == Kind.UNKNOWN_REFUND:
        looks = (trace_refund(it) for it in gateway.list_refunds(since=since, until=until) if it.id == row.subject)
    elif row.kind == Kind.UNKNOWN_DISPUTE:
        looks = (trace_dispute(it) for it in gateway.list_disputes(since=since, until=until) if it.id == row.subject)
    elif row.kind == Kind.UNKNOWN_TRANSFER:
        looks = (trace_transfer(it) for it in gateway.list_transfers(since=since, until=until) if it.id == row.subject)
    else:
        listed = gateway.list_bank_payouts(account_id=row.related_id, since=since, until=until)
        looks = (trace_bank_payout(it) for it in listed if it.id == row.subject)
    try:
        return next(looks, Look((row.subject,)))
    except gateway.GatewayRefusedError as refusal:
        if refusal.code == ACCOUNT_GONE:
            return Look(())  # nobody can tell any more: it is for staff to resolve
        raise


def _find_payment(intent_id: str) -> gateway.Payment | None:
    try:
        return gateway.get_payment(intent_id)
    except gateway.GatewayRefusedError as refusal:
        if refusal.code == "resource_missing":
            return None
        raise


def _without_payment(purchase: Purchase) -> Difference | None:
    """Tell what a purchase claims that has no payment at Stripe; one that was never paid claims nothing."""
    if not purchase.received_tokens and purchase.paid_at is None:
        return None
    ours = f"{purchase.status}: {purchase.stripe_payment_intent_id}, {purchase.received_tokens} tokens credited"
    return Difference(Kind.MISSING_CHARGE, "", ours, None, purchase.amount_minor, purchase.currency, is_fault=True)


def _find_purchase(intent_id: str, purchase_id: str = "") -> Purchase | None:
    """Return the purchase that a payment is of: the one that knows it, else the one it names, unless that has another."""
    if not intent_id:
        return None
    known = find_purchase_by_intent(intent_id)
    if known is not None:
        return known
    if not purchase_id:
        _intent_id, purchase_id = gateway.find_payment_intent({"payment_intent": intent_id})
    named = find_named_purchase(purchase_id)
    return named if named is not None and named.stripe_payment_intent_id in {"", intent_id} else None


def _of_nobody(
    kind: Finding.Kind,
    thing: gateway.Charge | gateway.Refund | gateway.Dispute | gateway.Transfer | gateway.BankPayout,
    said: str,
    purchase: Purchase | None = None,
    payout: Payout | None = None,
) -> Look:
    related = thing.account_id if isinstance(thing, gateway.Transfer | gateway.BankPayout) else thing.intent_id
    difference = Difference(kind, said, "", thing.amount, None, thing.currency)
    return Look((thing.id,), Found(difference, thing.id, related, purchase, payout, thing.created_at))


def _beside(subject: str, look: Look) -> Look:
    return replace(look, subjects=(subject, *look.subjects))
