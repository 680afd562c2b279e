"""What a person lets themselves spend."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.permissions import require_not_staff, require_signed_in
from digis.core.htmx import render_page
from digis.core.http import redirect
from digis.core.limits import limited
from economy import selectors, services
from economy.forms import LimitsForm
from economy.models import SpendingLimit

PERIODS = tuple(SpendingLimit.Period)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("write")
def limits(request: HttpRequest) -> HttpResponse:
    """Set limits for a day, a week and a month: lower at once, higher after a day, with the moment it takes effect."""
    person = require_signed_in(request.user)
    require_not_staff(person)
    if request.method == "POST":
        form = LimitsForm(request.POST)
        if form.is_valid():
            wanted = {period: form.cleaned_data[period.value] for period in PERIODS}
            waiting = services.set_limits(
                person=person, limits=wanted, confirm_above=form.cleaned_data["confirm_above"]
            )
            messages.success(
                request, _("Saved. What you raised waits a day.") if waiting else _("Your limits are in force.")
            )
            return redirect(request, "economy:limits")
    else:
        initial = {
            row.period.value: row.coming if row.coming_at else row.tokens for row in selectors.list_limits(person)
        }
        form = LimitsForm(initial={**initial, "confirm_above": selectors.get_confirm_above(person)})
    context = {
        "form": form,
        "standings": [
            {"standing": standing, "field": form[standing.period.value]}
            for standing in selectors.list_standings(person)
        ],
        "left": selectors.get_limit_left(person.pk),
    }
    return render_page(request, "economy/limits.html", context, status=422 if form.is_bound else 200)
