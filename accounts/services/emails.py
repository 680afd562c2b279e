"""The change of an e-mail address, and its undoing (ACC-3)."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Final
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.errors import AddressTaken, WrongCode
from accounts.models import EmailChange, EmailCode, User
from accounts.selectors import is_email_taken
from accounts.services import proofs
from accounts.services.codes import send_change_code, spend_code
from accounts.services.letters import address_of, write
from digis.core import audit, clock

UNDO_FOR: Final = timedelta(hours=72)


def start_email_change(*, person: User, email: str) -> None:
    """Mail a code to a new address. An address in use gets a word about it instead, and the page says the same (ACC-1).

    Raises RateLimited. The caller has asked for a step-up (ACC-3).
    """
    address = email.strip().lower()
    send_change_code(person=person, email=address, taken=is_email_taken(address, besides=person))


def confirm_email_change(*, person: User, email: str, code: str) -> EmailChange:
    """Move a person to a new address by its code, and tell the old address how to undo it for 72 hours.

    Raises WrongCode, LinkOnly, AddressTaken. Payouts wait as long (ACC-3).
    """
    address = email.strip().lower()
    spend_code(email=address, purpose=EmailCode.Purpose.CHANGE, digits=code, person=person)
    secret = secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            person = User.objects.select_for_update().get(pk=person.pk)
            change = EmailChange(user=person, old_email=person.email, new_email=address)
            change.undo_hash, change.undo_until = _hash(change, secret), clock.now() + UNDO_FOR
            change.save(force_insert=True)
            person.email = address
            person.save(update_fields=["email"])
            proofs.prove_address(person=person)
            write(
                to=change.old_email,
                letter="email_changed",
                person=person,
                new_email=address,
                link=address_of(page="accounts:undo_email", args=(change.pk, secret)),
                hours=int(UNDO_FOR.total_seconds() // 3600),
            )
            audit.record(actor=person, action="accounts.email_changed", target=person)
    except IntegrityError:
        raise AddressTaken from None
    return change


def peek_email_undo(*, change_id: UUID, secret: str) -> EmailChange:
    """Look at an undo link without using it. Raises WrongCode."""
    change = (
        EmailChange.objects.filter(pk=change_id, undone_at=None, undo_until__gt=clock.now())
        .select_related("user")
        .first()
    )
    if change is None or not constant_time_compare(change.undo_hash, _hash(change, secret)):
        raise WrongCode
    return change


@transaction.atomic
def undo_email_change(*, change_id: UUID, secret: str) -> User:
    """Give an account back to its former address. Raises WrongCode.

    Whoever changed it may still be inside: every session ends, the password and a second factor set up since go,
    and the owner signs in by a code to the old address (ACC-3).
    """
    change = peek_email_undo(change_id=change_id, secret=secret)
    change = EmailChange.objects.select_for_update().get(pk=change.pk)
    if change.undone_at is not None:
        raise WrongCode
    change.undone_at = clock.now()
    change.save(update_fields=["undone_at"])
    person = User.objects.select_for_update().get(pk=change.user_id)
    person.email = change.old_email
    person.set_unusable_password()
    person.save(update_fields=["email", "password"])
    Authenticator.objects.filter(user=person.pk, created_at__gte=change.created_at).delete()
    # Later changes built on this one cannot be undone into the stranger's hands.
    EmailChange.objects.filter(user=person.pk, created_at__gt=change.created_at).update(undone_at=clock.now())
    proofs.end_sessions_of(person=person)
    audit.record(actor=person, action="accounts.email_change_undone", target=person)
    return person


def _hash(change: EmailChange, secret: str) -> str:
    return salted_hmac(f"accounts.undo.{change.pk}", secret, algorithm="sha256").hexdigest()
