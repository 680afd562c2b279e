"""Privacy, blocked people, appearance and the currency prices are shown in."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import selectors, services
from accounts.forms import BlockForm, CurrencyForm, PrivacyForm, ThemeForm
from accounts.permissions import require_signed_in
from accounts.views.nav import render_settings
from digis.core.context import theme_of
from digis.core.errors import Forbidden, NotFound
from digis.core.http import next_url, redirect
from digis.core.limits import limited

THEME_AGE = 400 * 24 * 60 * 60


@require_http_methods(["GET", "HEAD", "POST"])
@limited("profile")
def settings_privacy(request: HttpRequest) -> HttpResponse:
    person = require_signed_in(request.user)
    if request.method == "POST":
        form = PrivacyForm(request.POST)
        if form.is_valid():
            services.save_privacy(person=person, **form.cleaned_data)
            messages.success(request, _("Your privacy settings are saved."))
            return redirect(request, "accounts:settings_privacy")
    else:
        form = PrivacyForm(initial={name: getattr(person, name) for name in PrivacyForm.base_fields})
    status = 422 if form.is_bound else 200
    return render_settings(request, "settings_privacy", "privacy", {"form": form, "person": person}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@limited("social")
def settings_blocks(request: HttpRequest) -> HttpResponse:
    person = require_signed_in(request.user)
    form = BlockForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            other = selectors.get_person_by_handle(form.cleaned_data["handle"])
            services.block(blocker=person, blocked=other)
        except NotFound:
            form.add_error("handle", _("Nobody has that handle."))
        except Forbidden:
            form.add_error("handle", _("You cannot block yourself, or our staff."))
        else:
            messages.success(request, _("@%(handle)s is blocked.") % {"handle": other.username})
            return redirect(request, "accounts:settings_blocks")
    context = {"form": form, "blocks": selectors.list_blocked(person)}
    return render_settings(request, "settings_blocks", "blocks", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@limited("profile")
def settings_appearance(request: HttpRequest) -> HttpResponse:
    """Show the theme, which `theme` keeps, and keep the currency."""
    person = require_signed_in(request.user)
    if request.method == "POST":
        form = CurrencyForm(request.POST)
        if form.is_valid():
            services.save_currency(person=person, **form.cleaned_data)
            messages.success(request, _("Your currency is saved."))
            return redirect(request, "accounts:settings_appearance")
    else:
        form = CurrencyForm(initial={"currency": person.currency or settings.TOKEN_CURRENCY})
    context = {"form": ThemeForm(initial={"theme": theme_of(request)}), "currency_form": form}
    status = 422 if form.is_bound else 200
    return render_settings(request, "settings_appearance", "appearance", context, status=status)


@login_not_required
@require_POST
@limited("write")
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the choice in a cookie, which the server reads before the page is drawn: no flash, no script."""
    form = ThemeForm(request.POST)
    response = redirect(request, next_url(request, default="accounts:settings_appearance"))
    if form.is_valid():
        response.set_cookie(
            "theme",
            form.cleaned_data["theme"],
            max_age=THEME_AGE,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response
