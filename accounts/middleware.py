"""When each signed-in browser was last used."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponseBase

from digis.core import clock

SEEN_KEY = "seen_at"
EVERY = timedelta(minutes=5)


class SessionActivityMiddleware:
    """Note a session's use for its owner's list, at most every five minutes.

    allauth's own middleware writes at every request, four statements a page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.session.session_key and request.user.is_authenticated and self._is_due(request):
            UserSession.objects.create_from_request(request)
            request.session[SEEN_KEY] = clock.now().isoformat()
        return self.get_response(request)

    def _is_due(self, request: HttpRequest) -> bool:
        seen = request.session.get(SEEN_KEY)
        return not isinstance(seen, str) or abs(clock.now() - datetime.fromisoformat(seen)) >= EVERY
