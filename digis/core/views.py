"""The core's own pages: health, figures, pictures, and development's mailbox."""

from __future__ import annotations

from pathlib import PurePosixPath

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import render
from django.utils.crypto import constant_time_compare
from django.utils.http import http_date, parse_http_date_safe
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess
from prometheus_client.registry import REGISTRY

from digis.core import mail
from digis.core.health import TableCollector, list_findings
from digis.core.http import client_address

PUBLIC_FOLDERS = frozenset({"avatars", "banners"})
PICTURES = {".webp": "image/webp", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
LOOPBACK = frozenset({"127.0.0.1", "::1"})


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  a view's signature
    """Say that this process answers.

    Nothing else is asked, so that a sick database does not restart healthy processes.
    """
    return JsonResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  a view's signature
    """Everything this process needs answers: database, Valkey, migrations, a worker's heartbeat."""
    findings = list_findings()
    is_ready = all(finding.is_ready for finding in findings)
    body = {
        "status": "ready" if is_ready else "not ready",
        "checks": {f.name: {"ok": f.is_ready, "detail": f.detail} for f in findings},
    }
    return JsonResponse(body, status=200 if is_ready else 503, headers={"Cache-Control": "no-store"})


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' figures, for the bearer of METRICS_TOKEN, or for this machine where no token is set."""
    token: str = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "")
    allowed = constant_time_compare(given, f"Bearer {token}") if token else client_address(request) in LOOPBACK
    if not allowed:
        raise Http404
    registry = REGISTRY
    if settings.METRICS_DIR:  # several processes write there; each scrape adds them up
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry, path=settings.METRICS_DIR)
        registry.register(TableCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


@login_not_required
@require_safe
def media(request: HttpRequest, path: str) -> HttpResponse | FileResponse | HttpResponseNotModified:
    """Serve a public picture. Names are random and never reused, so a browser may keep what it has."""
    name = PurePosixPath(path)
    kind = PICTURES.get(name.suffix.lower())
    if kind is None or ".." in name.parts or name.parts[0] not in PUBLIC_FOLDERS or not default_storage.exists(path):
        raise Http404
    changed = int(default_storage.get_modified_time(path).timestamp())
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    if since is not None and changed <= since:
        return HttpResponseNotModified()
    response = FileResponse(default_storage.open(path), content_type=kind)
    response["Last-Modified"] = http_date(changed)
    response["Cache-Control"] = "public, max-age=604800, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


# ── Development's mailbox ───────────────────────────────────────────────────────────────────


def require_dev_pages() -> None:
    """Hide development's pages everywhere else: there they do not exist."""
    if not settings.DEV_PAGES:
        raise Http404


@login_not_required
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """List the mail this machine would have sent, newest first; `?to=` narrows it to one person."""
    require_dev_pages()
    to = request.GET.get("to", "")
    return render(request, "core/mailbox.html", {"mails": mail.list_stored(to=to), "to": to})


@login_not_required
@require_safe
def mailbox_mail(request: HttpRequest, mail_id: str) -> HttpResponse:
    """Show one mail: its headers, its text, and a link to its HTML."""
    require_dev_pages()
    return render(request, "core/mailbox_mail.html", {"mail": mail.get_stored(str(mail_id))})


@login_not_required
@require_safe
def mailbox_html(request: HttpRequest, mail_id: str) -> HttpResponse:  # noqa: ARG001  a view's signature
    """Show a mail's HTML as it was sent, under this site's strict policy."""
    require_dev_pages()
    stored = mail.get_stored(str(mail_id))
    if not stored.html:
        raise Http404
    return HttpResponse(stored.html)
