"""HTTP's side of the core: request ids, addresses, headers, and the one table from a refusal's code to a status."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.cache import patch_vary_headers
from django.utils.html import escape
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _

from digis.core import api_errors, clock
from digis.core.errors import DomainError, RateLimited
from digis.core.htmx import wants_part
from digis.core.ids import uuid7

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# A refusal's code → HTTP status. API, pages and tests read this table; there is no other.
STATUS: dict[str, int] = {
    "VALIDATION_ERROR": 400,
    "AUTH_REQUIRED": 401,
    "TOKEN_INVALID": 401,
    "MFA_REQUIRED": 401,
    "INSUFFICIENT_TOKENS": 402,
    "CREATOR_ONLY": 403,
    "ADMIN_ONLY": 403,
    "FORBIDDEN": 403,
    "ACCOUNT_SUSPENDED": 403,
    "EMAIL_UNVERIFIED": 403,
    "LIMIT_REACHED": 403,
    "SUBSCRIPTION_REQUIRED": 403,
    "AGE_VERIFICATION_REQUIRED": 403,
    "REAUTH_REQUIRED": 403,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "CONFLICT": 409,
    "IDEMPOTENCY_CONFLICT": 409,
    "OUT_OF_STOCK": 409,
    "SLOT_TAKEN": 409,
    "INVALID_STATE": 409,
    "PAYLOAD_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "RATE_LIMIT_EXCEEDED": 429,
    "INTERNAL_ERROR": 500,
    "MEDIA_PROVIDER_DISABLED": 503,
    "REALTIME_UNAVAILABLE": 503,
}
PAGES_OF_THEIR_OWN = {404, 410, 429}  # templates/errors/<status>.html; the rest share errors/domain.html

_VIEW_NAME = re.compile(r"[\w-]+(:[\w-]+)*")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_FORWARDED = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_REAL_IP",
    "HTTP_FORWARDED",
)


def status_of(error: DomainError) -> int:
    """Return the HTTP status of a refusal; a code nobody listed is a conflict with the present state."""
    return STATUS.get(error.code, 409)


def is_api(request: HttpRequest) -> bool:
    """Say whether the answer is for a program: everything under /api/ speaks JSON, errors included."""
    return request.path_info.startswith("/api/")


# ── Where a request comes from ──────────────────────────────────────────────────────────────


def is_trusted_proxy(address: str) -> bool:
    """Say whether an address is one of our own proxies; the word `unix` trusts a local socket."""
    if not address:
        return "unix" in settings.TRUSTED_PROXIES
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(
        found in ipaddress.ip_network(network, strict=False)
        for network in settings.TRUSTED_PROXIES
        if network not in {"unix", "none"}
    )


def address_behind(peer: str, forwarded_for: str) -> str:
    """Return the nearest address that is not our own proxy: read from the right, where only we can write."""
    if not is_trusted_proxy(peer):
        return peer
    nearest = peer
    for hop in reversed([part.strip() for part in forwarded_for.split(",") if part.strip()]):
        try:
            nearest = str(ipaddress.ip_address(hop))
        except ValueError:
            break
        if not is_trusted_proxy(nearest):
            break
    return nearest


def client_address(request: HttpRequest) -> str:
    """Return the caller's address. X-Forwarded-For is believed only from TRUSTED_PROXIES."""
    known = getattr(request, "client_address", None)
    if isinstance(known, str):
        return known
    return address_behind(request.META.get("REMOTE_ADDR") or "", request.META.get("HTTP_X_FORWARDED_FOR", ""))


def client_country(request: HttpRequest) -> str:
    """Return the country our proxy says the caller's address is in, as two letters; "" where it says none, or nobody may."""
    if not settings.COUNTRY_HEADER or not is_trusted_proxy(getattr(request, "peer", "") or ""):
        return ""
    said = str(request.headers.get(settings.COUNTRY_HEADER, "")).strip().upper()
    return said if re.fullmatch(r"[A-Z]{2}", said, re.ASCII) and said not in _NO_COUNTRY else ""


_NO_COUNTRY = frozenset({"XX", "ZZ", "EU", "AP"})  # what edges write where they know none


class EdgeMiddleware:
    """The first to see a request: settles its address and drops every header an outsider may not send.

    Strangers' X-Forwarded-* are gone before anyone can believe them. X-Djstripe-Webhook-Secret is dropped from
    everyone: dj-stripe's debug mode would take it in place of a signature (LEDGER-5).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.META.pop("HTTP_X_DJSTRIPE_WEBHOOK_SECRET", None)
        peer = request.META.get("REMOTE_ADDR") or ""
        address = address_behind(peer, request.META.get("HTTP_X_FORWARDED_FOR", ""))
        if not is_trusted_proxy(peer):
            for name in (*_FORWARDED, "HTTP_X_REQUEST_ID"):
                request.META.pop(name, None)
        request.began_ms = int(clock.now().timestamp() * 1000)  # type: ignore[attr-defined]  # what pages say to their socket
        request.peer = peer  # type: ignore[attr-defined]  # read by client_country()
        request.client_address = address  # type: ignore[attr-defined]  # read by client_address()
        return self.get_response(request)


class ReadableMiddleware:
    """Refuses addresses that no page of ours has: a NUL, which PostgreSQL cannot store, is nobody's handle or search."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return bad_request(request, SuspiciousOperation("A NUL in an address."))
        return self.get_response(request)


class RequestIdMiddleware:
    """Give each request one id: in the logs, on error pages, in the answer's X-Request-ID."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else str(uuid7())
        request.META["HTTP_X_REQUEST_ID"] = request_id  # the log middleware reads it, by headers read anew
        request.__dict__.pop("headers", None)
        request.request_id = request_id  # type: ignore[attr-defined]  # read by request_id_of()
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


def request_id_of(request: HttpRequest) -> str:
    """Return the request's id, or an empty string before it has one."""
    return str(getattr(request, "request_id", ""))


class SecurityHeadersMiddleware:
    """Headers Django does not set itself: Permissions-Policy, resource isolation, private caching, rate limits."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if "Cache-Control" not in response and (is_api(request) or settings.SESSION_COOKIE_NAME in request.COOKIES):
            response["Cache-Control"] = "private, no-cache"
            patch_vary_headers(response, ["Cookie"])
        limit = getattr(request, "rate_limit", None)
        if limit is not None and is_api(request):
            response["X-RateLimit-Limit"] = str(limit.rate)
            response["X-RateLimit-Remaining"] = str(limit.remaining)
            response["X-RateLimit-Reset"] = str(limit.reset)
        return response


# ── Leaving ─────────────────────────────────────────────────────────────────────────────────


def exit_origins() -> list[str]:
    """Return the origins a person may be sent to: hosted checkout, and development's stand-in for it."""
    return [*settings.STRIPE_HOSTED, *filter(None, [getattr(settings, "SANDBOX_URL", "")])]


def redirect(request: HttpRequest, to: Any, *args: Any, **kwargs: Any) -> HttpResponse:
    """Send the person on: 303 for a form, HX-Redirect for htmx. The only way to leave the site.

    `to` is what Django's resolve_url takes. An address elsewhere must be on `exit_origins()`.
    """
    try:
        url = resolve_url(to, *args, **kwargs)
    except NoReverseMatch:
        if isinstance(to, str) and not _VIEW_NAME.fullmatch(to):
            raise SuspiciousOperation("Refused to send a person to an odd address.") from None
        raise
    parts = urlsplit(url)
    if parts.scheme or parts.netloc:
        origin = f"{parts.scheme}://{parts.netloc}"
        if parts.netloc != request.get_host() and origin not in exit_origins():
            raise SuspiciousOperation(f"Refused to send a person to {origin}.")
    if getattr(request, "htmx", False):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = url
        return response
    return HttpResponseRedirect(url, status=303)


def next_url(request: HttpRequest, default: Any = "/") -> str:
    """Return the safe page named by `next` in the form or the query, or the default."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    if asked and url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return asked if urlsplit(asked).path != resolve_url(settings.LOGOUT_URL) else resolve_url(default)
    return resolve_url(default)


# ── Refusals as pages ───────────────────────────────────────────────────────────────────────


class DomainErrorMiddleware:
    """Turn a DomainError that a view let pass into a page, an htmx fragment or the API's envelope."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code == 405 and not getattr(response, "content", b"?"):
            return _wrong_method(request, response)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        if is_api(request):
            return api_errors.envelope_of(error, request, status=status_of(error))
        return render_refusal(request, error)


def render_refusal(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Show a refusal to a person: what happened, what to do, and the request's id."""
    leave = _way_out(request, error)
    if leave is not None:
        return leave
    status = 422 if error.code == "VALIDATION_ERROR" else status_of(error)
    context = {
        "error": error,
        "code": error.code,
        "message": str(error),
        "data": getattr(error, "data", {}),
        "fields": getattr(error, "fields", {}),
        "status": status,
        "request_id": request_id_of(request),
        "back": back_of(request),
    }
    if wants_part(request):  # 4xx is not swapped in: static/js/focus.js puts it beside what was pressed
        response = render(request, "errors/domain.html#inline", context, status=status_of(error))
    elif status in PAGES_OF_THEIR_OWN:
        response = error_page(request, status, context)
    else:
        response = render(request, "errors/domain.html", context, status=status)
    if isinstance(error, RateLimited):
        response["Retry-After"] = str(error.retry_after)
    return response


def _way_out(request: HttpRequest, error: DomainError) -> HttpResponse | None:
    """Return the next step where a refusal is one on the way: sign in, confirm it is you."""
    names = {"AUTH_REQUIRED": settings.LOGIN_URL, "REAUTH_REQUIRED": "accounts:reauthenticate"}
    if error.code not in names:
        return None
    try:
        target = reverse(names[error.code])
    except NoReverseMatch:
        return None
    if error.code == "REAUTH_REQUIRED" and hasattr(request, "_messages"):
        messages.info(request, str(error))
    here = request.get_full_path() if request.method in {"GET", "HEAD"} else back_of(request)
    return redirect(request, f"{target}?{urlencode({'next': here})}")


def back_of(request: HttpRequest) -> str:
    """Return the page of ours the person came from, or home."""
    came: str = request.META.get("HTTP_REFERER", "")
    if came and url_has_allowed_host_and_scheme(came, allowed_hosts={request.get_host()}):
        parts = urlsplit(came)
        return parts.path + (f"?{parts.query}" if parts.query else "")
    return "/"


def error_page(request: HttpRequest, status: int, context: dict[str, Any] | None = None) -> HttpResponse:
    """Render templates/errors/<status>.html; if even that fails, a plain page that still names the request."""
    full = {"request_id": request_id_of(request), "status": status, "back": back_of(request), **(context or {})}
    try:
        if status >= 500:  # nothing is certain any more: no context processors, no database
            return HttpResponse(render_to_string(f"errors/{status}.html", full), status=status)
        return render(request, f"errors/{status}.html", full, status=status)
    except (TemplateDoesNotExist, ImproperlyConfigured):
        return _plain_page(status, full["request_id"])
    except Exception:
        if status < 500:
            raise
        return _plain_page(status, full["request_id"])


def _plain_page(status: int, request_id: str) -> HttpResponse:
    title = escape(_("Something went wrong"))
    line = escape(_("Please try again. If it goes on, tell us this number: %(id)s") % {"id": request_id})
    return HttpResponse(f"<!doctype html><title>{title}</title><h1>{title}</h1><p>{line}</p>", status=status)


def _for_program(request: HttpRequest, code: str, message: str, status: int) -> HttpResponse:
    return api_errors.envelope(request, code=code, message=message, status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  Django's signature
    """Answer a form whose token is missing or stale."""
    message = _("This page was open too long, or your browser blocks our cookie. Open it again and repeat.")
    if is_api(request):
        return _for_program(request, "FORBIDDEN", message, 403)
    return error_page(request, 403, {"message": message})


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if is_api(request):
        return _for_program(request, "VALIDATION_ERROR", _("This request cannot be read."), 400)
    if isinstance(exception, SuspiciousOperation):  # too early, or too odd, for a page that asks who and where it is
        return _plain_page(400, request_id_of(request))
    return error_page(request, 400)


def _wrong_method(request: HttpRequest, refused: HttpResponseBase) -> HttpResponse:
    """Say what an address is for that takes forms only: people come back to one after signing in."""
    if is_api(request):
        answer = _for_program(request, "METHOD_NOT_ALLOWED", _("This address does not answer that method."), 405)
    else:
        message = _("This address only takes a form. Go back to the page it is on and press its button again.")
        answer = error_page(request, 405, {"message": message})
    answer["Allow"] = refused["Allow"]
    return answer


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  Django's signature
    if is_api(request):
        return _for_program(request, "FORBIDDEN", _("You may not do this."), 403)
    return error_page(request, 403)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  Django's signature
    if is_api(request):
        return _for_program(request, "NOT_FOUND", _("There is nothing here."), 404)
    return error_page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    if is_api(request):
        return _for_program(request, "INTERNAL_ERROR", _("Something went wrong on our side."), 500)
    return error_page(request, 500)
