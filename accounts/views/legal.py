"""The terms and the privacy notice. Everybody may read them, suspended people too."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.views.nav import shell_of
from digis.core.htmx import render_page


@login_not_required
@require_safe
def legal(request: HttpRequest) -> HttpResponse:
    """List the documents with their dates."""
    return _render(request, "index", settings.TERMS_DATE)


@login_not_required
@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """Show what people agree to when they make an account."""
    return _render(request, "terms", settings.TERMS_DATE)


@login_not_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Show what is kept about people, why, and how long."""
    return _render(request, "privacy", settings.PRIVACY_DATE)


def _render(request: HttpRequest, name: str, written: str) -> HttpResponse:
    context: dict[str, Any] = {
        "shell": shell_of(request),
        "operator": settings.OPERATOR,
        "written": date.fromisoformat(written),
        "terms_date": date.fromisoformat(settings.TERMS_DATE),
        "privacy_date": date.fromisoformat(settings.PRIVACY_DATE),
        "creator_share": f"{100 - settings.PLATFORM_FEE_BP / 100:g}",
        "retention": settings.RETENTION_DAYS,
        "session_days": timedelta(seconds=settings.SESSION_COOKIE_AGE).days,
        "call": {name.lower(): getattr(settings, f"CALL_{name}") for name in ("FREE_SECONDS", "GRACE_SECONDS")},
        "promotional_days": settings.PROMOTIONAL_DAYS,
    }
    return render_page(request, f"accounts/legal/{name}.html", context)
