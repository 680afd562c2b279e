"""Password, second factor, recovery codes, sessions."""

from __future__ import annotations

from typing import Any

import segno
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import flows, selectors, services
from accounts.errors import WrongCode
from accounts.forms import FactorForm, PasswordForm
from accounts.models import User
from accounts.permissions import require_fresh_authentication, require_signed_in, require_verified, step_up
from accounts.views.nav import render_settings
from digis.core.errors import NotFound
from digis.core.http import redirect
from digis.core.limits import check_limit, limited

SECRET_KEY = "totp_secret"  # noqa: S105  # names a place in the session, holds no secret


@never_cache
@require_http_methods(["GET", "HEAD"])
def settings_security(request: HttpRequest) -> HttpResponse:
    person = require_signed_in(request.user)
    return _render_security(request, person, PasswordForm(person=person))


@never_cache
@require_POST
@limited("auth")
def settings_password(request: HttpRequest) -> HttpResponse:
    person = require_signed_in(request.user)
    if not selectors.has_password(person):
        require_fresh_authentication(request)
    check_limit("code_try", f"password:{person.pk}")
    form = PasswordForm(request.POST, person=person)
    if not form.is_valid():
        return _render_security(request, person, form, status=422)
    old_key = request.session.session_key or ""
    services.change_password(person=person, password=form.cleaned_data["password"], session_key=old_key)
    update_session_auth_hash(request, person)
    services.note_session_renewed(person=person, old_key=old_key, new_key=request.session.session_key or "")
    flows.confirm(request)
    messages.success(request, _("Your password is changed. Every other device was signed out."))
    return redirect(request, "accounts:settings_security")


def _render_security(request: HttpRequest, person: User, form: PasswordForm, *, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "person": person,
        "has_password": selectors.has_password(person),
        "has_factor": selectors.has_second_factor(person),
        "codes_left": selectors.count_recovery_codes(person),
    }
    return render_settings(request, "settings_security", "security", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("auth")
@step_up
def settings_totp(request: HttpRequest) -> HttpResponse:
    """Show the secret to the app, and turn the second factor on by a code of it."""
    person = require_signed_in(request.user)
    require_verified(person)
    if selectors.has_second_factor(person):
        return redirect(request, "accounts:settings_security")
    secret = request.session.get(SECRET_KEY) or services.start_totp()
    request.session[SECRET_KEY] = secret
    form = FactorForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        check_limit("code_try", f"factor:{person.pk}")
        try:
            services.turn_on_totp(person=person, secret=secret, code=form.cleaned_data["code"])
        except WrongCode:
            form.add_error("code", _("That code does not fit. Check the time on your phone and try the next one."))
        else:
            request.session.pop(SECRET_KEY, None)
            flows.confirm(request, selectors.get_second_factor(person))
            messages.success(request, _("The second factor is on. Keep the recovery codes where your phone is not."))
            return redirect(request, "accounts:settings_recovery_codes")
    address = selectors.totp_address(person, secret)
    context = {
        "form": form,
        "address": address,
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "picture": segno.make(address, error="m", micro=False).svg_data_uri(
            scale=5, border=3, dark="#000", light="#fff"
        ),
    }
    status = 422 if form.is_bound else 200
    return render_settings(request, "settings_security", "totp", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("auth")
@step_up
def settings_totp_off(request: HttpRequest) -> HttpResponse:
    person = require_signed_in(request.user)
    if request.method == "POST":
        services.turn_off_totp(person=person)
        messages.success(request, _("The second factor is off. Your e-mail and password are all that protect you now."))
        return redirect(request, "accounts:settings_security")
    return render_settings(request, "settings_security", "totp_off", {"person": person})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("auth")
@step_up
def settings_recovery_codes(request: HttpRequest) -> HttpResponse:
    person = require_signed_in(request.user)
    if not selectors.has_second_factor(person):
        return redirect(request, "accounts:settings_security")
    if request.method == "POST":
        services.renew_recovery_codes(person=person)
        messages.success(request, _("Here are ten new codes. The old ones no longer work."))
        return redirect(request, "accounts:settings_recovery_codes")
    context = {"codes": selectors.list_recovery_codes(person)}
    return render_settings(request, "settings_security", "recovery_codes", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("auth")
def settings_sessions(request: HttpRequest) -> HttpResponse:
    person = require_signed_in(request.user)
    if request.method == "POST":
        if request.POST.get("act") == "others":
            services.end_other_sessions(person=person, session_key=request.session.session_key)
            messages.success(request, _("Every other device is signed out."))
        elif session_id := request.POST.get("session", ""):
            if not session_id.isdecimal():
                raise NotFound
            services.end_session(person=person, session_id=int(session_id))
            messages.success(request, _("That device is signed out."))
        return redirect(request, "accounts:settings_sessions")
    sessions = selectors.list_sessions(person, current_key=request.session.session_key)
    return render_settings(request, "settings_sessions", "sessions", {"sessions": sessions})
