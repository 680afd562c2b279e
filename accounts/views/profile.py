"""What a person shows of themself."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import selectors, services
from accounts.forms import ProfileForm
from accounts.models import User
from accounts.permissions import require_signed_in
from accounts.views.nav import render_settings
from digis.core.http import redirect
from digis.core.limits import limited


@require_http_methods(["GET", "HEAD"])
def settings_home(request: HttpRequest) -> HttpResponse:
    return redirect(request, "accounts:settings_profile")


@require_http_methods(["GET", "HEAD", "POST"])
@limited("profile")
def settings_profile(request: HttpRequest) -> HttpResponse:
    person = require_signed_in(request.user)
    categories = [(category.slug, category.name) for category in selectors.list_categories()]
    if request.method == "POST":
        form = ProfileForm(request.POST, request.FILES, person=person, categories=categories)
    else:
        form = ProfileForm(initial=_initial(person), person=person, categories=categories)
    if form.is_valid():
        services.save_profile(person=person, **form.changes())
        messages.success(request, _("Your profile is saved."))
        return redirect(request, "accounts:settings_profile")
    context = {"form": form, "person": person}
    status = 422 if form.is_bound else 200
    return render_settings(request, "settings_profile", "profile", context, status=status)


def _initial(person: User) -> dict[str, object]:
    names = ("display_name", "bio", "location", "languages", "time_zone")
    initial: dict[str, object] = {name: getattr(person, name) for name in names}
    if person.is_approved_creator:
        initial["headline"] = person.creator.headline
        initial["categories"] = [category.slug for category in person.creator.categories.all()]
    return initial
