"""What was paid before this database knew of it: demo data and imports. No Stripe is asked, and none is told.

The ledger moves by the functions that Stripe's news would call, at the present moment of the clock. What has no payment or
account at Stripe is not looked for there (PAY-10).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.permissions import require_not_staff
from digis.core import clock
from digis.core.money import earnings_in_money
from economy.errors import EarningsChanged
from economy.models import Dispute, Payout, PayoutAccount, PayoutStep, Purchase, TaxProfile
from economy.selectors.payouts import find_review_reason
from economy.services.balances import announce_balances
from economy.services.payout_accounts import require_payee
from economy.services.payouts import note_step, place_payout
from economy.services.purchases import post_purchase
from economy.services.settling import settle

State, Place, Status = Payout.State, Payout.Place, Dispute.Status
FOREIGN: Final = TaxProfile.Form.W8BEN


def record_past_purchase(*, person: User, tokens: int, bonus: int, minor: int, currency: str, key: str) -> Purchase:
    """Credit a purchase that is known to have been paid, as if it were paid now, and return it.

    Tokens and bonus in tokens, the price in minor units. Repeating a key gives nothing more (LEDGER-4). For trusted
    callers; raises StaffStandApart (ACC-5).
    """
    require_not_staff(person)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=person.pk)
        known = Purchase.objects.filter(person=person, key=key).first()
        if known is not None:
            return known
        now = clock.now()
        purchase = Purchase.objects.create(
            person=person,
            key=key,
            tokens=tokens,
            bonus_tokens=bonus,
            amount_minor=minor,
            currency=currency,
            card="Visa ···· 4242",
            quote_expires_at=now,
            created_at=now,
            updated_at=now,
        )
        return post_purchase(purchase_id=purchase.pk, kept_minor=minor)


def record_past_account(*, creator: User, country: str, bank: str, last4: str) -> PayoutAccount:
    """Remember the bank that past payouts went to. The account at Stripe is gone: paying out anew begins with a new one."""
    require_payee(creator=creator)
    account, _is_new = PayoutAccount.objects.get_or_create(
        creator=creator, defaults={"country": country, "bank_name": bank, "bank_last4": last4, "is_gone": True}
    )
    return account


def record_past_payout(*, creator: User, tokens: int, key: str) -> Payout:
    """Set available earnings aside for a payout, as if it were asked for now, and return it, in tokens.

    One that staff had to see waits for them (PAY-3), any other is approved. The same key returns the first (LEDGER-4). Raises
    CreatorOnly, StaffStandApart, and EarningsChanged when less is available.
    """
    require_payee(creator=creator)
    now, money = clock.now(), earnings_in_money(tokens)
    account = PayoutAccount.objects.filter(creator=creator).first()
    with transaction.atomic():
        known = Payout.objects.filter(creator=creator, key=key).first()
        if known is not None:
            return known
        reason = find_review_reason(creator, amount_minor=money.minor)
        payout = Payout.objects.create(
            creator=creator,
            kind=Payout.Kind.MANUAL,
            tokens=tokens,
            payout_micros=settings.TOKEN_PAYOUT_MICROS,
            amount_minor=money.minor,
            currency=money.currency,
            key=key,
            bank=account.bank if account else "",
            review_reason=reason,
            moved_at=now,
            created_at=now,
        )
        if place_payout(payout, Place.IN_PAYOUT) == "short":
            raise EarningsChanged
        note_step(payout)
        payout.state = State.IN_REVIEW if reason else State.APPROVED
        payout.save(update_fields=["state"])
        note_step(payout)
    return payout


def settle_past_payout(*, creator: User, key: str) -> Payout:
    """Have a past payout reach the bank now, and return it. Repeating it changes nothing (LEDGER-4)."""
    with transaction.atomic():
        payout = Payout.objects.select_for_update().get(creator=creator, key=key)
        if payout.state == State.PAID:
            return payout
        now = clock.now()
        way = [State.APPROVED] if payout.state == State.IN_REVIEW else []
        way += [State.TRANSFERRING, State.TRANSFERRED]
        taken = (now - payout.created_at) // 3
        for number, state in enumerate(way):
            at = payout.created_at + taken + timedelta(seconds=20 * number)
            PayoutStep.objects.create(payout=payout, state=state, created_at=at)
        place_payout(payout, Place.PAYOUTS)
        payout.state, payout.moved_at, payout.arrives_at = State.PAID, now, now
        payout.transfer_id = f"past_{payout.pk}"
        payout.save(update_fields=["state", "moved_at", "arrives_at", "transfer_id"])
        note_step(payout)
    return payout


def record_past_dispute(*, person: User, key: str, case: str, reason: str, due_at: datetime) -> Dispute:
    """Have the bank take a past purchase back now, all of it, and return the dispute (LEDGER-8). The same case comes once."""
    with transaction.atomic():
        purchase = Purchase.objects.select_for_update().get(person=person, key=key)
        known = Dispute.objects.filter(stripe_id=case).first()
        if known is not None:
            return known
        now = clock.now()
        dispute = Dispute.objects.create(
            stripe_id=case,
            purchase=purchase,
            status=Status.NEEDS_RESPONSE,
            reason=reason,
            amount_minor=purchase.amount_minor,
            currency=purchase.currency,
            due_at=due_at,
            opened_at=now,
            created_at=now,
        )
        _settle(purchase, kept=0, is_disputed=True, case=case)
    return dispute


def settle_past_dispute(*, case: str, is_won: bool) -> Dispute:
    """Have the bank decide a past dispute now: won, all stands as before; lost, the money is gone (LEDGER-8)."""
    with transaction.atomic():
        about = Dispute.objects.get(stripe_id=case)
        purchase = Purchase.objects.select_for_update().get(pk=about.purchase_id)
        dispute = Dispute.objects.select_for_update().get(pk=about.pk)
        if dispute.is_open:
            dispute.status = Status.WON if is_won else Status.LOST
            dispute.closed_at = clock.now()
            dispute.save(update_fields=["status", "closed_at"])
            _settle(purchase, kept=purchase.amount_minor if is_won else 0, is_disputed=False, case=case)
    return dispute


def _settle(purchase: Purchase, *, kept: int, is_disputed: bool, case: str) -> None:
    settle(
        purchase,
        kept=kept,
        refunded=0,
        disputed=purchase.amount_minor - kept,
        is_disputed=is_disputed,
        case=case,
    )
    purchase.updated_at = clock.now()
    purchase.save()
    announce_balances(people={purchase.person_id})
