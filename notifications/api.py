"""The `notifications` group of the REST API (api.md)."""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from typing_extensions import override

from accounts.models import User
from accounts.permissions import require_signed_in
from digis.core.api import Pages
from digis.core.errors import ValidationFailed
from digis.core.limits import count_request
from notifications import selectors, services
from notifications.models import Notification


class ActorSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    username = serializers.CharField()
    display_name = serializers.CharField()


class LineSerializer(serializers.Serializer[Any]):
    """One line of the inbox: a notification, or `count` of them that read as one."""

    id = serializers.UUIDField(source="head.id")
    kind = serializers.CharField(source="head.kind")
    category = serializers.CharField(source="head.category")
    title = serializers.CharField(source="text.title")
    body = serializers.CharField(source="text.body")
    url = serializers.CharField(source="text.url")
    actor = ActorSerializer(source="head.actor", allow_null=True)
    count = serializers.IntegerField()
    is_read = serializers.BooleanField()
    read_at = serializers.DateTimeField(source="head.read_at", allow_null=True)
    created_at = serializers.DateTimeField()


class ReadSerializer(serializers.Serializer[Any]):
    ids = serializers.ListField(child=serializers.UUIDField(), max_length=200, required=False, default=list)
    all = serializers.BooleanField(required=False, default=False)


class MarkedSerializer(serializers.Serializer[Any]):
    marked = serializers.IntegerField()
    unread_count = serializers.IntegerField()


class Newest(Pages):
    ordering = selectors.ORDER  # type: ignore[assignment]  # DRF takes several as well


class Inbox(ListAPIView[Notification]):
    permission_classes = [IsAuthenticated]
    serializer_class = LineSerializer
    pagination_class = Newest

    @property
    def person(self) -> User:
        return require_signed_in(self.request.user)

    @override
    def get_queryset(self) -> Any:
        return selectors.list_heads(self.person)

    @override
    @extend_schema(operation_id="notifications_list", responses=LineSerializer(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return the caller's inbox, the newest first; what they may not see any more is left out."""
        heads = self.paginate_queryset(self.get_queryset())
        lines = selectors.present_lines(self.person, heads or [])
        return self.get_paginated_response(LineSerializer(lines, many=True).data)


class Read(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="notifications_read", request=ReadSerializer, responses=MarkedSerializer)
    def post(self, request: Request) -> Response:
        """Mark `ids`, with the lines they belong to, or `all` as read. Repeatable."""
        count_request(request, "write")
        person = require_signed_in(request.user)
        form = ReadSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        chosen = form.validated_data
        if not chosen["ids"] and not chosen["all"]:
            raise ValidationFailed({"ids": [_("Name some ids, or say all.")]})
        marked = services.mark_read(person=person, ids=chosen["ids"], everything=chosen["all"])
        return Response({"marked": marked, "unread_count": selectors.count_unread(person)})


urlpatterns = [
    path("notifications", Inbox.as_view(), name="notifications"),
    path("notifications/read", Read.as_view(), name="notifications-read"),
]
