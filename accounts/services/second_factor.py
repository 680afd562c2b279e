"""The second factor: an authenticator app and recovery codes, kept by allauth's models."""

from __future__ import annotations

from typing import Literal

from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, validate_totp_code
from django.core.cache import cache
from django.db import transaction

from accounts.errors import WrongCode
from accounts.models import User
from accounts.permissions import require_verified
from accounts.services.letters import address_of, write
from digis.core import audit
from digis.core.errors import InvalidState

Factor = Literal["totp", "recovery_codes"]


def start_totp() -> str:
    """Return a new secret for an authenticator app; nothing is kept until a code of it is shown."""
    return generate_totp_secret()


@transaction.atomic
def turn_on_totp(*, person: User, secret: str, code: str) -> None:
    """Set up the second factor once the app shows the right code, with ten recovery codes.

    Raises WrongCode, EmailUnverified (a stranger could lock the owner of the address out), InvalidState when it is on.
    """
    require_verified(person)
    if not validate_totp_code(secret, code):
        raise WrongCode
    enroll_totp(user=person, secret=secret)
    write(
        to=person.email,
        letter="second_factor_on",
        person=person,
        security=address_of(page="accounts:settings_security"),
    )


@transaction.atomic
def enroll_totp(*, user: User, secret: str) -> None:
    """Set up a second factor from a known secret (base32), with recovery codes. For trusted callers.

    Raises InvalidState when one is on.
    """
    User.objects.select_for_update().get(pk=user.pk)
    if Authenticator.objects.filter(user=user.pk, type=Authenticator.Type.TOTP).exists():
        raise InvalidState
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    audit.record(actor=user, action="accounts.second_factor_on", target=user)


@transaction.atomic
def turn_off_totp(*, person: User) -> None:
    """Remove the second factor and its recovery codes, and tell the owner. The caller asked for a step-up (ACC-3).

    Staff cannot: they need one (ACC-5). Raises InvalidState.
    """
    if person.is_staff:
        raise InvalidState
    removed, _each = Authenticator.objects.filter(user=person.pk).delete()
    if removed:
        write(
            to=person.email,
            letter="second_factor_off",
            person=person,
            security=address_of(page="accounts:settings_security"),
        )
        audit.record(actor=person, action="accounts.second_factor_off", target=person)


@transaction.atomic
def renew_recovery_codes(*, person: User) -> list[str]:
    """Replace the recovery codes by ten new ones; the old ones stop working. Raises InvalidState without a factor."""
    User.objects.select_for_update().get(pk=person.pk)
    if not Authenticator.objects.filter(user=person.pk, type=Authenticator.Type.TOTP).exists():
        raise InvalidState
    Authenticator.objects.filter(user=person.pk, type=Authenticator.Type.RECOVERY_CODES).delete()
    codes: list[str] = RecoveryCodes.activate(person).get_unused_codes()
    write(
        to=person.email,
        letter="recovery_codes_new",
        person=person,
        security=address_of(page="accounts:settings_security"),
    )
    return codes


@transaction.atomic
def check_second_factor(*, person: User, code: str) -> Authenticator:
    """Take a code of the app, or one recovery code, which is used up. Raises WrongCode.

    A code of the app works once.
    """
    factors: list[Authenticator] = list(
        Authenticator.objects.filter(user=person.pk).exclude(type=Authenticator.Type.WEBAUTHN)
    )
    for factor in sorted(factors, key=lambda factor: factor.type != Authenticator.Type.TOTP):
        is_right = factor.wrap().validate_code(code)  # type: ignore[no-untyped-call]  # allauth has none
        if is_right and _is_first_use(factor, code):
            factor.record_usage()
            if factor.type == Authenticator.Type.RECOVERY_CODES:
                left = len(RecoveryCodes(Authenticator.objects.get(pk=factor.pk)).get_unused_codes())
                write(
                    to=person.email,
                    letter="recovery_code_used",
                    person=person,
                    left=left,
                    security=address_of(page="accounts:settings_security"),
                )
            return factor
    raise WrongCode


def _is_first_use(factor: Authenticator, code: str) -> bool:
    """Remember a code for as long as it could be right again; allauth remembers it for one half minute only."""
    if factor.type != Authenticator.Type.TOTP:
        return True
    seconds = mfa_settings.TOTP_PERIOD * (2 * mfa_settings.TOTP_TOLERANCE + 1)
    digits = "".join(sign for sign in code if sign.isdigit())
    return bool(cache.add(f"accounts:totp:{factor.user_id}:{digits}", "used", timeout=seconds))
