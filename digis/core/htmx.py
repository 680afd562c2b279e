"""Pages and the fragments htmx swaps: one template, one rule."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def wants_part(request: HttpRequest) -> bool:
    """Say whether htmx asked for a fragment: not for a whole page (boosted) and not to restore its history."""
    details: Any = getattr(request, "htmx", None)
    return bool(details) and not (details.boosted or details.history_restore_request)


def render_page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    part: str | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render the whole page, or `template#part` when htmx asked and a part is named.

    The answer varies on HX-Request, so that no cache hands a fragment to a person who reloads.
    """
    name = f"{template}#{part}" if part and wants_part(request) else template
    response = render(request, name, context, status=status)
    response["Vary"] = ", ".join(filter(None, [response.get("Vary", ""), "HX-Request"]))
    return response
