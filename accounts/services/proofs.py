"""What follows when somebody proves to hold an address. Called inside the transaction of the act that proved it."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession

from accounts.models import User
from accounts.services.letters import address_of, write
from accounts.signals import address_proven, person_signed_out, person_verified
from digis.core import clock, realtime


def prove_address(*, person: User, by_stranger: bool = False) -> bool:
    """Note the first proof of an address and announce it once; tell whether a password was dropped.

    `by_stranger`: the proof came from outside the account's own session. Then whoever made the account may not
    be who owns the address, so all they set up (password, second factor, sessions) is taken away.
    """
    address_proven.send(sender=User, person=person)
    if person.is_email_verified:
        return False
    person.email_verified_at = clock.now()
    dropped = by_stranger and person.has_usable_password()
    if dropped:
        person.set_unusable_password()
        Authenticator.objects.filter(user=person.pk).delete()
        end_sessions_of(person=person)
        write(
            to=person.email,
            letter="password_dropped",
            person=person,
            security=address_of(page="accounts:settings_security"),
        )
    person.save(update_fields=["email_verified_at", "password"])
    person_verified.send(sender=User, person=person)
    return dropped


def end_sessions_of(*, person: User, but: str | None = None) -> None:
    """End a person's sessions, except one where named, and close their sockets once that is committed."""
    for session in UserSession.objects.filter(user=person.pk).exclude(session_key=but or ""):
        end_one(person=person, session=session)


def end_one(*, person: User, session: UserSession) -> None:
    """End one session and close its sockets once that is committed."""
    session.end()
    person_signed_out.send(sender=User, person=person, session_key=session.session_key)
    realtime.close_sockets(person.pk, session.session_key)
