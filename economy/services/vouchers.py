"""Codes that give bonus tokens, and bonus tokens staff give."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import require_not_staff, require_verified
from digis.core import audit, clock
from digis.core.errors import Forbidden, ValidationFailed
from digis.core.idempotency import fingerprint_of, run_once
from digis.core.ids import uuid7
from economy.models import BonusGrant, Redemption, VoucherCode
from economy.services.grants import grant_promotional

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # nothing that is read as something else


def normalize_code(*, code: str) -> str:
    """Return a code as it is stored: letters and digits in capitals, marks and spaces people write between them dropped."""
    return re.sub(r"[\s\-–_.]+", "", code).upper()


def make_code(*, length: int = 12) -> str:
    """Return a fresh code nobody guesses."""
    return "".join(secrets.choice(ALPHABET) for _place in range(length))


def redeem_code(*, person: User, code: str, key: str) -> Redemption:
    """Give a person what a code is worth, as bonus tokens with their expiry, and return the redemption.

    The code's row is locked, so that its caps hold whoever comes at the same moment. What creators earn from these tokens is
    not withdrawable (LEDGER-9). The same key again returns the first redemption (LEDGER-4). Raises ValidationFailed with
    one sentence for the field `code`, EmailUnverified and StaffStandApart.
    """
    require_not_staff(person)
    require_verified(person)
    word = normalize_code(code=code)
    redemption, _is_replay = run_once(
        person=person,
        scope="redeem",
        key=key,
        fingerprint=fingerprint_of(code=word),
        act=lambda: _redeem(person, word),
        load=lambda ref: Redemption.objects.select_related("code", "transaction").get(pk=int(ref)),
        ref=lambda made: str(made.pk),
    )
    return redemption


@transaction.atomic
def _redeem(person: User, word: str) -> Redemption:
    now = clock.now()
    code = VoucherCode.objects.select_for_update(no_key=True).filter(code=word).first()
    if code is None or not code.is_active or code.starts_at > now:
        raise _refused(_("This code is not one of ours. Check every letter."))
    if code.ends_at is not None and code.ends_at <= now:
        raise _refused(_("This code has ended."))
    used = Redemption.objects.filter(code=code, person=person).count()
    if used >= code.cap_per_person:
        raise _refused(_("You have used this code already."))
    if code.cap is not None and code.used >= code.cap:
        raise _refused(_("This code has been used up."))
    code.used += 1
    code.save(update_fields=["used"])
    given = grant_promotional(
        person=person,
        amount=code.amount,
        key=f"voucher:{code.pk}:{person.pk}:{used + 1}",
        reason="voucher",
        expires_at=now + timedelta(days=code.expiry_days),
    )
    return Redemption.objects.create(code=code, person=person, number=used + 1, transaction=given, created_at=now)


def _refused(sentence: str) -> ValidationFailed:
    return ValidationFailed({"code": [sentence]}, sentence)


def save_code(*, staff: User, code: VoucherCode) -> VoucherCode:
    """Store a new or changed code for staff, with a trace in the audit log. An empty code gets one nobody guesses."""
    with transaction.atomic():
        code.code = normalize_code(code=code.code) or make_code()
        is_new = code._state.adding  # noqa: SLF001  Django's documented way to ask
        if is_new:
            code.created_by = staff
        code.save()
        audit.record(
            actor=staff,
            action="economy.code_made" if is_new else "economy.code_changed",
            target=code,
            reason=code.note,
            data={"amount": code.amount, "cap": code.cap, "per_person": code.cap_per_person, "active": code.is_active},
        )
    return code


def give_bonus(
    *, staff: User, person: User, amount: int, reason: str, expiry_days: int | None = None, key: str
) -> BonusGrant:
    """Give a person bonus tokens for a reason, and return the grant. Never withdrawable (LEDGER-9).

    Amount in tokens, at most STAFF_GRANT_MAX_TOKENS at once. Written to the audit log. The same key again returns the
    first grant (LEDGER-4). Raises Forbidden for people who are no staff, StaffStandApart and ValidationFailed.
    """
    if not staff.is_staff:
        raise Forbidden
    require_not_staff(person)
    grant, _is_replay = run_once(
        person=staff,
        scope="bonus",
        key=key,
        fingerprint=fingerprint_of(person=person.pk, amount=amount, days=expiry_days),
        act=lambda: _give(staff, person, amount, reason.strip(), expiry_days or settings.PROMOTIONAL_DAYS, key),
        load=lambda ref: BonusGrant.objects.select_related("person", "transaction").get(pk=UUID(ref)),
        ref=lambda made: str(made.pk),
    )
    return grant


@transaction.atomic
def _give(staff: User, person: User, amount: int, reason: str, days: int, key: str) -> BonusGrant:
    most = settings.STAFF_GRANT_MAX_TOKENS
    if not 1 <= amount <= most:
        words = {"most": number_format(most, force_grouping=True)}
        raise ValidationFailed({"amount": [_("Give between 1 and %(most)s tokens.") % words]})
    if not reason:
        raise ValidationFailed({"reason": [_("Write why.")]})
    now = clock.now()
    given = grant_promotional(
        person=person,
        amount=amount,
        key=f"bonus:{staff.pk}:{fingerprint_of(key=key)}",
        reason="staff",
        expires_at=now + timedelta(days=days),
        actor=staff,
    )
    grant = BonusGrant.objects.create(
        id=uuid7(), person=person, amount=amount, expiry_days=days, reason=reason, transaction=given,
        created_by=staff, created_at=now,
    )  # fmt: skip
    audit.record(actor=staff, action="economy.bonus", target=person, reason=reason, data={"amount": amount})
    return grant
