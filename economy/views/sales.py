"""Giving a sale back: what it takes is shown before it is done (PAY-5)."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.permissions import require_signed_in
from digis.core.errors import IdempotencyConflict, ValidationFailed
from digis.core.htmx import render_page
from digis.core.http import redirect
from digis.core.idempotency import form_key
from digis.core.limits import limited
from economy import selectors, services
from economy.errors import RefundTooLarge
from economy.forms import GiveBackForm


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("payments")
def give_back(request: HttpRequest, sale_id: UUID) -> HttpResponse:
    """Ask how much, show what that takes, and give it back once that was seen."""
    creator = require_signed_in(request.user)
    services.require_payee(creator=creator)
    sale = selectors.get_sale(id=sale_id, payee=creator)
    form = GiveBackForm(request.POST if request.method == "POST" else None, initial={"tokens": sale.left})
    tokens, status = 0, 200
    if form.is_bound and form.is_valid():
        wished = form.cleaned_data["tokens"]
        if wished > sale.left:
            form.add_error("tokens", str(RefundTooLarge(left=sale.left)))
        elif form.cleaned_data["confirmed"] != wished:
            tokens = wished
        else:
            try:
                services.give_back(
                    actor=creator,
                    sale_id=sale_id,
                    tokens=wished,
                    reason=form.cleaned_data["reason"],
                    key=form.cleaned_data["idempotency_key"],
                )
            except (ValidationFailed, RefundTooLarge, IdempotencyConflict) as refusal:
                form.add_error(None, str(refusal))
                form.renew(key=form_key())
            else:
                messages.success(request, _("It is given back."))
                return redirect(request, "economy:earnings")
    if form.errors:
        status = 422
    fee = sale.fee_of(tokens)
    context = {"sale": sale, "form": form, "tokens": tokens, "fee": fee, "share": tokens - fee}
    return render_page(request, "economy/give_back.html", context, status=status)
