"""A creator's side: rates, availability, calls."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import require_creator, require_signed_in
from calls import selectors, services
from calls.forms import OfferingForm, SwitchForm
from calls.views.rooms import lines
from digis.core.errors import ValidationFailed
from digis.core.htmx import render_page, wants_part
from digis.core.http import next_url, redirect
from digis.core.limits import limited


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@limited("write")
def studio_rates(request: HttpRequest) -> HttpResponse:
    """Set what a creator's minute costs."""
    creator = require_signed_in(request.user)
    require_creator(creator)
    offering = selectors.get_offering(creator)
    if request.method == "POST":
        form = OfferingForm(request.POST)
        if form.is_valid():
            services.set_offering(creator=creator, **form.cleaned_data)
            messages.success(request, _("Your rates are set. Calls already ringing or running keep theirs."))
            return redirect(request, reverse("calls:studio_rates"))
    else:
        form = OfferingForm(
            initial=None
            if offering is None
            else {
                "video_rate": offering.video_rate,
                "voice_rate": offering.voice_rate,
                "bill_whole_minutes": offering.bill_whole_minutes,
            }
        )
    status = 422 if form.is_bound else 200
    return render_page(request, "calls/studio_rates.html", {"form": form, "offering": offering}, status=status)


@require_POST
@limited("write")
def availability(request: HttpRequest) -> HttpResponse:
    """Pick up calls now, or stop."""
    creator = require_signed_in(request.user)
    form = SwitchForm(request.POST)
    if not form.is_valid():
        raise ValidationFailed({name: list(lines) for name, lines in form.errors.items()})
    offering = services.set_availability(creator=creator, is_available=form.cleaned_data["on"])
    if wants_part(request):
        return render_page(request, "calls/parts/availability.html", {"offering": offering})
    return redirect(request, next_url(request, default=reverse("calls:studio_calls")))


@require_safe
@never_cache
def studio_calls(request: HttpRequest) -> HttpResponse:
    """Show a creator's calls, and whether they pick up."""
    creator = require_signed_in(request.user)
    require_creator(creator)
    calls = selectors.list_calls(creator, role="creator")
    return render_page(
        request,
        "calls/studio_calls.html",
        {
            "offering": selectors.get_offering(creator),
            "page": lines(request, creator, calls),
            "today": selectors.get_today(creator),
        },
    )
