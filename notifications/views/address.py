"""Mail came back from a person's address: prove it again, or change it (NOT-7)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import services as accounts
from accounts.errors import LinkOnly, WrongCode
from accounts.forms import CodeForm
from accounts.permissions import require_signed_in
from accounts.views.nav import settings_items, shell_of
from digis.core.htmx import render_page
from digis.core.http import redirect
from digis.core.limits import limited
from notifications import bounces

SETTINGS = "notifications:settings"
HERE = "notifications:address"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("auth")
def address(request: HttpRequest) -> HttpResponse:
    """Send a code to the address, and let mail go there again once it is entered."""
    person = require_signed_in(request.user)
    found = bounces.find_suppression(person.email)
    if found is None:
        return redirect(request, SETTINGS)
    if request.method == "POST" and request.POST.get("act") == "send":
        accounts.send_verify_code(person=person)
        messages.success(request, _("A code is on its way to %(email)s.") % {"email": person.email})
        return redirect(request, HERE)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            accounts.confirm_verify_code(person=person, code=form.cleaned_data["code"])
        except (WrongCode, LinkOnly) as refusal:
            form.add_error("code", str(refusal))
        else:
            bounces.lift(address=person.email)
            messages.success(request, _("Your address works again. Mail goes there from now on."))
            return redirect(request, SETTINGS)
    context = {
        "form": form,
        "suppression": found,
        "settings_items": settings_items(SETTINGS),
        "shell": shell_of(request),
    }
    return render_page(request, "notifications/address.html", context, status=422 if form.is_bound else 200)
