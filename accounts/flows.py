"""From a proven person to a signed-in browser, through allauth's flow so that its stages hold.

These functions need the request, so they are no services; views call them after the service that proved the person.
"""

from __future__ import annotations

import secrets
from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.internal.flows.logout import logout
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import Login
from allauth.account.stages import LoginStageController
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts import permissions, selectors, services
from accounts.models import User
from digis.core.http import client_address, redirect

DEVICE_COOKIE = "device"
DEVICE_COOKIE_AGE = 400 * 24 * 60 * 60  # what browsers keep at most
VIA_CODE = "code"
VIA_PASSWORD = "password"  # noqa: S105  # names the way, holds no secret


def begin(request: HttpRequest, person: User, *, via: str, next_url: str, is_new: bool = False) -> HttpResponse:
    """Start a session for a proven person, or lead to the second factor first."""
    record_authentication(request, person, method=via)
    answer = perform_login(request, Login(user=person, redirect_url=next_url, signup=is_new, email=person.email))
    return _leave(request, answer)


def pending_person(request: HttpRequest) -> User | None:
    """Return whose sign-in waits for its second factor in this session, or None."""
    if request.user.is_authenticated:
        return None
    stage = LoginStageController.enter(request, AuthenticateStage.key)
    return stage.login.user if stage is not None else None


def finish(request: HttpRequest, factor: Authenticator) -> HttpResponse:
    """Go on with a sign-in whose second factor was just shown."""
    stage = LoginStageController.enter(request, AuthenticateStage.key)
    if stage is None:
        return redirect(request, "accounts:sign_in")
    post_authentication(request, factor)
    return _leave(request, stage.exit())


def abandon(request: HttpRequest) -> None:
    """Forget a sign-in that waits for its second factor."""
    clear_login(request)


def confirm(request: HttpRequest, factor: Authenticator | None = None) -> None:
    """Note that a signed-in person proved themself again; the next ten minutes count as fresh (ACC-3)."""
    if factor is not None:
        post_authentication(request, factor, reauthenticated=True)
    permissions.mark_confirmed(request)


def end(request: HttpRequest) -> None:
    """Sign this browser out."""
    logout(request, show_message=False)


def passed_second_factor(request: HttpRequest) -> bool:
    """Tell whether this very session showed a second factor."""
    from allauth.account.internal.flows.login import get_authentication_records

    if not request.user.is_authenticated:
        return False
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user))


def guesses_key(request: HttpRequest, login: str) -> str:
    """Return by what wrong passwords for an account are counted: a browser that was in it before has a count of its own."""
    name, token = login.strip().casefold(), request.COOKIES.get(DEVICE_COOKIE, "")
    is_known = bool(token) and selectors.knows_browser(name, token)
    return f"login:{name}:{token}" if is_known else f"login:{name}"


def _leave(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """Turn allauth's redirect into ours, and note the browser once the person is in."""
    url = answer.headers.get("Location", reverse("accounts:sign_in"))
    response = redirect(request, url)
    if isinstance(request.user, User):
        token = request.COOKIES.get(DEVICE_COOKIE) or secrets.token_urlsafe(24)
        services.note_sign_in(
            person=request.user,
            device_token=token,
            user_agent=request.headers.get("user-agent", ""),
            ip=client_address(request),
        )
        _remember_device(response, token)
    return response


def _remember_device(response: HttpResponse, token: str) -> None:
    options: dict[str, Any] = {"max_age": DEVICE_COOKIE_AGE, "httponly": True, "samesite": "Lax"}
    response.set_cookie(DEVICE_COOKIE, token, secure=settings.SESSION_COOKIE_SECURE, **options)
