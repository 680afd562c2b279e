"""When each signed-in browser was last used, and where suspended people may go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponseBase

from accounts import services
from accounts.errors import AccountSuspended
from accounts.models import User
from digis.core import api_errors, clock, currencies, registry
from digis.core.http import is_api, redirect, status_of

# What a suspended person may open besides what the apps above register (ACC-9): the reason and the appeal, their data,
# the proof that it is them, the way out, what secures an account, and what everybody may read.
OPEN_ROUTES = frozenset({
    "accounts:suspended", "accounts:settings_export", "accounts:reauthenticate", "accounts:sign_out", "accounts:theme",
    "accounts:undo_email", "accounts:recover", "accounts:recover_set", "accounts:legal", "accounts:terms",
    "accounts:privacy", "core:media", "core:healthz", "core:readyz", "core:metrics",
})  # fmt: skip

SEEN_KEY = "seen_at"
EVERY = timedelta(minutes=5)


class SessionActivityMiddleware:
    """Note a session's use for its owner's list, at most every five minutes; and at first sight, its region's currency.

    allauth's own middleware writes at every request, four statements a page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.session.session_key and request.user.is_authenticated and self._is_due(request):
            UserSession.objects.create_from_request(request)
            request.session[SEEN_KEY] = clock.now().isoformat()
            self._note_region(request)
        return self.get_response(request)

    def _note_region(self, request: HttpRequest) -> None:
        person = request.user
        if isinstance(person, User) and not person.currency:
            currency = currencies.currency_of_languages(request.headers.get("Accept-Language", ""))
            if currency:
                services.keep_first_currency(person=person, currency=currency)

    def _is_due(self, request: HttpRequest) -> bool:
        seen = request.session.get(SEEN_KEY)
        return not isinstance(seen, str) or abs(clock.now() - datetime.fromisoformat(seen)) >= EVERY


class SuspensionMiddleware:
    """Lead suspended people to the one page that is left to them, wherever else they go (ACC-9)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponseBase | None:
        person = request.user
        if not isinstance(person, User) or not person.is_suspended:
            return None
        route = request.resolver_match.view_name if request.resolver_match else ""
        if route in OPEN_ROUTES or any(route in action.routes for action in registry.suspended_actions.values()):
            return None
        if is_api(request):
            refusal = AccountSuspended(reason=person.suspension_reason or "—")
            return api_errors.envelope_of(refusal, request, status=status_of(refusal))
        return redirect(request, "accounts:suspended")
