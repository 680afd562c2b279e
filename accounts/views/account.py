"""The handle and the e-mail address."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import flows, services
from accounts.errors import AddressTaken, HandleChangedRecently, HandleNotAllowed, HandleTaken, LinkOnly, WrongCode
from accounts.forms import CodeForm, EmailChangeForm, HandleForm
from accounts.permissions import require_signed_in, step_up
from accounts.views.entry import with_suggestions
from accounts.views.nav import render_settings
from digis.core.htmx import render_page
from digis.core.http import redirect
from digis.core.limits import limited

PENDING_KEY = "email_change"


@require_http_methods(["GET", "HEAD"])
def settings_account(request: HttpRequest) -> HttpResponse:
    person = require_signed_in(request.user)
    form = HandleForm(initial={"handle": person.username})
    return render_settings(request, "settings_account", "account", {"form": form, "person": person})


@require_POST
@limited("profile")
def settings_handle(request: HttpRequest) -> HttpResponse:
    person = require_signed_in(request.user)
    form = HandleForm(request.POST)
    if form.is_valid():
        handle = form.cleaned_data["handle"]
        try:
            person = services.rename_handle(person=person, handle=handle)
        except HandleTaken as refusal:
            form.add_error("handle", with_suggestions(refusal, handle, person.display_name))
        except (HandleNotAllowed, HandleChangedRecently) as refusal:
            form.add_error("handle", str(refusal))
        else:
            messages.success(request, _("You are @%(handle)s.") % {"handle": person.username})
            return redirect(request, "accounts:settings_account")
    return render_settings(request, "settings_account", "account", {"form": form, "person": person}, status=422)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("auth")
@step_up
def settings_email(request: HttpRequest) -> HttpResponse:
    """Ask for the new address, then for the code it got."""
    person = require_signed_in(request.user)
    pending = request.session.get(PENDING_KEY)
    act = request.POST.get("act")
    if act == "forget":
        request.session.pop(PENDING_KEY, None)
        return redirect(request, "accounts:settings_email")
    form = EmailChangeForm(request.POST if act == "start" else None)
    code_form = CodeForm(request.POST if act == "confirm" else None, link=request.GET.get("code", ""))
    if form.is_valid():
        services.start_email_change(person=person, email=form.cleaned_data["email"])
        request.session[PENDING_KEY] = form.cleaned_data["email"]
        return redirect(request, "accounts:settings_email")
    if pending and code_form.is_valid():
        try:
            services.confirm_email_change(person=person, email=pending, code=code_form.cleaned_data["code"])
        except (WrongCode, LinkOnly, AddressTaken) as refusal:
            code_form.add_error("code", str(refusal))
        else:
            request.session.pop(PENDING_KEY, None)
            messages.success(request, _("Your e-mail address is %(email)s now.") % {"email": pending})
            return redirect(request, "accounts:settings_account")
    context = {"form": form, "code_form": code_form, "pending": pending, "person": person}
    status = 422 if form.is_bound or code_form.is_bound else 200
    return render_settings(request, "settings_account", "email", context, status=status)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("auth")
def undo_email(request: HttpRequest, change_id: UUID, secret: str) -> HttpResponse:
    """Give the account back to its former address, after a button is pressed: opening the link changes nothing."""
    try:
        if request.method == "POST":
            person = services.undo_email_change(change_id=change_id, secret=secret)
            flows.end(request)
            return render_page(request, "accounts/undo_email.html", {"person": person, "is_done": True})
        change = services.peek_email_undo(change_id=change_id, secret=secret)
    except WrongCode:
        return render_page(request, "accounts/link_used.html", {"again": "accounts:recover"}, status=410)
    return render_page(request, "accounts/undo_email.html", {"change": change, "person": change.user})
