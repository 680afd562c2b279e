"""The way out of a kind of mail, for whoever holds the letter: no sign-in, one press (NOT-6)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from accounts import selectors as accounts
from digis.core.errors import NotFound
from digis.core.htmx import render_page
from digis.core.limits import limited
from notifications import services, unsubscribe
from notifications.errors import CannotMute
from notifications.kinds import get_category

ASK, BAD = "notifications/unsubscribe.html", "notifications/unsubscribe_bad.html"
ONE_CLICK = "One-Click"  # RFC 8058: what a mail program posts in the reader's name


@csrf_exempt  # for the one-click post, which comes from no page of ours; a press on our own page carries its token
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("one_click")
def unsubscribe_mail(request: HttpRequest, token: str) -> HttpResponseBase:
    """GET asks, POST acts; pressing twice is fine. A mail scanner that follows links turns nothing off."""
    if request.method == "POST" and request.POST.get("List-Unsubscribe") == ONE_CLICK:
        status, _template, _context = _decide(token, is_pressed=True)
        return HttpResponse(status=status)  # nobody reads it: no page, no cookie
    return _page(request, token)


@csrf_protect
def _page(request: HttpRequest, token: str) -> HttpResponse:
    status, template, context = _decide(token, is_pressed=request.method == "POST")
    return render_page(request, template, context, status=status)


def _decide(token: str, *, is_pressed: bool) -> tuple[int, str, dict[str, Any]]:
    """Turn off what the token names when pressed; return what to answer."""
    try:
        person_id, name, channel = unsubscribe.read_whole(token)
        person = accounts.get_person(id=person_id)
    except NotFound:
        return 404, BAD, {}
    category = get_category(name)
    if category is None:
        return 404, BAD, {}
    context = {"category": category, "handle": person.username, "is_done": is_pressed, "is_kept": False}
    if is_pressed:
        try:
            services.set_preference(person=person, category=name, channel=channel, is_on=False)
        except CannotMute:
            return 403, ASK, {**context, "is_kept": True}
    return 200, ASK, context
