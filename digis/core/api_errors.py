"""The API's error envelope (api.md): one shape for every path under /api/."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django.http import HttpRequest, JsonResponse

from digis.core import clock
from digis.core.errors import DomainError, RateLimited


def body(
    *, code: str, message: str, request_id: str, fields: dict[str, list[str]] | None = None, **more: Any
) -> dict[str, Any]:
    """Return the envelope as a dictionary; `fields` only where input was wrong."""
    error: dict[str, Any] = {"code": code, "message": message, "requestId": request_id, **more}
    if fields is not None and code == "VALIDATION_ERROR":
        error["fields"] = fields
    moment = clock.now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"success": False, "error": error, "timestamp": moment}


def envelope(
    request: HttpRequest,
    *,
    code: str,
    message: str,
    status: int,
    fields: dict[str, list[str]] | None = None,
    **more: Any,
) -> JsonResponse:
    """Answer in the envelope, outside of any API view."""
    request_id = str(getattr(request, "request_id", ""))
    return JsonResponse(body(code=code, message=message, request_id=request_id, fields=fields, **more), status=status)


def fields_of(error: DomainError) -> dict[str, list[str]] | None:
    """Return a refusal's sentences by field, as text."""
    found = getattr(error, "fields", None)
    if found is None:
        return None
    return {str(name): [str(line) for line in lines] for name, lines in found.items()}


def envelope_of(error: DomainError, request: HttpRequest, *, status: int) -> JsonResponse:
    """Answer a refusal in the envelope. What `public` names of its data goes with it (an `mfa_token`, say)."""
    answer = envelope(
        request,
        code=error.code,
        message=str(error),
        status=status,
        fields=fields_of(error),
        **public_data(error),
    )
    if isinstance(error, RateLimited):
        answer["Retry-After"] = str(error.retry_after)
    return answer


def public_data(error: DomainError) -> dict[str, Any]:
    """Return the part of a refusal's data that its class declares fit for the caller (`public = ("mfa_token",)`)."""
    return {name: error.data[name] for name in getattr(error, "public", ()) if name in getattr(error, "data", {})}
