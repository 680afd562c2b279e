"""What accounts does on Django's own news."""

from __future__ import annotations

from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_out

from accounts import services
from accounts.models import User
from accounts.signals import person_signed_out
from digis.core import realtime


def connect() -> None:
    """Listen for sign-outs, whichever page they come from."""
    user_logged_out.connect(on_signed_out, dispatch_uid="accounts.signed_out")


def on_signed_out(*, request: Any, user: Any, **_kwargs: Any) -> None:
    """Drop the session from its owner's list and close the sockets it opened."""
    if not isinstance(user, User):
        return
    key = request.session.session_key or ""
    UserSession.objects.filter(user=user.pk, session_key=key).delete()
    person_signed_out.send(sender=User, person=user, session_key=key)
    realtime.close_sockets(user.pk, key)


def on_heard(user: Any) -> None:
    """Note that a person's browser was heard on its socket."""
    services.note_presence(user=user)
