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
    ("notifications:settings", _("Notifications")),
    ("settings_appearance", _("Appearance")),
    ("settings_export", _("Your data")),
)


def settings_items(page: str) -> list[dict[str, Any]]:
    """Return the menu of the settings, for any app that has a page there."""
    return [
        {
            "url": reverse(name if ":" in name else f"accounts:{name}"),
            "label": label,
            "is_current": name == page,
        }
        for name, label in PAGES
    ]


def shell_of(request: HttpRequest) -> str:
    """Return what a page that stays open to suspended people is built on: theirs has no links that lead back (ACC-9)."""
    return "accounts/shell.html" if getattr(request.user, "is_suspended", False) else "base.html"


def render_settings(
    request: HttpRequest, page: str, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render a settings page with its menu."""
    return render_page(
        request,
        f"accounts/settings/{template}.html",
        {**context, "settings_items": settings_items(page), "shell": shell_of(request)},
        status=status,
    )
