"""System checks of what decides about money: a word that nobody knows stops the start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from economy.taxing import POINTS


@register("economy")
def check_taxes(**_: Any) -> list[CheckMessage]:
    """TAX_POINT is a word we know, and TAX_ENGINE something that assesses."""
    found: list[CheckMessage] = []
    if settings.TAX_POINT not in POINTS:
        words = " or ".join(f"“{word}”" for word in POINTS)
        found.append(Error(f"TAX_POINT: set it to {words}, not to {settings.TAX_POINT!r}.", id="economy.E001"))
    try:
        engine = import_string(settings.TAX_ENGINE)
    except ImportError:
        engine = None
    if not all(callable(getattr(engine, name, None)) for name in ("assess", "list_regions")):
        found.append(Error(f"TAX_ENGINE: {settings.TAX_ENGINE!r} is no tax engine.", id="economy.E002"))
    return found
