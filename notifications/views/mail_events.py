"""The door for mail providers' signed webhooks, in front of django-anymail's."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from digis.core.limits import limited
from digis.core.webhooks import MAX_BODY

log = structlog.get_logger(__name__)


@csrf_exempt
@login_not_required
@require_http_methods(["HEAD", "POST"])
@limited("webhooks")
def mail_events(request: HttpRequest, provider: str) -> HttpResponseBase:
    """Take what a provider we use says of our letters; django-anymail holds it against the signature (NOT-7).

    Any other provider's address does not exist: there is no secret it could be held against.
    """
    view = _views().get(provider) if provider in settings.MAIL_EVENTS else None
    if view is None:
        return HttpResponse(status=404)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not str(length).isdigit() or int(length) > MAX_BODY:
        return HttpResponse(status=413)
    return view(request)


@cache
def _views() -> dict[str, Callable[[HttpRequest], HttpResponseBase]]:
    """Return django-anymail's views of events by provider."""
    from anymail.urls import urlpatterns

    endings = ("_tracking_webhook", "_webhook")  # Mandrill has one for everything
    found = {}
    for pattern in urlpatterns:
        name = pattern.name or ""
        ending = next((ending for ending in endings if name.endswith(ending)), "")
        if ending and "inbound" not in name:
            found[name.removesuffix(ending)] = pattern.callback
    return found
