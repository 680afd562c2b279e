"""Gates: each returns quietly or raises the error that says why not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponseBase

from accounts.errors import AccountSuspended, StaffStandApart, TooYoung
from accounts.models import User
from accounts.models.people import ADULT
from digis.core import clock
from digis.core.errors import AuthRequired, CreatorOnly, EmailUnverified, ReauthRequired

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

FRESH_FOR = timedelta(minutes=10)
CONFIRMED_KEY = "confirmed_at"  # session: when this person last proved to be themself


def require_signed_in(user: User | AnonymousUser) -> User:
    """Return the person, or raise AuthRequired."""
    if not isinstance(user, User):
        raise AuthRequired
    return user


def require_good_standing(user: User) -> None:
    """Refuse a suspended person (ACC-9)."""
    if user.is_suspended:
        raise AccountSuspended(reason=user.suspension_reason or "—")


def require_verified(user: User) -> None:
    """Refuse a person whose e-mail address is not proven yet; nobody spends or posts before."""
    require_good_standing(user)
    if not user.is_email_verified:
        raise EmailUnverified


def require_adult(user: User) -> None:
    """Refuse a person under 18: calls and selling are for adults (CALL-1, ACC-10)."""
    if not user.is_adult:
        raise TooYoung(age=ADULT)


def require_creator(user: User) -> None:
    """Refuse anybody whom staff did not approve as a creator (ACC-6)."""
    require_good_standing(user)
    if not user.is_approved_creator:
        raise CreatorOnly


def require_not_staff(user: User) -> None:
    """Refuse staff: they have no wallet, cannot pay and cannot be paid (ACC-5)."""
    if user.is_staff:
        raise StaffStandApart


def mark_confirmed(request: HttpRequest) -> None:
    """Note in the session that the person behind it has just proven to be themself."""
    request.session[CONFIRMED_KEY] = clock.now().isoformat()


def is_freshly_authenticated(request: HttpRequest) -> bool:
    """Tell whether this session's person proved themself within the last ten minutes."""
    stamp = request.session.get(CONFIRMED_KEY)
    if not isinstance(stamp, str) or not request.user.is_authenticated:
        return False
    age = clock.now() - datetime.fromisoformat(stamp)
    return timedelta(0) <= age <= FRESH_FOR


def require_fresh_authentication(request: HttpRequest) -> None:
    """Raise ReauthRequired unless the person proved themself within ten minutes (ACC-3)."""
    if not is_freshly_authenticated(request):
        raise ReauthRequired


def step_up(view: View) -> View:
    """Ask for a new proof before a view runs; the error page's middleware leads there and back (ACC-3)."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        require_fresh_authentication(request)
        return view(request, *args, **kwargs)

    return cast("View", guarded)
