"""Signing in with a password, signing up, the first proof, signing out."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import flows, selectors, services
from accounts.errors import AddressTaken, HandleNotAllowed, HandleTaken, LinkOnly, TooYoung, WrongCode, WrongCredentials
from accounts.forms import CodeForm, SignInForm, SignUpForm
from accounts.permissions import require_signed_in
from accounts.views.codes import remember_email
from digis.core.htmx import render_page
from digis.core.http import next_url, redirect
from digis.core.limits import check_limit, forgive, limited


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("auth")
def sign_in(request: HttpRequest) -> HttpResponse:
    after = next_url(request)
    if request.user.is_authenticated:
        return redirect(request, after)
    form = SignInForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        guesses = flows.guesses_key(request, form.cleaned_data["login"])
        check_limit("sign_in_failed", guesses)
        try:
            person = services.check_password(**form.cleaned_data)
        except WrongCredentials as refusal:
            form.add_error(None, str(refusal))
        else:
            forgive("sign_in_failed", guesses)
            return flows.begin(request, person, via=flows.VIA_PASSWORD, next_url=after)
    status = 422 if form.is_bound else 200
    return render_page(request, "accounts/sign_in.html", {"form": form, "next": after}, status=status)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("sign_up")
def sign_up(request: HttpRequest) -> HttpResponse:
    after = next_url(request, default="accounts:welcome")
    if request.user.is_authenticated:
        return redirect(request, after)
    form = SignUpForm(
        request.POST if request.method == "POST" else None, initial={"ref": request.GET.get("ref", "")[:12]}
    )
    if form.is_valid():
        data = form.cleaned_data
        fields = {name: data[name] for name in ("email", "handle", "display_name", "birth_date")}
        try:
            person = services.sign_up(**fields, password=data["password"] or None, referral_code=data["ref"])
        except AddressTaken as refusal:
            form.add_error("email", str(refusal))
        except HandleTaken as refusal:
            form.add_error("handle", with_suggestions(refusal, data["handle"], data["display_name"]))
        except HandleNotAllowed as refusal:
            form.add_error("handle", str(refusal))
        except TooYoung as refusal:
            form.add_error("birth_date", str(refusal))
        else:
            if not data["password"]:
                remember_email(request, data["email"], after)
                return redirect(request, "accounts:sign_in_confirm")
            verify_first = f"{reverse('accounts:verify')}?{urlencode({'next': after})}"
            return flows.begin(request, person, via=flows.VIA_PASSWORD, next_url=verify_first, is_new=True)
    status = 422 if form.is_bound else 200
    return render_page(request, "accounts/sign_up.html", {"form": form, "next": after}, status=status)


def with_suggestions(refusal: HandleTaken, handle: str, name: str) -> str:
    """Write that a handle is taken, and which near it are free."""
    free = selectors.list_free_handles(handle, name=name)
    return f"{refusal} {_('Free: %(handles)s') % {'handles': ', '.join(free)}}" if free else str(refusal)


@never_cache
@require_POST
@login_not_required
@limited("write")
def sign_out(request: HttpRequest) -> HttpResponse:
    flows.end(request)
    return redirect(request, "/")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("auth")
def verify(request: HttpRequest) -> HttpResponse:
    """Take the code that proves the address, or send another."""
    person = require_signed_in(request.user)
    after = next_url(request, default="accounts:welcome")
    if person.is_email_verified:
        return redirect(request, after)
    if request.method == "POST" and request.POST.get("act") == "send":
        services.send_verify_code(person=person)
        messages.success(request, _("A new code is on its way to %(email)s.") % {"email": person.email})
        return redirect(request, f"{reverse('accounts:verify')}?{urlencode({'next': after})}")
    form = CodeForm(request.POST if request.method == "POST" else None, link=request.GET.get("code", ""))
    if form.is_valid():
        try:
            services.confirm_verify_code(person=person, code=form.cleaned_data["code"])
        except (WrongCode, LinkOnly) as refusal:
            form.add_error("code", str(refusal))
        else:
            messages.success(request, _("Your e-mail address is confirmed."))
            return redirect(request, after)
    status = 422 if form.is_bound else 200
    return render_page(request, "accounts/verify.html", {"form": form, "next": after}, status=status)


@require_http_methods(["GET", "HEAD"])
def welcome(request: HttpRequest) -> HttpResponse:
    """Show a new person the three things worth doing first."""
    person = require_signed_in(request.user)
    steps = [
        {
            "is_done": person.is_email_verified,
            "title": _("Confirm your e-mail"),
            "text": _("Needed before your first purchase."),
            "url": reverse("accounts:verify"),
        },
        {
            "is_done": bool(person.avatar),
            "title": _("Add a picture"),
            "text": _("Creators like to see who is calling."),
            "url": reverse("accounts:settings_profile"),
        },
        {
            "is_done": selectors.list_following(person).exists(),
            "title": _("Follow somebody"),
            "text": _("It is free. You see at a glance when they pick up."),
            "url": reverse("discovery:explore"),
        },
    ]
    return render_page(request, "accounts/welcome.html", {"steps": steps, "person": person})
