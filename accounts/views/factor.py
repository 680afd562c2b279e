"""The second factor at sign-in, and proving oneself again (ACC-3)."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import flows, selectors, services
from accounts.errors import LinkOnly, WrongCode, WrongCredentials
from accounts.forms import CodeForm, FactorForm
from accounts.forms.entry import SignInForm
from accounts.models import User
from accounts.permissions import require_signed_in
from digis.core.htmx import render_page
from digis.core.http import next_url, redirect
from digis.core.limits import check_limit, limited


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("auth")
def two_factor(request: HttpRequest) -> HttpResponse:
    person = flows.pending_person(request)
    if person is None:
        return redirect(request, "/" if request.user.is_authenticated else "accounts:sign_in")
    form = FactorForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        check_limit("code_try", f"factor:{person.pk}")
        try:
            factor = services.check_second_factor(person=person, code=form.cleaned_data["code"])
        except WrongCode:
            form.add_error("code", _("That code does not work. Wait for the next one in your app and try again."))
        else:
            return flows.finish(request, factor)
    status = 422 if form.is_bound else 200
    return render_page(request, "accounts/two_factor.html", {"form": form}, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("step_up")
def reauthenticate(request: HttpRequest) -> HttpResponse:
    """Take the strongest proof the person has: the app, else the password, else (or instead of it) a mailed code."""
    person = require_signed_in(request.user)
    after = next_url(request, default="accounts:settings_security")
    by_mail = request.GET.get("by") == "mail" or not selectors.has_password(person)
    way = "factor" if selectors.has_second_factor(person) else "mail" if by_mail else "password"
    if request.method == "POST" and request.POST.get("act") == "send" and way == "mail":
        services.send_step_up_code(person=person, next_url=after)
        messages.success(request, _("A code is on its way to %(email)s.") % {"email": person.email})
        query = urlencode({"next": after, "by": "mail", "sent": "1"})
        return redirect(request, f"{reverse('accounts:reauthenticate')}?{query}")
    form = _form_for(way, request)
    if form.is_valid():
        try:
            _prove(request, person, way, form)
        except (WrongCode, LinkOnly, WrongCredentials) as refusal:
            form.add_error("password" if way == "password" else "code", _words(way, refusal))
        else:
            return redirect(request, after)
    context = {
        "form": form,
        "way": way,
        "next": after,
        "is_sent": bool(request.GET.get("sent")),
        "can_mail": way == "password",
    }
    return render_page(request, "accounts/reauthenticate.html", context, status=422 if form.is_bound else 200)


def _form_for(way: str, request: HttpRequest) -> SignInForm | CodeForm | FactorForm:
    data = request.POST if request.method == "POST" else None
    if way == "password":
        form = SignInForm(data)
        del form.fields["login"]
        return form
    return FactorForm(data) if way == "factor" else CodeForm(data, link=request.GET.get("code", ""))


def _prove(request: HttpRequest, person: User, way: str, form: SignInForm | CodeForm | FactorForm) -> None:
    check_limit("code_try", f"step-up:{person.pk}")
    if way == "factor":
        flows.confirm(request, services.check_second_factor(person=person, code=form.cleaned_data["code"]))
    elif way == "mail":
        services.confirm_step_up_code(person=person, code=form.cleaned_data["code"])
        flows.confirm(request)
    else:
        services.check_password(login=person.email, password=form.cleaned_data["password"])
        flows.confirm(request)


def _words(way: str, refusal: WrongCode | LinkOnly | WrongCredentials) -> str:
    if way == "password":
        return _("That is not your password.")
    if way == "factor":
        return _("That code does not work. Wait for the next one in your app and try again.")
    return str(refusal)
