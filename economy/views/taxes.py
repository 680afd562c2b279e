"""Where a buyer lives, for the tax in the prices."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.permissions import require_not_staff, require_signed_in
from digis.core.errors import ValidationFailed
from digis.core.forms import add_refusal
from digis.core.htmx import render_page
from digis.core.http import next_url, redirect
from digis.core.limits import limited
from economy import selectors, services
from economy.forms import TaxPlaceForm


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("write")
def tax_place(request: HttpRequest) -> HttpResponse:
    """Ask where somebody lives; what it leads back to is the page of packs, whose prices are those of that place then."""
    person = require_signed_in(request.user)
    require_not_staff(person)
    onward = next_url(request, "") if request.POST.get("next") or request.GET.get("next") else ""
    if request.method != "POST":
        known = selectors.find_place_of(person)
        form = TaxPlaceForm(initial={"place": known.code} if known else None)
        return render_page(request, "economy/tax_place.html", {"place_form": form, "onward": onward})
    form = TaxPlaceForm(request.POST)
    if form.is_valid():
        try:
            services.declare_tax_place(person=person, place=form.cleaned_data["place"])
        except ValidationFailed as refusal:
            add_refusal(form, refusal)
        else:
            if onward == reverse("economy:top_up"):
                return redirect(request, onward)
            back = reverse("economy:buy")
            return redirect(request, f"{back}?{urlencode({'next': onward})}" if onward else back)
    return render_page(request, "economy/tax_place.html", {"place_form": form, "onward": onward}, status=422)
