"""Every route the resolver knows, found by walking it, so that none can be forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Route:
    """One URL pattern: its full name, its text, and the names of its arguments."""

    name: str
    text: str
    arguments: tuple[str, ...]


def walk(resolver: URLResolver | None = None, prefix: str = "", spaces: tuple[str, ...] = ()) -> Iterator[Route]:
    """Yield each route below a resolver, namespaces joined by colons."""
    top = resolver or get_resolver()
    for pattern in top.url_patterns:
        text = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = (*spaces, pattern.namespace) if pattern.namespace else spaces
            yield from walk(pattern, text, inner)
        elif isinstance(pattern, URLPattern):
            name = ":".join((*spaces, pattern.name or text))
            yield Route(name, text, tuple(pattern.pattern.regex.groupindex))
