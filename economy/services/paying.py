"""Payouts from the moment when money is asked of Stripe: one function that takes a payout a step further.

Each step looks first what Stripe has, so that order, number and loss of events, and of our own messages, do not matter;
and before anything is asked for, the intention is committed with the number of the attempt, which names the idempotency
key. A refusal by Stripe ends an attempt; an answer that never came does not, and the same key asks again (PAY-2).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import OperationalError, transaction

from accounts.errors import OwnAccount
from accounts.models import User
from digis.core import audit, clock
from digis.core.errors import InvalidState
from economy import gateway
from economy.models import Payout, PayoutAccount
from economy.selectors.gates import Blocker, list_holdups
from economy.selectors.payouts import find_review_reason, get_payout, list_due_payouts
from economy.services.payout_accounts import sync_account
from economy.services.payouts import call_off, mark_payout_due, move_payout, place_payout
from economy.services.purchases import LOCK_NOT_AVAILABLE

log = structlog.get_logger(__name__)
State, Place, Wish = Payout.State, Payout.Place, Payout.Wish

FIRST_CHECK, LONGEST_CHECK = timedelta(seconds=10), timedelta(hours=1)
BANK_CHECK: Final = timedelta(hours=3)  # a bank takes days
STILL_WATCHED: Final = timedelta(days=10)  # a paid payout may fail so long
CLOCKS_DIFFER: Final = timedelta(days=1)
OUR_OWN_WANT: Final = {"balance_insufficient"}  # refusals of a transfer that are not about the creator
ABOUT_DESTINATION: Final = {State.REQUESTED, State.APPROVED, State.TRANSFERRED, State.FAILED}


def advance_payout(*, payout_id: UUID, wait: bool = True) -> Payout:
    """Take a payout one step further, as far as Stripe and the gates allow, and return it.

    Webhooks, the sweep and people's answers all call this; any number may at once. Raises GatewayError when Stripe cannot
    be asked: nothing is known to have changed then, and the step is taken again. With `wait=False` it returns at once
    when somebody else is at it.
    """
    seen = get_payout(id=payout_id)
    if seen.fault or seen.state in {State.RETURNED, State.CANCELED}:
        return seen
    if seen.state in ABOUT_DESTINATION:
        sync_account(creator_id=seen.creator_id)
    try:
        with transaction.atomic():
            payout = Payout.objects.select_for_update(nowait=not wait, of=("self",)).get(pk=payout_id)
            if (
                payout.state == seen.state and payout.state in STEPS
            ):  # else it moved on: the next look takes it from there
                STEPS[State(payout.state)](payout)
                payout.save()
    except OperationalError as error:
        if wait or getattr(error.__cause__, "sqlstate", "") != LOCK_NOT_AVAILABLE:
            raise
        return seen
    return payout


def advance_due_payouts(*, limit: int = 50) -> int:
    """Take every payout that is due a step further, and return how many; one that fails waits longer, others go on."""
    done = 0
    for payout_id in list_due_payouts(at=clock.now(), limit=limit):
        done += try_to_advance_payout(payout_id=payout_id, wait=False)
    return done


def try_to_advance_payout(*, payout_id: UUID, wait: bool = True) -> bool:
    """Take a payout a step further, or have it looked at later when Stripe cannot be asked; tell which."""
    try:
        advance_payout(payout_id=payout_id, wait=wait)
    except gateway.GatewayError:
        _postpone(payout_id)
        return False
    return True


def release_fault(*, payout_id: UUID, staff: User, reason: str) -> Payout:
    """Have a payout looked at again that stopped at a fault, once staff have seen to its cause at Stripe.

    Raises OwnAccount, and InvalidState when there is no fault any more.
    """
    with transaction.atomic():
        payout = Payout.objects.select_for_update().get(pk=payout_id)
        if payout.creator_id == staff.pk:
            raise OwnAccount
        if not payout.fault:
            raise InvalidState
        audit.record(
            actor=staff, action="economy.payout_released", target=payout, reason=reason, data={"fault": payout.fault}
        )
        payout.fault = ""
        payout.save(update_fields=["fault"])
        mark_payout_due(payout_id=payout.pk)
    return payout


# — before the transfer —


def _look_at_request(payout: Payout) -> None:
    if _is_held_up(payout):
        return
    payout.review_reason = find_review_reason(payout.creator, amount_minor=payout.amount_minor)
    if payout.review_reason:
        payout.next_check_at = None
        move_payout(payout, State.IN_REVIEW)
    else:
        _go_on(payout, State.APPROVED)


def _begin_transfer(payout: Payout) -> None:
    """Commit to the next attempt; the one that asks Stripe is another transaction."""
    if _is_held_up(payout):
        return
    account = PayoutAccount.objects.get(pk=payout.creator_id)
    payout.account_id, payout.bank = account.account_id, account.bank
    payout.transfer_attempts += 1
    _go_on(payout, State.TRANSFERRING)


def _transfer(payout: Payout) -> None:
    found = list(gateway.list_transfers(group=str(payout.pk)))
    if len(found) > 1:
        _fault(payout, f"{len(found)} transfers for one payout")
        return
    try:
        made = (
            found[0]
            if found
            else gateway.transfer(
                key=f"transfer:{payout.pk}:{payout.transfer_attempts}",
                account_id=payout.account_id,
                amount_minor=payout.amount_minor,
                currency=payout.currency,
                payout_id=payout.pk,
            )
        )
    except gateway.GatewayRefusedError as refusal:
        _take_refusal_of_transfer(payout, refusal.code)
        return
    if (made.amount, made.currency, made.account_id) != (payout.amount_minor, payout.currency, payout.account_id):
        _fault(payout, f"transfer {made.id} of {made.amount} {made.currency} to {made.account_id}")
        return
    payout.transfer_id, payout.failure_code = made.id, ""
    payout.bank_attempts = 1
    _go_on(payout, State.TRANSFERRED)


def _take_refusal_of_transfer(payout: Payout, code: str) -> None:
    """Nothing moved. Where we lack the money it waits for us; else it is over, and the tokens are available again."""
    if code in OUR_OWN_WANT:
        log.error("payouts_lack_money", payout=str(payout.pk), minor=payout.amount_minor)
        payout.state = State.APPROVED  # another attempt takes another key
        _look_later(payout)
    else:
        payout.failure_code = code or "refused"
        call_off(payout)


# — from the account to the bank —


def _send_to_bank(payout: Payout) -> None:
    transfer = gateway.get_transfer(payout.transfer_id)
    bank = _find_bank_payout(payout)
    if _is_settled_by(payout, transfer, bank):
        return
    if transfer.reversed:
        _take_failure(payout, "canceled")  # somebody began to take it back: all of it comes back
        payout.wish = Wish.RETURN
        return
    if _is_held_up(payout):
        return
    if payout.bank_minor is None:
        _read_arrival(payout, transfer)
    account = PayoutAccount.objects.get(pk=payout.creator_id)
    payout.bank, payout.bank_fingerprint = account.bank, account.bank_fingerprint
    try:
        made = gateway.pay_out(
            key=f"bank:{payout.pk}:{payout.bank_attempts}",
            account_id=payout.account_id,
            amount_minor=payout.bank_money.minor,
            currency=payout.bank_money.currency,
            payout_id=payout.pk,
        )
    except gateway.GatewayRefusedError as refusal:
        _take_failure(payout, refusal.code or "refused")
        return
    _note_on_the_way(payout, made)


def _watch_paid(payout: Payout) -> None:
    """Notice a bank that refuses days after it took the money: then the payout is not paid after all."""
    if not _is_settled_by(payout, gateway.get_transfer(payout.transfer_id), _find_bank_payout(payout)):
        payout.next_check_at = None  # the account is gone, and what it paid out stays paid


def _resolve_failure(payout: Payout) -> None:
    transfer = gateway.get_transfer(payout.transfer_id)
    bank = _find_bank_payout(payout)
    is_over = transfer.reversed >= transfer.amount or (bank is not None and (bank.is_open or bank.status == "paid"))
    if is_over and _is_settled_by(payout, transfer, bank):
        return
    if payout.wish == Wish.NONE and payout.moved_at < clock.now() - timedelta(days=settings.PAYOUT_UNCLAIMED_DAYS):
        payout.wish = Wish.RETURN
    if payout.wish == Wish.RETURN or transfer.reversed:
        _take_back(payout, transfer)
    elif _may_try_again(payout):
        payout.past_payout_ids = [*payout.past_payout_ids, *filter(None, [payout.stripe_payout_id])]
        payout.stripe_payout_id, payout.failure_code, payout.wish = "", "", Wish.NONE
        payout.bank_attempts += 1
        _go_on(payout, State.TRANSFERRED)
    else:
        _look_later(payout)


def _may_try_again(payout: Payout) -> bool:
    """Another attempt needs a wish, or another bank account than the one that refused; and no other payout under way."""
    account = PayoutAccount.objects.get(pk=payout.creator_id)
    is_other_bank = bool(account.bank_fingerprint) and account.bank_fingerprint != payout.bank_fingerprint
    if not (payout.wish == Wish.RETRY or is_other_bank) or list_holdups(payout.creator, account):
        return False
    return not Payout.objects.filter(creator=payout.creator_id, state__in=Payout.OPEN).exists()


def _take_back(payout: Payout, transfer: gateway.Transfer) -> None:
    """Reverse what is left of the transfer; the tokens come back in the look that finds it reversed in full."""
    payout.wish = Wish.RETURN
    if payout.reversal_attempts == 0:
        payout.reversal_attempts = 1
        _look_now(payout)  # the intention first
        return
    try:
        gateway.reverse_transfer(
            key=f"reverse:{payout.pk}:{payout.reversal_attempts}",
            transfer_id=transfer.id,
            amount_minor=transfer.amount - transfer.reversed,
        )
    except gateway.GatewayRefusedError as refusal:
        log.warning("reversal_refused", payout=str(payout.pk), code=refusal.code)
        payout.reversal_attempts += 1
        _look_later(payout)
        return
    if not _is_settled_by(payout, gateway.get_transfer(transfer.id), None):
        _look_later(payout)


# — what Stripe has —


def _find_bank_payout(payout: Payout) -> gateway.BankPayout | None:
    """Return the bank payout of the present attempt, whether we ever heard of it or not."""
    since = payout.created_at - CLOCKS_DIFFER
    try:
        listed = [
            made
            for made in gateway.list_bank_payouts(account_id=payout.account_id, since=since)
            if made.payout_id == str(payout.pk) and made.id not in payout.past_payout_ids
        ]
    except gateway.GatewayRefusedError as refusal:
        if refusal.code == "account_invalid":  # gone, with all it knew; the transfer is still ours to take back
            return None
        raise
    return listed[0] if listed else None


def _is_settled_by(payout: Payout, transfer: gateway.Transfer, bank: gateway.BankPayout | None) -> bool:
    """Bring the payout to what Stripe has of it, and tell whether there was anything."""
    is_living = bank is not None and (bank.is_open or bank.status == "paid")
    if transfer.reversed >= transfer.amount:
        if is_living and bank is not None:
            _fault(payout, f"transfer {transfer.id} is reversed and {bank.id} is {bank.status}")
        else:
            _take_return(payout)
        return True
    if bank is None:
        return False
    if bank.status == "paid":
        _take_paid(payout, bank)
    elif bank.is_open:
        _note_on_the_way(payout, bank)
    else:
        payout.stripe_payout_id = bank.id
        _take_failure(payout, bank.failure_code or bank.status)
    return True


def _note_on_the_way(payout: Payout, bank: gateway.BankPayout) -> None:
    if payout.state != State.TRANSFERRED:
        move_payout(payout, State.TRANSFERRED)
    payout.stripe_payout_id, payout.arrives_at = bank.id, bank.arrives_at
    payout.checks = 0
    payout.next_check_at = clock.now() + BANK_CHECK


def _take_paid(payout: Payout, bank: gateway.BankPayout) -> None:
    payout.stripe_payout_id, payout.arrives_at = bank.id, bank.arrives_at
    if payout.state != State.PAID:
        payout.failure_code, payout.wish = "", Wish.NONE
        place_payout(payout, Place.PAYOUTS)
        move_payout(payout, State.PAID)
    is_watched = payout.moved_at > clock.now() - STILL_WATCHED
    payout.next_check_at = clock.now() + timedelta(days=1) if is_watched else None


def _take_failure(payout: Payout, code: str) -> None:
    """Keep that the bank refused: the money lies in the creator's account at Stripe, the tokens stay in the payout."""
    is_news = payout.state != State.FAILED or payout.failure_code != code
    payout.failure_code = code
    place_payout(payout, Place.IN_PAYOUT)
    if is_news:
        move_payout(payout, State.FAILED)
        _look_now(payout)
    else:
        _look_later(payout)


def _take_return(payout: Payout) -> None:
    if payout.place == Place.PAYOUTS:
        place_payout(payout, Place.IN_PAYOUT)
    place_payout(payout, Place.AVAILABLE)
    payout.next_check_at = None
    move_payout(payout, State.RETURNED)


def _read_arrival(payout: Payout, transfer: gateway.Transfer) -> None:
    """Note what arrived in the account, in its own currency."""
    for entry in gateway.list_entries(account_id=payout.account_id, source_id=transfer.payment_id):
        payout.bank_minor, payout.bank_currency = entry.net, entry.currency


# — when to look again —


def _is_held_up(payout: Payout) -> bool:
    """Tell whether something stands against money leaving now, and if so when to look again."""
    account = PayoutAccount.objects.filter(pk=payout.creator_id).first()
    holdups = list_holdups(payout.creator, account)
    if holdups:
        _look_later(payout, _end_of(holdups))
    return bool(holdups)


def _end_of(holdups: list[Blocker]) -> datetime | None:
    ends = [blocker.until for blocker in holdups if blocker.until]
    return max(ends) if len(ends) == len(holdups) else None


def _go_on(payout: Payout, state: Payout.State) -> None:
    move_payout(payout, state)
    _look_now(payout)


def _look_now(payout: Payout) -> None:
    payout.next_check_at = clock.now()
    mark_payout_due(payout_id=payout.pk)


def _look_later(payout: Payout, at: datetime | None = None) -> None:
    pause = min(FIRST_CHECK * (1 << min(payout.checks, 12)), LONGEST_CHECK)
    payout.checks += 1
    payout.next_check_at = at or clock.now() + pause


def _fault(payout: Payout, text: str) -> None:
    """Stop at something that cannot be: staff look at it, nothing is guessed (PAY-10)."""
    payout.fault = text[:200]
    payout.next_check_at = None
    log.error("payout_fault", payout=str(payout.pk), fault=text)


def _postpone(payout_id: UUID) -> None:
    with transaction.atomic():
        payout = Payout.objects.select_for_update().get(pk=payout_id)
        _look_later(payout)
        payout.save(update_fields=["checks", "next_check_at"])


STEPS: Final[dict[Payout.State, Callable[[Payout], None]]] = {
    State.REQUESTED: _look_at_request,
    State.APPROVED: _begin_transfer,
    State.TRANSFERRING: _transfer,
    State.TRANSFERRED: _send_to_bank,
    State.PAID: _watch_paid,
    State.FAILED: _resolve_failure,
}
