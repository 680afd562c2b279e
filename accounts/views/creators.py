"""Becoming a creator, step by step; every step is saved and can be resumed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import selectors, services
from accounts.forms import AboutForm, SendForm, WorkForm
from accounts.models import CreatorApplication, User
from accounts.permissions import require_signed_in
from digis.core.htmx import render_page
from digis.core.http import redirect
from digis.core.limits import limited

STEPS = ("work", "about", "send")
Form = WorkForm | AboutForm | SendForm


@require_http_methods(["GET", "HEAD", "POST"])
@limited("profile")
def become_creator(request: HttpRequest) -> HttpResponse:
    person = require_signed_in(request.user)
    application = selectors.find_latest_application(person)
    is_decided = application is not None and application.status != CreatorApplication.Status.DRAFT
    if person.is_approved_creator or (is_decided and "again" not in request.POST):
        return _render_state(request, person, application)
    if request.method == "POST" and ("again" in request.POST or "begin" in request.POST):
        services.start_application(person=person)
        return _to_step(request, "work")
    if application is None or is_decided:
        return _render_start(request, person)
    return _step(request, person, application)


def _step(request: HttpRequest, person: User, application: CreatorApplication) -> HttpResponse:
    step = request.POST.get("step") or request.GET.get("step") or _next_step(application)
    step = step if step in STEPS else "work"
    form = _form_for(step, request, application)
    if form.is_valid():
        if step == "send":
            services.submit_application(application=application)
            messages.success(request, _("Sent. We read it within two working days."))
            return redirect(request, "accounts:become_creator")
        services.save_application(application=application, **form.cleaned_data)
        return _to_step(request, STEPS[STEPS.index(step) + 1])
    names = {category.slug: category.name for category in selectors.list_categories()}
    context: dict[str, Any] = {
        "application": application,
        "person": person,
        "form": form,
        "step": step,
        "steps": _trail(step, application),
        "categories": [names[slug] for slug in application.category_slugs if slug in names],
        "is_complete": _next_step(application) == "send",
    }
    return render_page(
        request, "accounts/creator/apply.html", context, status=422 if form.is_bound and form.errors else 200
    )


def _form_for(step: str, request: HttpRequest, application: CreatorApplication) -> Form:
    data = request.POST if request.method == "POST" else None
    if step == "work":
        choices = [(category.slug, category.name) for category in selectors.list_categories()]
        initial = {"headline": application.headline, "categories": application.category_slugs}
        return WorkForm(data, initial=initial, categories=choices)
    if step == "about":
        return AboutForm(data, initial={"about": application.about, "links": application.links})
    return SendForm(data)


def _next_step(application: CreatorApplication) -> str:
    if not (application.headline and application.category_slugs):
        return "work"
    return "send" if application.about else "about"


def _trail(current: str, application: CreatorApplication) -> list[dict[str, Any]]:
    labels = {"work": _("Your work"), "about": _("Your calls"), "send": _("Check and send")}
    done = {"work": bool(application.headline and application.category_slugs), "about": bool(application.about)}
    page = reverse("accounts:become_creator")
    return [
        {
            "label": labels[step],
            "url": f"{page}?step={step}",
            "is_current": step == current,
            "is_done": done.get(step, False),
        }
        for step in STEPS
    ]


def _to_step(request: HttpRequest, step: str) -> HttpResponse:
    return redirect(request, f"{reverse('accounts:become_creator')}?step={step}")


def _render_start(request: HttpRequest, person: User) -> HttpResponse:
    kept = (10_000 - settings.PLATFORM_FEE_BP) / 100
    context = {"person": person, "is_young": not person.is_adult, "kept": f"{kept:g}"}
    return render_page(request, "accounts/creator/start.html", context)


def _render_state(request: HttpRequest, person: User, application: CreatorApplication | None) -> HttpResponse:
    context = {"application": application, "person": person, "can_apply": selectors.can_apply_again(application)}
    return render_page(request, "accounts/creator/state.html", context)
