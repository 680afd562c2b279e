"""The `realtime` group of the REST API (api.md)."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from digis.core.errors import AuthRequired
from digis.core.limits import count_request
from digis.core.realtime.sessions import session_key_behind
from digis.core.realtime.tickets import issue_ticket


class TicketSerializer(serializers.Serializer[Any]):
    ticket = serializers.CharField(help_text="Good for one socket, opened within 30 seconds.")
    ws_url = serializers.CharField(help_text="Open it with `?ticket=` and the ticket.")
    expires_at = serializers.DateTimeField()


class Token(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="realtime_token", request=None, responses=TicketSerializer, tags=["realtime"])
    def post(self, request: Request) -> Response:
        """Give a ticket to one socket; it closes when the session that asked for it ends."""
        count_request(request, "realtime")
        session_key = session_key_behind(request)
        if not session_key:
            raise AuthRequired
        ticket = issue_ticket(person_id=str(request.user.pk), session_key=session_key)
        return Response(TicketSerializer(ticket).data, status=status.HTTP_200_OK, headers={"Cache-Control": "no-store"})


urlpatterns = [path("realtime/token", Token.as_view(), name="realtime_token")]
