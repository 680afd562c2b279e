"""Push on and off, and the worker that shows it: the one script that lives on when its page is closed (PWA-1)."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import require_signed_in
from digis.core.errors import NotFound
from digis.core.htmx import render_page
from digis.core.http import redirect
from digis.core.limits import limited
from notifications import push

WORKER = "static/worker/sw.js"  # outside static/js: it is no part of any page


@require_POST
@limited("push")
def push_subscription(request: HttpRequest) -> HttpResponse:
    """Turn push on in this browser, or off in any of one's own."""
    person = require_signed_in(request.user)
    if not push.is_on():
        raise NotFound
    if request.POST.get("act") == "off":
        push.remove_device(person=person, device_id=_id_of(request.POST.get("device", "")))
        messages.success(request, _("Push is off there."))
    else:
        push.save_device(
            person=person,
            session_key=request.session.session_key or "",
            endpoint=request.POST.get("endpoint", ""),
            p256dh=request.POST.get("p256dh", ""),
            auth=request.POST.get("auth", ""),
            user_agent=request.headers.get("User-Agent", ""),
        )
        messages.success(request, _("Push is on in this browser."))
    return redirect(request, f"{reverse('notifications:settings')}#push-switch")


def _id_of(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


@login_not_required
@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  a view's signature
    """Serve the worker from the root, so that every page is in its reach; its version changes with what it keeps."""
    text = _read_worker(str(Path(settings.BASE_DIR) / WORKER))
    kept = [static("dist/app.css"), static("brand/favicon.svg")]
    setup = {
        "offline": reverse("notifications:offline"),
        "kept": kept,
        "icon": static("brand/icon-192.png"),
        "signOut": reverse("accounts:sign_out"),
    }
    version = hashlib.sha256(f"{text}{json.dumps(setup)}{settings.RELEASE}".encode()).hexdigest()[:12]
    head = f"const SETUP = {json.dumps({**setup, 'version': version})};\n"
    headers = {"Cache-Control": "no-cache", "Service-Worker-Allowed": "/"}
    return HttpResponse(head + text, content_type="text/javascript; charset=utf-8", headers=headers)


@lru_cache(maxsize=1)
def _read_worker(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


@login_not_required
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Show what the worker shows where there is no network: the same page for everybody, as it is kept."""
    return render_page(request, "notifications/offline.html")
