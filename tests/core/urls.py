"""The site's routes and a few of the tests' own, each of which ends in one way the core must handle."""

import structlog
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from rest_framework import permissions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from digis.core import errors, http
from digis.core.api import deprecated
from digis.core.idempotency import form_key
from digis.core.limits import limited
from digis.core.webhooks import signed_door
from digis.urls import handler400, handler403, handler404, handler500
from digis.urls import urlpatterns as site

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

REFUSALS = {
    error.code: error
    for error in (
        errors.ValidationFailed({"amount": ["Too little."]}),
        errors.AuthRequired(),
        errors.ReauthRequired(),
        errors.Forbidden(),
        errors.EmailUnverified(),
        errors.NotFound(),
        errors.InvalidState(),
        errors.IdempotencyConflict(),
        errors.RateLimited(7),
    )
}


class InsufficientTokens(errors.DomainError):
    code = "INSUFFICIENT_TOKENS"
    message = "You need %(needed)s tokens."


REFUSALS["INSUFFICIENT_TOKENS"] = InsufficientTokens(needed=12)


@csrf_exempt
@login_not_required
def refuse(request: HttpRequest, code: str) -> HttpResponse:
    raise REFUSALS[code]


@login_not_required
def crash(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("planted")


@login_not_required
def log_id(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"request_id": structlog.contextvars.get_contextvars().get("request_id")})


@csrf_exempt
@login_not_required
@limited("payments")
def pay(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"key": form_key()})


@csrf_exempt
@login_not_required
@limited("write")
def write(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


@login_not_required
def whoami(request: HttpRequest) -> HttpResponse:
    return JsonResponse(
        {
            "address": http.client_address(request),
            "host": request.get_host(),
            "secure": request.is_secure(),
            "secret": request.headers.get("X-Djstripe-Webhook-Secret", ""),
        }
    )


@login_not_required
def leave(request: HttpRequest) -> HttpResponse:
    return http.redirect(request, request.GET["to"])


@login_not_required
def onward(request: HttpRequest) -> HttpResponse:
    return HttpResponse(http.next_url(request, "/home/"))


class Body(serializers.Serializer):
    amount = serializers.IntegerField(min_value=1)


class Spend(APIView):
    permission_classes = [permissions.AllowAny]

    def post(self, request):
        body = Body(data=request.data)
        body.is_valid(raise_exception=True)
        if body.validated_data["amount"] > 10:
            raise InsufficientTokens(needed=body.validated_data["amount"])
        return Response({"spent": body.validated_data["amount"]})


class Private(APIView):
    def get(self, request):  # noqa: ARG002  a view's signature
        return Response({})


@csrf_exempt
@login_not_required
def hooked(request: HttpRequest) -> HttpResponse:
    return HttpResponse("in")


urlpatterns = [
    path("probe/refuse/<code>/", refuse),
    path("probe/crash/", crash),
    path("probe/pay/", pay),
    path("probe/write/", write),
    path("probe/whoami/", whoami),
    path("probe/log-id/", log_id),
    path("probe/leave/", leave),
    path("probe/onward/", onward),
    path("probe/hook/", signed_door(hooked)),
    path("api/v1/probe/refuse/<code>/", refuse),
    path("api/v1/probe/crash/", crash),
    path("api/v1/probe/pay/", pay),
    path("api/v1/probe/spend", Spend.as_view()),
    path("api/probe/spend", deprecated(Spend.as_view())),
    path("api/v1/probe/private", Private.as_view()),
    *site,
]
