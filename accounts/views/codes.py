"""Signing in by a mailed code or link, and setting a new password by a mailed link (ACC-1, ACC-2)."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import flows, services
from accounts.errors import LinkOnly, WrongCode
from accounts.forms import CodeForm, EmailForm, NewPasswordForm
from accounts.models import EmailCode
from digis.core.htmx import render_page
from digis.core.http import next_url, redirect
from digis.core.limits import limited

EMAIL_KEY = "code_email"
NEXT_KEY = "code_next"
RECOVER_KEY = "recover_email"


def remember_email(request: HttpRequest, email: str, after: str) -> None:
    """Keep whom a code went to while the person reads their mail."""
    request.session[EMAIL_KEY], request.session[NEXT_KEY] = email, after


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("auth")
def sign_in_code(request: HttpRequest) -> HttpResponse:
    after = next_url(request)
    if request.user.is_authenticated:
        return redirect(request, after)
    form = EmailForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        email = form.cleaned_data["email"]
        services.send_sign_in_code(email=email, next_url="" if after == "/" else after)
        remember_email(request, email, after)
        return redirect(request, "accounts:sign_in_confirm")
    status = 422 if form.is_bound else 200
    return render_page(request, "accounts/sign_in_code.html", {"form": form, "next": after}, status=status)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("auth")
def sign_in_confirm(request: HttpRequest) -> HttpResponse:
    email, after = request.session.get(EMAIL_KEY), request.session.get(NEXT_KEY, "/")
    if request.user.is_authenticated:
        return redirect(request, after)
    if not email:
        return redirect(request, "accounts:sign_in_code")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            proof = services.redeem_sign_in_code(email=email, code=form.cleaned_data["code"])
        except (WrongCode, LinkOnly) as refusal:
            form.add_error("code", str(refusal))
        else:
            return _enter(request, proof, after)
    status = 422 if form.is_bound else 200
    return render_page(
        request, "accounts/sign_in_confirm.html", {"form": form, "email": email, "next": after}, status=status
    )


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("auth")
def sign_in_link(request: HttpRequest, link_id: UUID, secret: str) -> HttpResponse:
    """Ask before signing in: mail scanners open links, people press buttons (ACC-2)."""
    after = next_url(request)
    try:
        if request.method == "POST":
            return _enter(request, services.redeem_sign_in_link(link_id=link_id, secret=secret), after)
        owner = services.peek_link(link_id=link_id, secret=secret, purpose=EmailCode.Purpose.SIGN_IN)
    except WrongCode:
        return render_page(request, "accounts/link_used.html", {"again": "accounts:sign_in_code"}, status=410)
    return render_page(request, "accounts/sign_in_link.html", {"person": owner, "next": after})


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("auth")
def recover(request: HttpRequest) -> HttpResponse:
    form = EmailForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        services.send_reset_link(email=form.cleaned_data["email"])
        request.session[RECOVER_KEY] = form.cleaned_data["email"]
        return redirect(request, f"{request.path}?sent=1")
    sent_to = request.session.get(RECOVER_KEY) if request.GET.get("sent") else None
    status = 422 if form.is_bound else 200
    return render_page(request, "accounts/recover.html", {"form": form, "sent_to": sent_to}, status=status)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("auth")
def recover_set(request: HttpRequest, link_id: UUID, secret: str) -> HttpResponse:
    try:
        owner = services.peek_link(link_id=link_id, secret=secret, purpose=EmailCode.Purpose.RESET)
        form = NewPasswordForm(request.POST if request.method == "POST" else None, person=owner)
        if form.is_valid():
            person = services.redeem_reset_link(link_id=link_id, secret=secret, password=form.cleaned_data["password"])
            flows.end(request)
            messages.success(request, _("Your new password is set. Every other device was signed out."))
            return flows.begin(request, person, via=flows.VIA_CODE, next_url="/")
    except WrongCode:
        return render_page(request, "accounts/link_used.html", {"again": "accounts:recover"}, status=410)
    status = 422 if form.is_bound else 200
    return render_page(request, "accounts/recover_set.html", {"form": form, "person": owner}, status=status)


def _enter(request: HttpRequest, proof: services.Proof, after: str) -> HttpResponse:
    request.session.pop(EMAIL_KEY, None)
    request.session.pop(NEXT_KEY, None)
    if request.user.is_authenticated and request.user.pk != proof.person.pk:
        flows.end(request)
    if proof.password_dropped:
        messages.warning(
            request, _("Your address is confirmed. The password set before was removed; set a new one under Security.")
        )
    return flows.begin(request, proof.person, via=flows.VIA_CODE, next_url=after)
