"""Auto top-up, and the card that pays for it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.permissions import require_not_staff, require_signed_in
from digis.core.errors import ValidationFailed
from digis.core.forms import add_refusal
from digis.core.htmx import render_page
from digis.core.http import redirect
from digis.core.limits import limited
from economy import selectors, services
from economy.errors import PaymentsUnavailable, PriceChanged
from economy.forms import TaxPlaceForm, TopUpForm

USUAL_TIMES = 5  # a month: the cap that is suggested at first


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("write")
def top_up(request: HttpRequest) -> HttpResponse:
    """Show how auto top-up stands; on POST agree to it as the form says."""
    person = _owner(request)
    if request.method != "POST":
        return _show(request, person, TopUpForm(initial=_suggested(person)))
    form = TopUpForm(request.POST)
    if form.is_valid():
        try:
            services.turn_on_top_up(
                person=person,
                threshold=form.cleaned_data["threshold"],
                pack_id=form.cleaned_data["pack"],
                month_cap=form.cleaned_data["month_cap"],
                shown=form.cleaned_data["shown"] or None,
            )
        except ValidationFailed as refusal:
            add_refusal(form, refusal)
        except PriceChanged as refusal:  # shown again at the present price, to be agreed to anew
            form.add_error(None, str(refusal))
            now = selectors.get_shelf_for(person).version
            form.data = {**{name: form.data.get(name) for name in form.data}, "shown": now}
        else:
            messages.success(request, _("Auto top-up is on. We write to you each time it buys."))
            return redirect(request, "economy:top_up")
    return _show(request, person, form, status=422)


@never_cache
@require_POST
@limited("write")
def top_up_off(request: HttpRequest) -> HttpResponse:
    """Turn auto top-up off."""
    services.turn_off_top_up(person=_owner(request))
    messages.success(request, _("Auto top-up is off."))
    return redirect(request, "economy:top_up")


@never_cache
@require_POST
@limited("payments")
def card(request: HttpRequest) -> HttpResponse:
    """Lead to Stripe's page that keeps a card."""
    person = _owner(request)
    try:
        return redirect(request, services.open_card_page(person=person))
    except PaymentsUnavailable as refusal:
        messages.error(request, str(refusal))
        return redirect(request, "economy:top_up")


@never_cache
@require_safe
@limited("write", methods=frozenset({"GET"}))
def card_kept(request: HttpRequest) -> HttpResponse:
    """Take back somebody whom Stripe's page sends here. What it has kept is asked of Stripe, never of the address."""
    person = _owner(request)
    if services.look_at_card_page(page_id=request.GET.get("page", ""), person=person):
        messages.success(request, _("Your card is saved. Nothing was charged."))
    else:
        messages.info(request, _("Your card is not there yet. It appears here as soon as Stripe tells us."))
    return redirect(request, "economy:top_up")


@never_cache
@require_POST
@limited("write")
def card_remove(request: HttpRequest) -> HttpResponse:
    """Forget the card, here and at Stripe."""
    services.remove_card(person=_owner(request))
    messages.success(request, _("Your card is removed, and auto top-up is off."))
    return redirect(request, "economy:top_up")


def _owner(request: HttpRequest) -> User:
    person = require_signed_in(request.user)
    require_not_staff(person)
    return person


def _suggested(person: User) -> dict[str, Any]:
    """Suggest what was agreed to last, else the usual pack five times a month."""
    shelf = selectors.get_shelf_for(person)
    plan = selectors.get_top_up(person).plan
    if plan is not None:
        return {"threshold": plan.threshold, "pack": plan.pack_id, "month_cap": plan.month_cap, "shown": shelf.version}
    usual = shelf.suggest()
    tokens = next((pack.tokens for pack in shelf.packs if pack.pk == usual), 0)
    return {"pack": usual, "month_cap": USUAL_TIMES * tokens or None, "shown": shelf.version}


def _show(request: HttpRequest, person: User, form: TopUpForm, *, status: int = 200) -> HttpResponse:
    shelf = selectors.get_shelf_for(person)
    context = {"form": form, "shelf": shelf, "place_form": TaxPlaceForm(), "top_up": selectors.get_top_up(person)}
    return render_page(request, "economy/top_up.html", context, status=status)
