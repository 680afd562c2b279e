"""The REST API's routes (api.md): versioned, and once more without the version, marked as deprecated."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec

from django.urls import path, re_path
from django.urls.resolvers import URLPattern
from django.views.decorators.csrf import csrf_exempt

from digis.core.api import deprecated
from digis.core.api_docs import SchemaView, docs, nothing_here

APPS = ("accounts", "notifications", "economy", "calls", "digis.core.realtime")


def _routes() -> Iterable[URLPattern]:
    """Each app lists its endpoints in `<app>.api.urlpatterns`, relative to the version, without a trailing slash."""
    for app in APPS:
        if find_spec(f"{app}.api"):
            yield from getattr(import_module(f"{app}.api"), "urlpatterns", [])


def _tolerant(pattern: URLPattern, prefix: str, *, old: bool) -> URLPattern:
    """Accept the route with and without a trailing slash; the old prefix also gets its deprecation header."""
    view = deprecated(pattern.callback) if old else pattern.callback
    route = str(pattern.pattern).rstrip("/")
    converted = path(f"{prefix}{route}", view, pattern.default_args, name=None if old else pattern.name)
    text = converted.pattern.regex.pattern.removesuffix(r"\Z").removesuffix("$")
    tolerant = re_path(rf"{text}/?$", view, pattern.default_args, name=None if old else pattern.name)
    tolerant.pattern.converters = converted.pattern.converters
    return tolerant


_found = list(_routes())
app_name = "api"
urlpatterns = [
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api-docs/", docs, name="docs"),
    *[_tolerant(pattern, "api/v1/", old=False) for pattern in _found],
    *[_tolerant(pattern, "api/", old=True) for pattern in _found],
    re_path(r"^api/.*$", csrf_exempt(nothing_here), name="nothing"),
]
