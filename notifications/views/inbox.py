"""The inbox, and the bell of a creator."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import selectors as accounts
from accounts.permissions import require_signed_in
from digis.core.errors import ValidationFailed
from digis.core.htmx import render_page
from digis.core.http import next_url, redirect
from digis.core.limits import limited
from digis.core.pagination import cursor_page
from notifications import bounces, selectors, services
from notifications.events import TABS, place_of, url_of
from notifications.forms import BellForm, ReadForm
from notifications.kinds import list_categories
from notifications.models import Bell

PAGE = 30
TAB_WORDS = {"all": gettext_lazy("All"), "unread": gettext_lazy("Unread")}


@never_cache
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """List what a person was told, by day: all of it, or the unread, perhaps of one category."""
    person = require_signed_in(request.user)
    tab = request.GET.get("tab", "all")
    tab = tab if tab in TABS else "all"
    categories = {category.name: category.title for category in list_categories()}
    category = request.GET.get("category", "")
    category = category if category in categories else ""
    heads = selectors.list_heads(person, unread=tab == "unread", category=category)
    page = cursor_page(heads, request=request, order=",".join(selectors.ORDER), size=PAGE)
    context = {
        "page": page,
        "lines": selectors.present_lines(person, page),
        "tab": tab,
        "category": category,
        "place": {"tab": tab, "list": place_of(tab, category), "url": url_of(tab, category)},
        "tabs": [
            {"url": url_of(name, category), "label": label, "is_current": name == tab}
            for name, label in TAB_WORDS.items()
        ],
        "filters": [
            {"url": url_of(tab, name), "label": label, "is_current": name == category}
            for name, label in {"": _("Everything"), **categories}.items()
        ],
        "clear_url": url_of("all"),
        "suppression": bounces.find_suppression(person.email),
    }
    is_list = request.htmx and request.htmx.target == "news"  # type: ignore[attr-defined]  # set by HtmxMiddleware
    return render_page(request, "notifications/inbox.html", context, part="list" if is_list else "more")


@never_cache
@require_safe
def open_one(request: HttpRequest, notification_id: UUID) -> HttpResponse:
    """Mark one as read and go to the thing it is about; where there is none, to the inbox."""
    person = require_signed_in(request.user)
    if request.method == "HEAD":
        selectors.get_notification_for(person, id=notification_id)
        return HttpResponse()
    url = services.open_notification(person=person, notification_id=notification_id)
    return redirect(request, url or reverse("notifications:list"))


@require_POST
@limited("write")
def read(request: HttpRequest) -> HttpResponse:
    """Mark some as read, or all; every open tab shows it."""
    person = require_signed_in(request.user)
    form = ReadForm(request.POST)
    if not form.is_valid():
        raise ValidationFailed({name: list(lines) for name, lines in form.errors.items()})
    services.mark_read(person=person, ids=form.cleaned_data["ids"], everything=form.cleaned_data["all"])
    return redirect(request, next_url(request, default=reverse("notifications:list")))


@require_POST
@limited("social")
def bell(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Choose how much to hear of a creator."""
    person = require_signed_in(request.user)
    creator = accounts.get_person(id=person_id)
    form = BellForm(request.POST)
    if not form.is_valid():
        raise ValidationFailed({name: list(lines) for name, lines in form.errors.items()})
    services.set_bell(person=person, creator=creator, level=form.cleaned_data["level"])
    words = {
        Bell.Level.ALL: _("You hear everything of %(name)s."),
        Bell.Level.LIVE: _("You hear when %(name)s is live."),
        Bell.Level.OFF: _("You hear nothing of %(name)s."),
    }
    messages.success(request, words[Bell.Level(form.cleaned_data["level"])] % {"name": creator.name})
    return redirect(request, next_url(request, default=reverse("discovery:creator", args=[creator.username])))
