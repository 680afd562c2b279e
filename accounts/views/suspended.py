"""All that is left to a suspended person: the reason, an appeal, their data (ACC-9)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import selectors, services
from accounts.errors import AppealOpen, AppealTooLate
from accounts.forms import AppealForm
from accounts.permissions import require_signed_in
from digis.core.htmx import render_page
from digis.core.http import redirect
from digis.core.limits import limited


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("appeal")
def suspended(request: HttpRequest) -> HttpResponse:
    """Show why, and take the appeal. Nobody else has anything to do here."""
    person = require_signed_in(request.user)
    if not person.is_suspended:
        return redirect(request, "discovery:home")
    form = AppealForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            services.send_appeal(person=person, text=form.cleaned_data["text"])
        except (AppealOpen, AppealTooLate) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Your appeal is with our staff. You get their answer by mail."))
            return redirect(request, "accounts:suspended")
    context = {"suspension": selectors.get_suspension(person), "form": form}
    return render_page(request, "accounts/suspended.html", context, status=422 if form.is_bound else 200)
