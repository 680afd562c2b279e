"""Tokens for somebody, a code, and one's own invitation link."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.permissions import require_not_staff, require_signed_in
from digis.core.errors import IdempotencyConflict, LimitReached, NotFound, ValidationFailed
from digis.core.htmx import render_page
from digis.core.http import redirect
from digis.core.idempotency import form_key
from digis.core.limits import count_request, limited
from economy import selectors, services
from economy.errors import InsufficientTokens
from economy.forms import GiveForm, RedeemForm
from economy.models import Transfer


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("write")
def give(request: HttpRequest) -> HttpResponse:
    """Take whom and how many, show their face and the amount once, then give (LAW-13)."""
    giver = _owner(request)
    if request.method != "POST":
        return _open(request, giver)
    form = GiveForm(request.POST)
    receiver = _receiver(giver, form) if form.is_valid() else None
    if receiver is None:
        return _show(request, giver, form, status=422)
    if form.cleaned_data["confirmed"] != form.cleaned_data["tokens"]:
        is_sound = _is_sound(giver, form)
        return _show(request, giver, form, receiver=receiver if is_sound else None, status=200 if is_sound else 422)
    count_request(request, "payments")
    try:
        made = services.transfer(
            giver=giver,
            receiver=receiver,
            amount=form.cleaned_data["tokens"],
            note=form.cleaned_data["note"],
            key=form.cleaned_data["idempotency_key"],
        )
    except ValidationFailed as refusal:
        _add_errors(form, refusal, {"amount": "tokens", "to_username": "to"})
    except (InsufficientTokens, LimitReached, IdempotencyConflict) as refusal:
        form.add_error(None, str(refusal))
    else:
        return _done(request, made)
    form.renew(key=form_key())
    return _show(request, giver, form, status=422)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("redeem")
def redeem(request: HttpRequest) -> HttpResponse:
    """Take a code and give what it is worth."""
    person = _owner(request)
    form = RedeemForm(request.POST if request.method == "POST" else None, initial={"code": request.GET.get("code", "")})
    if form.is_valid():
        try:
            made = services.redeem_code(
                person=person, code=form.cleaned_data["code"], key=form.cleaned_data["idempotency_key"]
            )
        except ValidationFailed as refusal:
            _add_errors(form, refusal, {})
        except IdempotencyConflict as refusal:
            form.add_error(None, str(refusal))
            form.renew(key=form_key())
        else:
            words = {"tokens": number_format(made.transaction.amount, force_grouping=True)}
            messages.success(request, _("%(tokens)s bonus tokens are yours.") % words)
            return redirect(request, "economy:receipt", made.transaction_id)
    return render_page(request, "economy/redeem.html", {"form": form}, status=422 if form.is_bound else 200)


@never_cache
@require_safe
def invite(request: HttpRequest) -> HttpResponse:
    """Show a person's invitation link, what it brings, and what it has brought."""
    person = _owner(request)
    code = services.open_referral_code(person=person)
    link = f"{settings.SITE_URL}{reverse('accounts:sign_up')}?{urlencode({'ref': code.code})}"
    context = {
        "link": link,
        "reward": settings.REFERRAL_TOKENS,
        "cap": settings.REFERRAL_MONTH_CAP,
        "tally": selectors.count_referrals(person),
    }
    return render_page(request, "economy/invite.html", context)


def _owner(request: HttpRequest) -> User:
    person = require_signed_in(request.user)
    require_not_staff(person)
    return person


def _open(request: HttpRequest, giver: User) -> HttpResponse:
    """Show the form as it opens; an address may name whom, and ask for the step that confirms."""
    wishes = {name: request.GET[name] for name in ("to", "tokens", "note") if request.GET.get(name)}
    if request.GET.get("confirm"):
        form = GiveForm({**wishes, "idempotency_key": form_key()})
        receiver = _receiver(giver, form) if form.is_valid() else None
        if receiver is not None and _is_sound(giver, form):
            return _show(request, giver, form, receiver=receiver)
    return _show(request, giver, GiveForm(initial=wishes))


def _receiver(giver: User, form: GiveForm) -> User | None:
    try:
        return selectors.get_receiver(giver, form.cleaned_data["to"])
    except NotFound:
        form.add_error("to", _("There is nobody of this name whom you can give tokens."))
    except ValidationFailed as refusal:
        _add_errors(form, refusal, {"to_username": "to"})
    return None


def _show(
    request: HttpRequest, giver: User, form: GiveForm, *, receiver: User | None = None, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "balance": selectors.get_balance(giver),
        "most": settings.TRANSFER_MAX_TOKENS,
        "day": settings.TRANSFER_DAY_TOKENS,
        "days": settings.TRANSFER_ACCOUNT_DAYS,
    }
    if receiver is not None:
        wishes = {name: form.cleaned_data[name] for name in ("to", "tokens", "note")}
        context |= {
            "receiver": receiver,
            "wishes": wishes,
            "amount": wishes["tokens"],
            "after": context["balance"].purchased - wishes["tokens"],
            "back_url": f"{reverse('economy:give')}?{urlencode(wishes)}",
        }
    return render_page(request, "economy/give.html", context, status=status)


def _is_sound(giver: User, form: GiveForm) -> bool:
    """Say before the second step what the last one would say, as far as it is known now."""
    try:
        services.check_transfer(giver=giver, amount=form.cleaned_data["tokens"], note=form.cleaned_data["note"])
    except ValidationFailed as refusal:
        _add_errors(form, refusal, {"amount": "tokens"})
    except (InsufficientTokens, LimitReached) as refusal:
        form.add_error(None, str(refusal))
    return form.is_valid()


def _done(request: HttpRequest, made: Transfer) -> HttpResponse:
    if not made.is_replay:
        words = {"name": made.receiver.display_name, "tokens": number_format(made.amount, force_grouping=True)}
        messages.success(request, _("%(name)s has your %(tokens)s tokens.") % words)
    return redirect(request, "economy:receipt", made.sent_id)


def _add_errors(form: Any, refusal: ValidationFailed, names: dict[str, str]) -> None:
    for name, lines in refusal.fields.items():
        field = names.get(name, name)
        form.add_error(field if field in form.fields else None, lines)
