"""The public surfaces: home, explore, search, a creator's page, help; and development's component gallery."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import selectors as accounts
from accounts.models import User
from digis.core.htmx import render_page
from digis.core.http import redirect
from digis.core.pagination import cursor_page
from digis.core.templatetags.digis import language
from discovery import chart, gallery, selectors
from discovery.forms import FacetForm, SearchForm
from discovery.selectors.explore import Facets, sort_choices
from discovery.selectors.studio import get_studio_home

PAGE: Final = 24
TABS: Final = {"": "overview", "calls": "calls", "about": "about"}


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Pitch to strangers; show the signed-in whom they follow and who picks up."""
    if isinstance(request.user, User):
        return render_page(request, "discovery/home.html", {"home": selectors.get_home(request.user)})
    return render_page(request, "discovery/pitch.html", {"pitch": selectors.get_pitch()})


@login_not_required
@require_safe
def explore(request: HttpRequest, category: str = "") -> HttpResponse:
    """List creators by the facets in the address."""
    chosen = selectors.get_category(category) if category else None
    facets = FacetForm(request.GET).facets(category)
    creators, order = selectors.explore_creators(request.user, facets)
    page = cursor_page(creators, request=request, order=order, size=PAGE)
    context = {
        "cards": selectors.list_cards(page),
        "page": page,
        "category": chosen,
        "facets": facets,
        "is_later": "cursor" in request.GET,
    }
    part = "results"
    if request.htmx and request.htmx.target != "results":  # type: ignore[attr-defined]  # set by HtmxMiddleware
        part = "items"
    else:
        context |= {
            "count": creators.count(),
            "categories": accounts.list_categories(),
            "languages": selectors.list_languages(request.user),
            "sorts": sort_choices(),
            "chips": _chips(request, facets),
            "clear_url": request.path,
        }
    return render_page(request, "discovery/explore.html", context, part=part)


def _chips(request: HttpRequest, facets: Facets) -> list[dict[str, str]]:
    """Return the facets in force, each with the address that drops it."""
    labels = {
        "now": _("Picks up now") if facets.online else "",
        "speaks": language(facets.language) if facets.language else "",
        "least": _("From %(n)s a minute") % {"n": facets.least} if facets.least is not None else "",
        "most": _("Up to %(n)s a minute") % {"n": facets.most} if facets.most is not None else "",
    }
    chips = []
    for name, label in labels.items():
        if label:
            rest = request.GET.copy()
            rest.pop(name, None)
            rest.pop("cursor", None)
            chips.append(
                {"name": name, "label": label, "url": f"{request.path}?{rest.urlencode()}" if rest else request.path}
            )
    return chips


@login_not_required
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Find creators by words, `@handle` or `#tag` (DISC-4)."""
    query = SearchForm(request.GET).query()
    found, order = selectors.search_creators(request.user, query)
    page = cursor_page(found, request=request, order=order, size=PAGE)
    cards = selectors.list_cards(page)
    context: dict[str, Any] = {"cards": cards, "page": page, "search_query": query, "is_later": "cursor" in request.GET}
    if not cards:
        context |= {"suggestions": selectors.list_suggestions(request.user), "categories": accounts.list_categories()}
    return render_page(request, "discovery/search.html", context, part="items")


@login_not_required
@require_safe
def creator(request: HttpRequest, handle: str, tab: str = "") -> HttpResponse:
    """Show a creator's page; a former handle, or one written otherwise, leads to the present one (ACC-4)."""
    if tab not in TABS:
        raise Http404
    page = selectors.get_creator_page(request.user, handle)
    if page.redirect_to is not None:
        return HttpResponseRedirect(_tab_url(page.redirect_to, tab))
    name = page.person.username
    tabs = [
        {"url": _tab_url(name, key), "label": label, "is_current": key == tab}
        for key, label in {"": _("Overview"), "calls": _("Calls"), "about": _("About")}.items()
    ]
    here = urlencode({"next": request.path})
    context = {
        "profile": page,
        "person": page.person,
        "card": page.card,
        "tab": TABS[tab],
        "tabs": tabs,
        "sign_in_url": f"{reverse('accounts:sign_in')}?{here}",
        "canonical": settings.SITE_URL + _tab_url(name, tab),
    }
    return render_page(request, "discovery/creator.html", context)


def _tab_url(handle: str, tab: str) -> str:
    if tab:
        return reverse("discovery:creator_tab", kwargs={"handle": handle, "tab": tab})
    return reverse("discovery:creator", kwargs={"handle": handle})


@require_safe
def studio(request: HttpRequest) -> HttpResponse:
    """Show a creator today, their money, and what waits; send everybody else to the application (ACC-6)."""
    person = request.user
    if not isinstance(person, User) or not person.is_approved_creator:
        return redirect(request, "accounts:become_creator")
    found = get_studio_home(person)
    best = max(found.days, key=lambda day: day.together)
    context = {"studio": found, "charts": chart.draw_days(found.days), "best": best}
    return render_page(request, "discovery/studio/home.html", context)


@login_not_required
@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Say how prices, calls, ranking and safety work."""
    return render_page(request, "discovery/help.html")


@login_not_required
@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """Show every component in both themes; a page of development only."""
    if not settings.DEV_PAGES:
        raise Http404
    return render_page(request, "discovery/components.html", gallery.context())
