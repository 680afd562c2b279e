"""Giving back: a sale to its buyer, unused tokens for their money. What it takes is shown before it is done (PAY-5)."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.permissions import require_not_staff, require_signed_in
from digis.core.errors import IdempotencyConflict, ValidationFailed
from digis.core.forms import add_refusal
from digis.core.htmx import render_page
from digis.core.http import redirect
from digis.core.idempotency import form_key
from digis.core.limits import limited
from economy import selectors, services
from economy.errors import NothingToReturn, RefundTooLarge, ReturnChanged
from economy.forms import GiveBackForm, ReturnForm


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("payments")
def give_back(request: HttpRequest, sale_id: UUID) -> HttpResponse:
    """Ask how much, show what that takes (`?tokens=` shows it at once), and give it back once that was seen."""
    creator = require_signed_in(request.user)
    services.require_payee(creator=creator)
    sale = selectors.get_sale(id=sale_id, payee=creator)
    form = GiveBackForm(_wish(request), initial={"tokens": sale.left})
    tokens, status = 0, 200
    if form.is_bound and form.is_valid():
        wished = form.cleaned_data["tokens"]
        if request.method == "POST" and form.cleaned_data["confirmed"] == wished:  # sent twice, it answers as before
            try:
                services.give_back(
                    actor=creator,
                    sale_id=sale_id,
                    tokens=wished,
                    reason=form.cleaned_data["reason"],
                    key=form.cleaned_data["idempotency_key"],
                )
            except ValidationFailed as refusal:
                add_refusal(form, refusal)
                form.renew(key=form_key())
            except (RefundTooLarge, IdempotencyConflict) as refusal:
                form.add_error("tokens" if isinstance(refusal, RefundTooLarge) else None, str(refusal))
                form.renew(key=form_key())
            else:
                messages.success(request, _("It is given back."))
                return redirect(request, "economy:earnings")
        elif wished > sale.left:
            form.add_error("tokens", str(RefundTooLarge(left=sale.left)))
        else:
            tokens = wished
    if form.errors:
        status = 422
    fee = sale.fee_of(tokens)
    context = {"sale": sale, "form": form, "tokens": tokens, "fee": fee, "share": tokens - fee}
    return render_page(request, "economy/give_back.html", context, status=status)


def _wish(request: HttpRequest) -> dict[str, str] | None:
    """Return what somebody wishes: as it was sent, or as an address asks for it to be shown."""
    if request.method == "POST":
        return request.POST.dict()
    if "tokens" not in request.GET:
        return None
    return {"tokens": request.GET["tokens"], "reason": request.GET.get("reason", ""), "idempotency_key": form_key()}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("payments")
def return_purchase(request: HttpRequest, purchase_id: UUID) -> HttpResponse:
    """Show what unused tokens bring back, and return them once that was seen (LEDGER-12)."""
    person = require_signed_in(request.user)
    require_not_staff(person)
    purchase = selectors.get_purchase_for(person, id=purchase_id)
    part = selectors.find_returnable_part(purchase)
    form = ReturnForm(
        request.POST if request.method == "POST" else None, initial={"minor": part.money.minor if part else 0}
    )
    status = 200
    if form.is_bound and form.is_valid():
        try:
            services.return_purchase(
                actor=person,
                purchase_id=purchase_id,
                minor=form.cleaned_data["minor"],
                key=form.cleaned_data["idempotency_key"],
            )
        except (NothingToReturn, ReturnChanged, IdempotencyConflict) as refusal:
            form.add_error(None, str(refusal))
            form.renew(key=form_key(), minor=part.money.minor if part else 0)
        else:
            messages.success(request, _("The money is on its way to your card. Banks take five to ten days."))
            return redirect(request, "economy:purchase", purchase_id)
    if form.errors:
        status = 422
    context = {"purchase": purchase, "part": part, "form": form, "days": settings.RETURN_DAYS}
    return render_page(request, "economy/return.html", context, status=status)
