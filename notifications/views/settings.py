"""What a person hears, by which ways, and when: `/settings/notifications/`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.permissions import require_signed_in
from accounts.views.nav import settings_items, shell_of
from digis.core.errors import ValidationFailed
from digis.core.htmx import render_page
from digis.core.http import redirect
from digis.core.limits import limited
from notifications import bounces, selectors, services
from notifications.forms import DigestForm, QuietForm, TableForm

SETTINGS = "notifications:settings"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("profile")
def settings(request: HttpRequest) -> HttpResponse:
    """Choose what comes by which way, when it is quiet, and what is gathered; each form saves by itself."""
    person = require_signed_in(request.user)
    acts: dict[str, Callable[[HttpRequest, User], Form | None]] = {
        "table": _save_table,
        "quiet": _save_quiet,
        "digest": _save_digest,
    }
    forms: dict[str, Form] = {"quiet": _quiet_form(person), "digest": _digest_form(person)}
    if request.method == "POST":
        name = request.POST.get("form", "")
        if name not in acts:  # taken for the table, it would clear every box
            raise ValidationFailed(
                message=_("Nothing was saved. Open your notification settings again, then save there.")
            )
        refused = acts[name](request, person)
        if refused is None:
            return redirect(request, SETTINGS)
        forms[name] = refused
    context = {
        "rows": selectors.list_rows(person),
        "forms": forms,
        "refused": next((form for form in forms.values() if form.is_bound), None),
        "suppression": bounces.find_suppression(person.email),
        "has_quiet_hours": selectors.find_quiet_hours(person) is not None,
        "settings_items": settings_items(SETTINGS),
        "shell": shell_of(request),
    }
    return render_page(request, "notifications/settings.html", context, status=422 if context["refused"] else 200)


def _save_table(request: HttpRequest, person: User) -> None:
    form = TableForm(request.POST)
    form.is_valid()
    services.set_preferences(person=person, ticked=form.cleaned_data["on"])
    messages.success(request, _("Your choice is saved."))


def _save_quiet(request: HttpRequest, person: User) -> QuietForm | None:
    form = QuietForm({} if "off" in request.POST else request.POST)
    if form.is_valid():
        try:
            services.set_quiet_hours(person=person, **form.cleaned_data)
        except ValidationFailed as refusal:
            for name, lines in refusal.fields.items():
                form.add_error(name, lines)
            return form
        messages.success(request, _("Your quiet hours are saved."))
        return None
    return form


def _save_digest(request: HttpRequest, person: User) -> DigestForm | None:
    form = DigestForm(request.POST)
    if form.is_valid():
        chosen = form.cleaned_data
        services.set_digest(
            person=person, rhythm=chosen["rhythm"], at=time.fromisoformat(chosen["at"]), weekday=chosen["weekday"]
        )
        messages.success(request, _("Your digest is saved."))
        return None
    return form


def _quiet_form(person: User) -> QuietForm:
    found = selectors.find_quiet_hours(person)
    return QuietForm(initial={"starts": found.starts, "ends": found.ends} if found else None)


def _digest_form(person: User) -> DigestForm:
    found = selectors.get_digest(person)
    return DigestForm(initial={"rhythm": found.rhythm, "at": f"{found.at:%H:00}", "weekday": found.weekday})
