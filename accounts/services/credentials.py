"""Passwords."""

from __future__ import annotations

from django.db import transaction

from accounts.errors import WrongCredentials
from accounts.models import User
from accounts.selectors import find_by_login
from accounts.services import proofs
from accounts.services.letters import address_of, write


def check_password(*, login: str, password: str) -> User:
    """Return whose e-mail address or handle and password these are. Raises WrongCredentials.

    An unknown name, an account without a password and a wrong password cost one hash each and answer the same
    (ACC-1). A hash of an older scheme (bcrypt) is replaced by the present one on success.
    """
    person = find_by_login(login)
    if person is None:
        User().set_password(password)  # spends the time a check would have taken
        raise WrongCredentials
    if not person.check_password(password):
        raise WrongCredentials
    return person


@transaction.atomic
def change_password(*, person: User, password: str, session_key: str | None) -> None:
    """Set a new password, end every session but the one named, and tell the owner by mail.

    The caller keeps the present session alive with Django's `update_session_auth_hash`.
    """
    person.set_password(password)
    person.save(update_fields=["password"])
    proofs.end_sessions_of(person=person, but=session_key)
    write(to=person.email, letter="password_changed", person=person, security=address_of(page="accounts:recover"))
