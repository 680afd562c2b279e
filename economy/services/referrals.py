"""Invitations: who came by whose link, and what both get after a first purchase."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.permissions import require_not_staff
from accounts.selectors import is_blocked_between, share_device
from digis.core import clock, outbox
from economy.kinds import tell_of_reward
from economy.models import Purchase, Referral, ReferralCode
from economy.services.grants import grant_promotional
from economy.services.vouchers import ALPHABET

log = structlog.get_logger(__name__)
Outcome = Referral.Outcome


def open_referral_code(*, person: User) -> ReferralCode:
    """Return the word in a person's invitation link, made when it is first asked for."""
    require_not_staff(person)
    known = ReferralCode.objects.filter(person=person).first()
    while known is None:
        word = "".join(secrets.choice(ALPHABET) for _place in range(8)).lower()
        try:
            with transaction.atomic():
                known, _is_new = ReferralCode.objects.get_or_create(
                    person=person, defaults={"code": word, "created_at": clock.now()}
                )
        except IntegrityError:
            log.info("referral_code_taken")  # another word, then
    return known


def note_referral(*, person: User, code: str) -> Referral | None:
    """Remember by whose link a new person came; None when the word is nobody's. Once a person, never oneself or staff."""
    found = ReferralCode.objects.select_related("person").filter(code=code.strip().lower()[:12]).first()
    if found is None or person.is_staff or found.person.is_staff or found.person_id == person.pk:
        return None
    with transaction.atomic():
        referral, _is_new = Referral.objects.get_or_create(
            person=person, defaults={"referrer": found.person, "created_at": clock.now()}
        )
    return referral


def promise_referral(*, purchase: Purchase) -> None:
    """Have a worker settle the invitation of somebody who has just paid, inside the transaction that credited it."""
    if (
        purchase.status == Purchase.Status.PAID
        and Referral.objects.filter(person=purchase.person_id, outcome=Outcome.WAITING).exists()
    ):
        outbox.enqueue(
            kind="economy.referral", payload={"person": str(purchase.person_id)}, key=str(purchase.person_id)
        )


def settle_referral(*, person_id: UUID) -> Referral | None:
    """Give both their reward for an invitation whose person has bought tokens, and return it as it stands.

    Once, however often this runs. Nothing where both use one device, or either blocks the other; the one who invited gets
    nothing beyond REFERRAL_MONTH_CAP in a calendar month of theirs. Never withdrawable (LEDGER-9).
    """
    with transaction.atomic():
        referral = _lock(person_id)
        if referral is None or referral.outcome != Outcome.WAITING or not _has_paid(person_id):
            return referral
        referral.outcome = _judge(referral)
        referral.settled_at = clock.now()
        referral.save(update_fields=["outcome", "settled_at"])
        if referral.outcome != Outcome.REFUSED:
            outbox.enqueue(kind="economy.referral_reward", payload={"referral": str(person_id)}, key=str(person_id))
    return referral


def reward_referral(*, person_id: UUID) -> None:
    """Give what a settled invitation brings; repeatable. Each wallet is a transaction of its own, so that none waits for two."""
    referral = Referral.objects.select_related("person", "referrer").get(pk=person_id)
    people = {Outcome.REWARDED: [referral.person, referral.referrer], Outcome.CAPPED: [referral.person]}
    for person in people.get(Outcome(referral.outcome), []):
        key = f"referral:{referral.pk}:{person.pk}"
        with transaction.atomic():
            grant_promotional(person=person, amount=settings.REFERRAL_TOKENS, key=key, reason="referral")
            tell_of_reward(person=person, amount=settings.REFERRAL_TOKENS, key=key)


def _lock(person_id: UUID) -> Referral | None:
    """Lock an invitation and whoever invited: their rewards of a month are counted one after the other."""
    referral = (
        Referral.objects.select_for_update(of=("self",))
        .select_related("person", "referrer")
        .filter(pk=person_id)
        .first()
    )
    if referral is not None:
        ReferralCode.objects.select_for_update().filter(person=referral.referrer_id).first()
    return referral


def _has_paid(person_id: UUID) -> bool:
    return Purchase.objects.filter(person=person_id, status=Purchase.Status.PAID).exists()


def _judge(referral: Referral) -> Outcome:
    person, referrer = referral.person, referral.referrer
    if share_device(person, referrer) or is_blocked_between(person, referrer) or not referrer.is_active:
        return Outcome.REFUSED
    if referrer.is_suspended or count_rewards_of_month(referrer=referrer) >= settings.REFERRAL_MONTH_CAP:
        return Outcome.CAPPED
    return Outcome.REWARDED


def count_rewards_of_month(*, referrer: User) -> int:
    """Return for how many invitations a person was rewarded in the present month of their own zone."""
    now = clock.now().astimezone(ZoneInfo(referrer.time_zone))
    since = datetime(now.year, now.month, 1, tzinfo=now.tzinfo)
    return Referral.objects.filter(referrer=referrer, outcome=Outcome.REWARDED, settled_at__gte=since).count()
