"""A creator's money: what was earned, what is paid out, and what that needs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.permissions import require_signed_in, step_up
from digis.core.errors import InvalidState
from digis.core.htmx import render_page
from digis.core.http import redirect
from digis.core.idempotency import form_key
from digis.core.limits import limited
from digis.core.money import Money
from digis.core.pagination import cursor_page
from economy import selectors, services
from economy.errors import EarningsChanged, PayoutBlocked, PayoutSetupUnavailable
from economy.forms import PayoutForm, SetupForm, TaxForm
from economy.models import Payout, TaxProfile

ANSWERS = {
    "retry": gettext_lazy("We try again."),
    "return": gettext_lazy("We take the payout back into your earnings. That takes a minute or two."),
}


@never_cache
@require_safe
def earnings(request: HttpRequest) -> HttpResponse:
    """Show what was earned, when it becomes available, and where each token came from."""
    creator = _payee(request)
    page = cursor_page(selectors.list_earned(creator), request=request, order="-id")
    context = {
        "page": page,
        "lines": selectors.present_earned(page.items, viewer=creator),
        "earnings": selectors.get_earnings(creator),
        "payable": selectors.get_payable(creator),
        "coming": selectors.forecast_earnings(creator),
        "paid_out": selectors.sum_paid_out(creator),
        "fees": selectors.list_fees(creator),
    }
    return _render(request, "economy/earnings.html", context, part="more")


@never_cache
@require_safe
def disputes(request: HttpRequest) -> HttpResponse:
    """Show what disputed payments took back of a creator's earnings, and how each case stands (LEDGER-8)."""
    creator = _payee(request)
    page = cursor_page(selectors.list_adjustments(creator), request=request, order="-id")
    context = {
        "page": page,
        "lines": selectors.present_adjustments(page.items, viewer=creator),
        "taken": selectors.sum_adjusted(creator),
        "standing": selectors.get_standing(creator),
        "payable": selectors.get_payable(creator),
    }
    return _render(request, "economy/disputes.html", context, part="more")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("payments")
def payouts(request: HttpRequest) -> HttpResponse:
    """Show what payouts need and were; on POST ask for one of all that is available."""
    creator = _payee(request)
    if "back" in request.GET:
        services.look_at_account(creator=creator)
        return redirect(request, "economy:payouts")
    if request.method != "POST":
        return _show_payouts(request, creator)
    form = PayoutForm(request.POST)
    if form.is_valid():
        try:
            found = services.request_payout(
                creator=creator, key=form.cleaned_data["idempotency_key"], tokens=form.cleaned_data["tokens"]
            )
        except (PayoutBlocked, EarningsChanged) as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(request, "economy:payout", found.pk)
    return _show_payouts(request, creator, form, status=422)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("payments")
@step_up
def payout_setup(request: HttpRequest) -> HttpResponse:
    """Ask where the bank is, then lead to Stripe, which asks for the rest or lets the bank be changed (ACC-3)."""
    creator = _payee(request)
    account = selectors.get_payout_account(creator)
    tax = selectors.get_tax_profile(creator)
    known = account.country if account else ""
    form = SetupForm(
        {"country": known or request.POST.get("country", "")} if request.method == "POST" else None,
        initial={"country": tax.country if tax else ""},
    )
    if form.is_valid():
        here = settings.SITE_URL + reverse("economy:payouts")
        try:
            url = services.start_onboarding(
                creator=creator,
                country=form.cleaned_data["country"],
                return_url=f"{here}?back=1",
                refresh_url=settings.SITE_URL + reverse("economy:payout_setup"),
            )
        except PayoutSetupUnavailable as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(request, url)
    at_bank = selectors.present_at_bank(account, selectors.get_payable(creator).money)
    context = {"form": form, "account": account, "asks_country": not known, "at_bank": at_bank}
    return _render(request, "economy/payout_setup.html", context, status=422 if form.is_bound else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("payments")
def payout(request: HttpRequest, payout_id: UUID) -> HttpResponse:
    """Show one payout's way; on POST call it off, or say what becomes of one the bank refused."""
    creator = _payee(request)
    found = selectors.get_payout_for(creator, id=payout_id)
    status = 200
    if request.method == "POST":
        try:
            messages.success(request, _act(creator, found.pk, request.POST.get("act", "")))
        except InvalidState as refusal:
            messages.error(request, str(refusal))
            status = 422
        else:
            return redirect(request, "economy:payout", found.pk)
    context = {
        "payout": found,
        "steps": selectors.present_steps(found),
        "failure": selectors.say_failure(found.failure_code),
        "holdups": selectors.list_holdups_of(found),
    }
    return _render(request, "economy/payout.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("profile")
@step_up
def tax(request: HttpRequest) -> HttpResponse:
    """Show and take what a creator certifies for the tax office."""
    creator = _payee(request)
    profile = selectors.get_tax_profile(creator)
    initial = (
        {"legal_name": profile.legal_name, "country": profile.country, "tax_form": profile.form} if profile else None
    )
    form = TaxForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("legal_name", "country", "tin")}
        chosen = TaxProfile.Form(form.cleaned_data["tax_form"])
        services.certify_tax_profile(creator=creator, form=chosen, **given)
        messages.success(request, _("Your tax details are kept."))
        return redirect(request, "economy:payouts")
    context = {"form": form, "profile": profile}
    return _render(request, "economy/tax.html", context, status=422 if form.is_bound else 200)


def _render(
    request: HttpRequest, template: str, context: dict[str, Any], *, part: str | None = None, status: int = 200
) -> HttpResponse:
    """Show a page on the shell its reader has: a suspended person's leads nowhere else (ACC-9)."""
    is_limited = require_signed_in(request.user).is_suspended
    shell = "accounts/shell.html" if is_limited else "base.html"
    return render_page(
        request, template, {**context, "shell": shell, "is_limited": is_limited}, part=part, status=status
    )


def _payee(request: HttpRequest) -> User:
    """Return whose money it is: an approved creator, suspended or not (ACC-9), and no staff (ACC-5)."""
    creator = require_signed_in(request.user)
    services.require_payee(creator=creator)
    return creator


def _show_payouts(
    request: HttpRequest, creator: User, form: PayoutForm | None = None, *, status: int = 200
) -> HttpResponse:
    payable, account = selectors.get_payable(creator), selectors.get_payout_account(creator)
    shown = {"tokens": payable.tokens}
    if form is not None:  # the same request again is one that was not sent yet
        form.data = {**shown, "idempotency_key": form_key()}
    page = cursor_page(selectors.list_payouts(creator), request=request, order="-id")
    review = selectors.find_review_reason(creator, amount_minor=payable.money.minor)
    context: dict[str, Any] = {
        "form": form or PayoutForm(initial=shown),
        "payable": payable,
        "blockers": selectors.list_blockers(creator),
        "account": account,
        "at_bank": selectors.present_at_bank(account, payable.money),
        "tax": selectors.get_tax_profile(creator),
        "next_weekly": selectors.next_weekly(),
        "is_first": review == "first",
        "milestone": Money(int(review), settings.TOKEN_CURRENCY) if review.isdecimal() else None,
        "minimum": Money(settings.PAYOUT_MIN_MINOR, settings.TOKEN_CURRENCY),
        "page": page,
        "lines": selectors.present_payouts(page.items),
    }
    part = "more" if "cursor" in request.GET else None  # else the page looks again: it takes its own part out of all
    return _render(request, "economy/payouts.html", context, part=part, status=status)


def _act(creator: User, payout_id: UUID, act: str) -> str:
    if act == "cancel":
        services.cancel_payout(creator=creator, payout_id=payout_id)
        return _("The payout is called off. Its tokens are available again.")
    if act not in ANSWERS:
        raise InvalidState
    services.answer_refusal(creator=creator, payout_id=payout_id, wish=Payout.Wish(act))
    return str(ANSWERS[act])
