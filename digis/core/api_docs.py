"""The API's schema, and a page of it that people can read: made here, without anybody's CDN."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny

from digis.core.http import page_not_found
from digis.core.realtime import frames

METHODS = ("get", "post", "put", "patch", "delete")


class SchemaView(SpectacularAPIView):
    """The OpenAPI 3.1 document."""

    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []


def only_versioned(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Keep the old, unversioned paths out of the schema, and write paths as the contract does: without a last slash."""
    return [
        (path.rstrip("/"), regex, method, callback)
        for path, regex, method, callback in endpoints
        if path.startswith("/api/v1/")
    ]


@login_not_required
def nothing_here(request: HttpRequest) -> HttpResponseBase:
    """Answer every path under /api/ that nobody has, in the envelope."""
    return page_not_found(request)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, as the page shows it."""

    method: str
    path: str
    anchor: str
    summary: str
    description: str
    is_open: bool
    parameters: list[dict[str, Any]]
    request: list[dict[str, Any]]
    responses: list[tuple[str, str, list[dict[str, Any]]]]


@login_not_required
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Show every endpoint with its fields, grouped by tag."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    groups: dict[str, list[Operation]] = {}
    for tag, operation in _operations(schema):
        groups.setdefault(tag, []).append(operation)
    context = {"groups": groups, "frames": list(_frames(schema)), "title": schema["info"]["title"]}
    return render(request, "core/api_docs.html", {**context, "close_codes": frames.CLOSE_CODES})


@dataclass(frozen=True, slots=True)
class FrameKind:
    """One type of frame on the socket, as the page shows it."""

    name: str
    is_sent: bool  # by the client
    description: str
    fields: list[dict[str, Any]]
    example: str


def _frames(schema: dict[str, Any]) -> Iterator[FrameKind]:
    """Return the socket's frames: first what a client may send, then what it gets."""
    sides = ((True, "Client", frames.CLIENT), (False, "Server", {**frames.SERVER, "presence": frames.PRESENCE}))
    for is_sent, side, kinds in sides:
        for kind, found in kinds.items():
            reference = {"$ref": f"#/components/schemas/{frames.schema_name(side, kind)}"}
            yield FrameKind(kind, is_sent, found["description"], _fields(schema, reference), frames.example_of(found))


def _operations(schema: dict[str, Any]) -> Iterator[tuple[str, Operation]]:
    for path, methods in schema.get("paths", {}).items():
        for method in METHODS:
            if method not in methods:
                continue
            found = methods[method]
            body = found.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            yield (
                (found.get("tags") or ["other"])[0],
                Operation(
                    method=method.upper(),
                    path=path,
                    anchor=found.get("operationId", f"{method}-{path}"),
                    summary=found.get("summary", ""),
                    description=found.get("description", ""),
                    is_open={} in found.get("security", []),
                    parameters=[
                        {
                            "name": p["name"],
                            "kind": p.get("schema", {}).get("type", ""),
                            "needed": p.get("required", False),
                            "text": p.get("description", ""),
                        }
                        for p in found.get("parameters", [])
                    ],
                    request=_fields(schema, body),
                    responses=[
                        (status, answer.get("description", ""), _fields(schema, _body_of(answer)))
                        for status, answer in sorted(found.get("responses", {}).items())
                    ],
                ),
            )


def _body_of(answer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = answer.get("content", {}).get("application/json", {}).get("schema", {})
    return found


def _resolve(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """Follow one reference; an array stands for its items."""
    if part.get("type") == "array":
        part = part.get("items", {})
    reference = part.get("$ref") or next((one["$ref"] for one in part.get("allOf", []) if "$ref" in one), "")
    if not reference:
        return part
    found: dict[str, Any] = schema["components"]["schemas"][reference.rsplit("/", 1)[-1]]
    return found


def _fields(schema: dict[str, Any], part: dict[str, Any]) -> list[dict[str, Any]]:
    whole = _resolve(schema, part)
    needed = set(whole.get("required", []))
    rows = []
    for name, field in whole.get("properties", {}).items():
        inner = _resolve(schema, field)
        kind = inner.get("type") or ("choice" if "enum" in inner else "")
        rows.append(
            {
                "name": name,
                "kind": " or ".join(kind) if isinstance(kind, list) else kind,
                "format": inner.get("format", ""),
                "choices": [str(choice) for choice in inner.get("enum", [inner["const"]] if "const" in inner else [])],
                "needed": name in needed,
                "text": field.get("description", ""),
            }
        )
    return rows
