"""Creators' accounts at Stripe: opening one, and keeping our picture of it true."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import OwnAccount
from accounts.models import User
from accounts.permissions import require_not_staff, require_verified
from digis.core import audit, clock, outbox
from digis.core.errors import CreatorOnly, InvalidState, ValidationFailed
from economy import gateway
from economy.errors import PayoutSetupUnavailable
from economy.kinds import tell_of_stop
from economy.models import Payout, PayoutAccount
from economy.selectors.payouts import list_due_accounts

log = structlog.get_logger(__name__)

AGAIN_LATER = timedelta(minutes=10)
DESTINATION_EVENTS = ("account.external_account.created", "account.external_account.updated")


def require_payee(*, creator: User) -> None:
    """Refuse whoever cannot be paid: staff, and people who were never approved. Suspended creators can (ACC-9)."""
    require_not_staff(creator)
    if not creator.is_approved_creator:
        raise CreatorOnly


def start_onboarding(*, creator: User, country: str, return_url: str, refresh_url: str) -> str:
    """Return the address at Stripe where the creator gives, or changes, what payouts need; good once, for minutes.

    The caller has asked for a step-up (ACC-3). Opens the account at the first call, one per creator however often it is
    asked for: the intention is kept first, and an account whose making went unanswered is looked for before another is
    made. Raises EmailUnverified, CreatorOnly, StaffStandApart, ValidationFailed and PayoutSetupUnavailable.
    """
    require_payee(creator=creator)
    require_verified(creator)
    try:
        account = _open_account(creator, country)
        if account.is_submitted and not account.due and account.can_receive:
            url = gateway.open_dashboard(account_id=account.account_id)
        else:
            url = gateway.open_onboarding(account_id=account.account_id, return_url=return_url, refresh_url=refresh_url)
    except gateway.GatewayError as error:
        raise PayoutSetupUnavailable from error
    with transaction.atomic():
        mark_account_due(creator_id=creator.pk)
        audit.record(actor=creator, action="economy.payout_setup_opened", target=account)
    return url


def _open_account(creator: User, country: str) -> PayoutAccount:
    account, is_new = PayoutAccount.objects.get_or_create(creator=creator, defaults={"country": country})
    if account.account_id and not account.is_gone:
        return account
    if country not in settings.PAYOUT_COUNTRIES:
        raise ValidationFailed({"country": [_("We cannot pay out to this country yet.")]})
    made = None if is_new or account.is_gone else _find_account(account)
    if made is None:
        made = gateway.create_account(
            person_id=creator.pk, email=creator.email, country=country, after=account.account_id
        )
    with transaction.atomic():
        account = PayoutAccount.objects.select_for_update().get(pk=creator.pk)
        account.account_id, account.is_gone = made.id, False
        _write(account, made)
    return account


def _find_account(account: PayoutAccount) -> gateway.ConnectedAccount | None:
    since = account.created_at - timedelta(hours=1)
    found = (made for made in gateway.list_accounts(since=since) if made.person_id == str(account.creator_id))
    return next(found, None)


def sync_account(*, creator_id: UUID) -> PayoutAccount | None:
    """Bring our picture of a creator's account to what Stripe says now, and return it; None where there is none.

    Locks the row, then asks: order and number of callers do not matter. A bank account that is not the one we knew starts
    the cool-off (PAY-3). Payouts that wait for the account are looked at again. Raises GatewayError.
    """
    with transaction.atomic():
        account = PayoutAccount.objects.select_for_update().filter(pk=creator_id).exclude(account_id="").first()
        if account is None:
            return None
        try:
            _write(account, gateway.get_account(account.account_id))
        except gateway.GatewayRefusedError as refusal:
            if refusal.code != "account_invalid":
                raise
            account.is_gone, account.can_receive, account.can_pay_out = True, False, False
            account.synced_at, account.next_sync_at = clock.now(), None
            account.save()
    return account


def look_at_account(*, creator: User) -> None:
    """Read the account for somebody who just came back from Stripe. Never fails because Stripe does."""
    try:
        sync_account(creator_id=creator.pk)
    except gateway.GatewayError:
        log.info("payout_account_not_read", creator=str(creator.pk))


def sync_due_accounts(*, limit: int = 50) -> int:
    """Read the accounts whose time has come, and return how many; one that fails waits, others go on."""
    done = 0
    for creator_id in list_due_accounts(at=clock.now(), limit=limit):
        try:
            sync_account(creator_id=creator_id)
            done += 1
        except gateway.GatewayError:
            PayoutAccount.objects.filter(pk=creator_id).update(next_sync_at=clock.now() + AGAIN_LATER)
    return done


def mark_account_due(*, creator_id: UUID) -> None:
    """Have a worker read the account soon."""
    with transaction.atomic():
        PayoutAccount.objects.filter(pk=creator_id).update(next_sync_at=clock.now())
        outbox.enqueue(kind="economy.payout_account", payload={"creator": str(creator_id)}, key=str(creator_id))


def receive_account_event(*, event_type: str, account_id: str, thing: dict[str, object], happened_at: datetime) -> None:
    """Take in that something about a connected account changed: it is read again, the event itself is not believed.

    One thing is: another bank account appearing starts the cool-off at that moment (ACC-3), even if it is gone again
    before we look. Events of accounts that are not ours change nothing.
    """
    with transaction.atomic():
        account = PayoutAccount.objects.select_for_update().filter(account_id=account_id).first()
        if account is None or not account_id:
            return
        fingerprint = str(thing.get("fingerprint") or "")
        is_other = bool(account.bank_fingerprint) and fingerprint not in {"", account.bank_fingerprint}
        if event_type in DESTINATION_EVENTS and is_other and thing.get("default_for_currency"):
            _cool_off(account, happened_at)
            account.save(update_fields=["destination_changed_at"])
        mark_account_due(creator_id=account.pk)


def stop_payouts(*, creator: User, staff: User, reason: str) -> PayoutAccount:
    """Let nothing more leave for a creator's bank until staff lift it; the creator reads the reason. Idempotent."""
    if not reason.strip():
        raise ValidationFailed({"reason": [_("Say why.")]})
    return _set_stop(creator, staff, reason.strip(), action="economy.payouts_stopped")


def allow_payouts(*, creator: User, staff: User, reason: str) -> PayoutAccount:
    """Lift a stop, so that payouts go on by themselves."""
    account = _set_stop(creator, staff, "", action="economy.payouts_allowed", why=reason)
    _wake_payouts(account)
    return account


def _set_stop(creator: User, staff: User, stop: str, *, action: str, why: str = "") -> PayoutAccount:
    if staff.pk == creator.pk:
        raise OwnAccount
    with transaction.atomic():
        account = PayoutAccount.objects.select_for_update().filter(pk=creator.pk).first()
        if account is None:
            raise InvalidState
        if account.stopped_reason == stop:
            return account
        account.stopped_reason = stop
        account.save(update_fields=["stopped_reason"])
        audit.record(actor=staff, action=action, target=account, reason=stop or why)
        if stop:
            tell_of_stop(account, key=f"payouts-stopped:{clock.now().isoformat()}")
    return account


def _write(account: PayoutAccount, found: gateway.ConnectedAccount) -> None:
    """Write what Stripe says into the locked row."""
    now = clock.now()
    before = _abilities(account)
    bank = found.bank
    fingerprint = bank.fingerprint if bank else ""
    if account.bank_fingerprint and fingerprint not in {"", account.bank_fingerprint}:
        _cool_off(account, now)
    account.country, account.currency = found.country or account.country, found.currency
    account.is_submitted, account.can_receive, account.can_pay_out = (
        found.is_submitted,
        found.can_receive,
        found.can_pay_out,
    )
    account.due, account.checking = list(found.due), list(found.checking)
    account.disabled_reason, account.is_gone = found.disabled_reason[:100], False
    account.bank_has_refused = bool(bank and bank.has_refused)
    if bank:  # one that is away for a moment is remembered: another in its place is a change
        account.bank_name, account.bank_last4 = bank.name[:100], bank.last4
        account.bank_currency, account.bank_fingerprint = bank.currency, fingerprint
    account.synced_at = now
    account.next_sync_at = now + AGAIN_LATER if account.checking else None
    account.save()
    if _abilities(account) != before:
        _wake_payouts(account)


def _abilities(account: PayoutAccount) -> tuple[object, ...]:
    """Return what a waiting payout may be waiting for."""
    return (
        account.account_id,
        account.can_receive,
        account.can_pay_out,
        account.is_gone,
        account.due,
        account.bank_fingerprint,
        account.bank_has_refused,
    )


def _cool_off(account: PayoutAccount, moment: datetime) -> None:
    account.destination_changed_at = max(filter(None, [account.destination_changed_at, moment]))


def _wake_payouts(account: PayoutAccount) -> None:
    """Have payouts looked at that wait for something in the account."""
    waiting = Payout.objects.filter(creator=account.pk, checks__gt=0, fault="").exclude(
        state__in=[Payout.State.PAID, Payout.State.RETURNED, Payout.State.CANCELED, Payout.State.IN_REVIEW]
    )
    waiting.update(next_check_at=clock.now(), checks=0)
