"""The settings pages, in the order of their menu."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from digis.core.htmx import render_page

PAGES = (
    ("settings_profile", _("Profile")),
    ("settings_account", _("Account")),
    ("settings_security", _("Security")),
    ("settings_sessions", _("Devices")),
    ("settings_privacy", _("Privacy")),
    ("settings_blocks", _("Blocked people")),
    ("settings_appearance", _("Appearance")),
)


def render_settings(
    request: HttpRequest, page: str, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render a settings page with its menu."""
    items = [{"url": reverse(f"accounts:{name}"), "label": label, "is_current": name == page} for name, label in PAGES]
    return render_page(
        request, f"accounts/settings/{template}.html", {**context, "settings_items": items}, status=status
    )
