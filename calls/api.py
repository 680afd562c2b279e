"""The `calls` group of the REST API (api.md)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from typing_extensions import override

from accounts.models import User
from accounts.permissions import require_signed_in
from accounts.selectors import get_person
from calls import media, selectors, services
from calls.models import Call, CallInvitation, CallType
from digis.core.api import Pages
from digis.core.idempotency import request_key
from digis.core.limits import count_request

SESSION_STATUS = {
    Call.Status.JOINING: "scheduled",
    Call.Status.ACTIVE: "active",
    Call.Status.PAUSED: "active",
    Call.Status.GRACE: "active",
    Call.Status.ENDED: "completed",
}


class PersonSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["id", "username", "display_name"]


class InviteSerializer(serializers.Serializer[Any]):
    creator_id = serializers.UUIDField()
    call_type = serializers.ChoiceField(choices=CallType.choices)
    message = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class InvitationSerializer(serializers.ModelSerializer[CallInvitation]):
    rate_per_minute = serializers.IntegerField(source="rate")

    class Meta:
        model = CallInvitation
        fields = ["id", "call_type", "status", "rate_per_minute", "message", "created_at", "expires_at"]


class SessionSerializer(serializers.ModelSerializer[Call]):
    session_type = serializers.CharField(source="call_type")
    status = serializers.SerializerMethodField()
    channel_name = serializers.UUIDField(source="id")
    creator = PersonSerializer()
    fan = PersonSerializer()
    rate_per_minute = serializers.IntegerField(source="invitation.rate")
    duration_seconds = serializers.SerializerMethodField()
    tokens_charged = serializers.IntegerField(source="charged_tokens")

    class Meta:
        model = Call
        fields = [
            "id", "session_type", "status", "channel_name", "creator", "fan", "rate_per_minute", "started_at",
            "ended_at", "duration_seconds", "tokens_charged", "end_reason",
        ]  # fmt: skip

    def get_status(self, call: Call) -> str:
        if call.is_over and call.started_at is None:
            return "cancelled"
        return SESSION_STATUS[Call.Status(call.status)]

    def get_duration_seconds(self, call: Call) -> int:
        return int(call.duration.total_seconds())


class AcceptedSerializer(serializers.Serializer[Any]):
    session = SessionSerializer()


class StartSerializer(serializers.Serializer[Any]):
    session_id = serializers.UUIDField()


class JoinSerializer(serializers.Serializer[Any]):
    provider = serializers.CharField()
    room = serializers.CharField()
    params = serializers.DictField()


class CallsView(APIView):
    """What all endpoints here share: signed in, counted as calls."""

    permission_classes = [IsAuthenticated]

    @override
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method == "POST":
            count_request(request, "call")

    @property
    def person(self) -> User:
        return require_signed_in(self.request.user)


class Invite(CallsView):
    @extend_schema(
        operation_id="calls_invite",
        request=InviteSerializer,
        responses={201: InvitationSerializer},
        parameters=[OpenApiParameter("Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER)],
    )
    def post(self, request: Request) -> Response:
        """Ring a creator for 30 seconds; 402 when the wallet holds less than twice the rate."""
        form = InviteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        invitation = services.ring_creator(
            fan=self.person,
            creator=get_person(id=asked["creator_id"]),
            call_type=asked["call_type"],
            key=request_key(request.headers.get("Idempotency-Key")),
            message=asked["message"],
        )
        answer = Response(InvitationSerializer(invitation).data, status=status.HTTP_201_CREATED)
        if invitation.is_replay:
            answer["Idempotent-Replayed"] = "true"
        return answer


class Accept(CallsView):
    @extend_schema(operation_id="calls_accept", request=None, responses=AcceptedSerializer)
    def post(self, _request: Request, invite_id: UUID) -> Response:
        """Pick up; holds twice the rate of the fan's tokens."""
        call = services.accept_ring(creator=self.person, invitation_id=invite_id)
        return Response({"session": SessionSerializer(call).data})


class Decline(CallsView):
    @extend_schema(operation_id="calls_decline", request=None, responses=InvitationSerializer)
    def post(self, _request: Request, invite_id: UUID) -> Response:
        """Refuse a ring."""
        invitation = services.decline_ring(creator=self.person, invitation_id=invite_id)
        return Response(InvitationSerializer(invitation).data)


class Cancel(CallsView):
    @extend_schema(operation_id="calls_cancel", request=None, responses=InvitationSerializer)
    def post(self, _request: Request, invite_id: UUID) -> Response:
        """Stop ringing."""
        invitation = services.cancel_ring(fan=self.person, invitation_id=invite_id)
        return Response(InvitationSerializer(invitation).data)


class Start(CallsView):
    @extend_schema(operation_id="calls_start", request=StartSerializer, responses=JoinSerializer)
    def post(self, request: Request) -> Response:
        """Return what the caller needs to join the call's media."""
        form = StartSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        call = services.join_call(person=self.person, call_id=form.validated_data["session_id"])
        joined = media.get_provider().join(room=str(call.pk), person_id=self.person.pk)
        name, room = joined.pop("name"), joined.pop("room")
        return Response({"provider": name, "room": room, "params": joined})


class End(CallsView):
    @extend_schema(operation_id="calls_end", request=None, responses=SessionSerializer)
    def post(self, _request: Request, session_id: UUID) -> Response:
        """Hang up. Repeatable."""
        call = services.hang_up(person=self.person, call_id=session_id)
        return Response(SessionSerializer(call).data)


class History(ListAPIView[Call]):
    permission_classes = [IsAuthenticated]
    serializer_class = SessionSerializer
    pagination_class = Pages

    @override
    def get_queryset(self) -> Any:
        return selectors.list_calls(require_signed_in(self.request.user))


class Detail(CallsView):
    @extend_schema(operation_id="calls_retrieve", responses=SessionSerializer)
    def get(self, _request: Request, session_id: UUID) -> Response:
        """Return one call of the caller's."""
        return Response(SessionSerializer(selectors.get_call_for(self.person, id=session_id)).data)


urlpatterns = [
    path("calls", History.as_view(), name="calls"),
    path("calls/invite", Invite.as_view(), name="calls-invite"),
    path("calls/accept/<uuid:invite_id>", Accept.as_view(), name="calls-accept"),
    path("calls/decline/<uuid:invite_id>", Decline.as_view(), name="calls-decline"),
    path("calls/cancel/<uuid:invite_id>", Cancel.as_view(), name="calls-cancel"),
    path("calls/start", Start.as_view(), name="calls-start"),
    path("calls/end/<uuid:session_id>", End.as_view(), name="calls-end"),
    path("calls/<uuid:session_id>", Detail.as_view(), name="calls-detail"),
]
