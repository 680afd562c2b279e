"""How often each route was asked, how it answered and how long it took: figures without people in them."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from prometheus_client import Histogram

SECONDS = Histogram(
    "digis_http_request_seconds",
    "Time from the request to its answer's first byte.",
    ["method", "route", "status"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
KNOWN = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class MetricsMiddleware:
    """Measure each request under its route, never under its path: ids and handles stay out of the figures."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        method = request.method if request.method in KNOWN else "other"
        route = match.route if match is not None else "none"
        SECONDS.labels(method, route, str(response.status_code)).observe(time.perf_counter() - began)
        return response
