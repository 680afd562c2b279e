"""What every template may read: who the site is, its theme, and whatever the apps registered, evaluated when read."""

from __future__ import annotations

from email.utils import parseaddr
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from digis.core import registry

THEMES = {"light": "digis-light", "dark": "digis-dark"}


def theme_of(request: HttpRequest) -> str:
    """Return the theme the person chose by cookie: system, light or dark."""
    chosen = request.COOKIES.get("theme", "")
    return chosen if chosen in THEMES else "system"


def site(request: HttpRequest) -> dict[str, Any]:
    """Give templates the site, the theme, and the registered contexts (balance chip, active call, navigation)."""
    theme = theme_of(request)
    found: dict[str, Any] = {
        "site": {
            "name": settings.SITE_NAME,
            "url": settings.SITE_URL,
            "help_email": parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
        },
        "theme": theme,
        "data_theme": THEMES.get(theme, ""),
    }
    for name, provide in registry.contexts.items():
        found[name] = SimpleLazyObject(partial(provide, request))
    return found
