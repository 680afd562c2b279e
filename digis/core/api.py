"""What every REST view stands on: the error envelope, pages, and the old unversioned paths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response
from rest_framework.views import set_rollback

from digis.core import api_errors
from digis.core.errors import DomainError, RateLimited
from digis.core.http import status_of

_CODES: dict[type[exceptions.APIException], tuple[str, int]] = {
    exceptions.ParseError: ("VALIDATION_ERROR", 400),
    exceptions.AuthenticationFailed: ("TOKEN_INVALID", 401),
    exceptions.NotAuthenticated: ("AUTH_REQUIRED", 401),
    exceptions.PermissionDenied: ("FORBIDDEN", 403),
    exceptions.NotFound: ("NOT_FOUND", 404),
    exceptions.MethodNotAllowed: ("METHOD_NOT_ALLOWED", 405),
    exceptions.NotAcceptable: ("VALIDATION_ERROR", 406),
    exceptions.UnsupportedMediaType: ("UNSUPPORTED_MEDIA_TYPE", 415),
    exceptions.Throttled: ("RATE_LIMIT_EXCEEDED", 429),
}


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer every refusal in the envelope of api.md; what is not a refusal becomes a 500 elsewhere."""
    request: HttpRequest = context["request"]
    request_id = str(getattr(request, "request_id", ""))
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, DomainError):
        set_rollback()
        answer = Response(
            api_errors.body(
                code=error.code,
                message=str(error),
                request_id=request_id,
                fields=api_errors.fields_of(error),
                **api_errors.public_data(error),
            ),
            status=status_of(error),
        )
        if isinstance(error, RateLimited):
            answer["Retry-After"] = str(error.retry_after)
        return answer
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    return _answer(error, request_id)


def _answer(error: exceptions.APIException, request_id: str) -> Response:
    if isinstance(error, exceptions.ValidationError):
        message = _("Some of what you sent needs another look.")
        envelope = api_errors.body(
            code="VALIDATION_ERROR", message=message, request_id=request_id, fields=flatten(error.detail)
        )
        return Response(envelope, status=400)
    code, status = next(
        (row for kind, row in _CODES.items() if isinstance(error, kind)), ("INTERNAL_ERROR", error.status_code)
    )
    if isinstance(error, exceptions.PermissionDenied) and str(error.get_codes()) in {"CREATOR_ONLY", "ADMIN_ONLY"}:
        code = str(error.get_codes())
    fields: dict[str, list[str]] | None = {} if code == "VALIDATION_ERROR" else None
    answer = Response(
        api_errors.body(code=code, message=str(error.detail), request_id=request_id, fields=fields), status=status
    )
    if status == 401:
        answer["WWW-Authenticate"] = 'Bearer realm="digis"'
    wait: float | None = getattr(error, "wait", None)
    if wait is not None:
        answer["Retry-After"] = str(int(wait) + 1)
    return answer


def flatten(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """Turn nested serializer errors into `{"items.0.quantity": ["…"]}`."""
    if isinstance(detail, dict):
        found: dict[str, list[str]] = {}
        for name, inner in detail.items():
            found.update(flatten(inner, f"{prefix}.{name}" if prefix else str(name)))
        return found
    if isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        found = {}
        for place, inner in enumerate(detail):
            if inner:
                found.update(flatten(inner, f"{prefix}.{place}" if prefix else str(place)))
        return found
    lines = detail if isinstance(detail, list) else [detail]
    return {prefix or "non_field_errors": [str(line) for line in lines]}


class Pages(CursorPagination):
    """`{"results": […], "next": url|null, "previous": url|null}`, up to 100 a page (API-2)."""

    page_size = 24
    max_page_size = 100
    page_size_query_param = "page_size"
    ordering = "-id"


def deprecated(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Mark the answer of a view that is reached by its old, unversioned path (API-6)."""

    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response["Deprecation"] = "true"
        successor = request.path_info.replace("/api/", "/api/v1/", 1)
        response["Link"] = f'<{successor}>; rel="successor-version"'
        return response

    wrapped.__dict__.update(view.__dict__)  # csrf_exempt, login_required and the view's class travel with it
    wrapped.__name__ = getattr(view, "__name__", "view")
    return wrapped
