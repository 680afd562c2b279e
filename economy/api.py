"""The `tokens` group of the REST API, and payouts (api.md)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from typing_extensions import override

from accounts.models import User
from accounts.permissions import require_not_staff, require_signed_in
from accounts.selectors import get_person_by_handle
from digis.core.api import Pages
from digis.core.errors import ValidationFailed
from digis.core.http import client_country
from digis.core.idempotency import request_key
from digis.core.limits import count_request
from economy import selectors, services
from economy.models import LedgerTransaction, Payout, Purchase

PURCHASE_KEY = 200  # characters the column takes
TYPES = [*(kind for kind in LedgerTransaction.Type.values if kind not in {"hold", "adjustment"}), "earning"]


class EarningsSerializer(serializers.Serializer[Any]):
    pending = serializers.IntegerField()
    available = serializers.IntegerField()
    non_withdrawable = serializers.IntegerField()


class BalanceSerializer(serializers.Serializer[Any]):
    balance = serializers.IntegerField(source="spendable")
    purchased = serializers.IntegerField()
    promotional = serializers.IntegerField()
    held = serializers.IntegerField()
    debt = serializers.IntegerField()
    lifetime_spent = serializers.IntegerField()
    lifetime_earned = serializers.IntegerField()
    earnings = EarningsSerializer()


class PackSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="pk")
    tokens = serializers.IntegerField()
    bonus_tokens = serializers.IntegerField()
    price = serializers.CharField(source="price.two_places")  # what is charged, tax and all
    currency = serializers.CharField(source="price.currency")
    net = serializers.CharField(source="net.two_places")
    tax = serializers.CharField(source="tax_words")  # as it is to stand beside the price; empty for none


class OrderSerializer(serializers.Serializer[Any]):
    pack_id = serializers.UUIDField(required=False)
    tokens = serializers.IntegerField(required=False)
    return_url = serializers.URLField(max_length=500, required=False, default="")
    country = serializers.CharField(max_length=2, required=False, default="")  # where the buyer lives, for the tax
    region = serializers.CharField(
        max_length=6, required=False, default=""
    )  # a part of it with a rate of its own: US-NY


class PurchaseSerializer(serializers.ModelSerializer[Purchase]):
    purchase_id = serializers.UUIDField(source="id")
    price = serializers.CharField(source="price.two_places")
    tax = serializers.SerializerMethodField()

    class Meta:
        model = Purchase
        fields = [
            "purchase_id",
            "status",
            "checkout_url",
            "tokens",
            "bonus_tokens",
            "price",
            "currency",
            "tax",
            "created_at",
        ]

    def get_tax(self, purchase: Purchase) -> str:
        """Write the tax in the price; empty for none."""
        return selectors.say_tax_of(purchase)


class MovementSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    type = serializers.ChoiceField(choices=TYPES)
    kind = serializers.CharField()
    amount = serializers.IntegerField()
    balance_after = serializers.IntegerField(allow_null=True)
    description = serializers.CharField()
    counterparty = serializers.CharField(allow_null=True)
    non_withdrawable = serializers.IntegerField()
    stripe_payment_id = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()


class PayoutSerializer(serializers.ModelSerializer[Payout]):
    amount = serializers.CharField(source="money.two_places")

    class Meta:
        model = Payout
        fields = [
            "id",
            "state",
            "kind",
            "tokens",
            "amount",
            "currency",
            "bank",
            "arrives_at",
            "failure_code",
            "created_at",
        ]


class AskPayoutSerializer(serializers.Serializer[Any]):
    amount = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**53)


class ContextSerializer(serializers.Serializer[Any]):
    type = serializers.CharField(max_length=32)
    id = serializers.CharField(max_length=64)


class TipSerializer(serializers.Serializer[Any]):
    to_username = serializers.CharField(max_length=31)
    amount = serializers.IntegerField()
    message = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    is_anonymous = serializers.BooleanField(required=False, default=False)
    context = ContextSerializer(required=False, allow_null=True)  # type: ignore[assignment]  # a field of that name


class TransferSerializer(serializers.Serializer[Any]):
    to_username = serializers.CharField(max_length=31)
    amount = serializers.IntegerField()
    note = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


KEY_HEADER = OpenApiParameter("Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER)


class TokensView(APIView):
    """What all endpoints here share: signed in, with a wallet (ACC-5), and payments counted."""

    permission_classes = [IsAuthenticated]

    @override
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method == "POST":
            count_request(request, "payments")

    @property
    def person(self) -> User:
        person = require_signed_in(self.request.user)
        require_not_staff(person)
        return person


class Balance(TokensView):
    @extend_schema(operation_id="tokens_balance", responses=BalanceSerializer)
    def get(self, _request: Request) -> Response:
        """Return what the caller may spend, holds, owes and earned."""
        return Response(BalanceSerializer(selectors.get_account_sheet(self.person)).data)


class Packs(APIView):
    permission_classes = [AllowAny]

    @extend_schema(operation_id="tokens_packs", responses=PackSerializer(many=True), auth=[])
    def get(self, request: Request) -> Response:
        """Packs on offer, at the prices the caller would be charged; a bare array."""
        user = request.user
        shelf = selectors.get_shelf_for(user) if isinstance(user, User) else selectors.get_shelf()
        return Response(PackSerializer(shelf.packs, many=True).data)


class Buy(TokensView):
    @extend_schema(
        operation_id="tokens_purchase",
        request=OrderSerializer,
        responses={201: PurchaseSerializer},
        parameters=[OpenApiParameter("Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER)],
    )
    def post(self, request: Request) -> Response:
        """Store the quote and open Stripe's hosted page; the same Idempotency-Key gives the same purchase again."""
        form = OrderSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        order = form.validated_data
        key = request_key(request.headers.get("Idempotency-Key"), prefix="api", room=PURCHASE_KEY)
        place = _place(order["country"], order["region"])
        try:
            made = services.order_purchase(
                person=self.person,
                key=key,
                place=place,
                pack_id=order.get("pack_id"),
                tokens=order.get("tokens"),
                return_url=_return_url(order["return_url"]),
                seen_country=client_country(request),
            )
        except ValidationFailed as refusal:
            named = "region" if order["region"] else "country"  # the field of ours that says the place
            lines = {named if name == "place" else name: said for name, said in refusal.fields.items()}
            raise ValidationFailed(lines) from refusal
        answer = Response(PurchaseSerializer(made.purchase).data, status=status.HTTP_201_CREATED)
        if made.is_replay:
            answer["Idempotent-Replayed"] = "true"
        return answer


class Bought(TokensView):
    @extend_schema(operation_id="tokens_purchase_get", responses=PurchaseSerializer)
    def get(self, _request: Request, purchase_id: UUID) -> Response:
        """Return the caller's own purchase as it stands now; Stripe is asked while it is pending."""
        selectors.get_purchase_for(self.person, id=purchase_id)
        return Response(PurchaseSerializer(services.look_at_purchase(purchase_id=purchase_id)).data)


class PayView(TokensView):
    """What tips and gifts share: the answer, which says whether the caller's key was used before."""

    def answer(self, posted: LedgerTransaction, *, is_replay: bool) -> Response:
        (row,) = selectors.list_movements(self.person).filter(pk=posted.pk)
        (movement,) = selectors.present_movements([row], viewer=self.person)
        answer = Response(MovementSerializer(movement).data, status=status.HTTP_201_CREATED)
        if is_replay:
            answer["Idempotent-Replayed"] = "true"
        return answer


class Tip(PayView):
    @extend_schema(
        operation_id="tokens_tip", request=TipSerializer, responses={201: MovementSerializer}, parameters=[KEY_HEADER]
    )
    def post(self, request: Request) -> Response:
        """Tip a creator; with a context, in the thing it names. The same Idempotency-Key gives the same tip again."""
        form = TipSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        wish, key = form.validated_data, request_key(request.headers.get("Idempotency-Key"), prefix="api")
        place = wish.get("context")
        made = services.send_tip(
            payer=self.person,
            payee=get_person_by_handle(wish["to_username"]),
            amount=wish["amount"],
            message=wish["message"],
            is_anonymous=wish["is_anonymous"],
            key=key,
            context=services.Context(place["type"], place["id"]) if place else None,
        )
        return self.answer(made.transaction, is_replay=made.is_replay)


class Transfer(PayView):
    @extend_schema(
        operation_id="tokens_transfer",
        request=TransferSerializer,
        responses={201: MovementSerializer},
        parameters=[KEY_HEADER],
    )
    def post(self, request: Request) -> Response:
        """Give somebody bought tokens, within limits; what arrives can be neither withdrawn nor given on."""
        form = TransferSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        wish, key = form.validated_data, request_key(request.headers.get("Idempotency-Key"), prefix="api")
        made = services.transfer(
            giver=self.person,
            receiver=get_person_by_handle(wish["to_username"]),
            amount=wish["amount"],
            note=wish["note"],
            key=key,
        )
        return self.answer(made.sent, is_replay=made.is_replay)


class Transactions(TokensView, ListAPIView[LedgerTransaction]):
    serializer_class = MovementSerializer
    pagination_class = Pages

    @override
    @extend_schema(
        operation_id="tokens_transactions",
        parameters=[
            OpenApiParameter("type", OpenApiTypes.STR, enum=TYPES),
            OpenApiParameter("since", OpenApiTypes.DATETIME),
            OpenApiParameter("until", OpenApiTypes.DATETIME),
        ],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the caller's movements, newest first: what was paid and, for creators, what was earned."""
        return self.list(request, *args, **kwargs)

    @override
    def get_queryset(self) -> QuerySet[LedgerTransaction]:
        asked = self.request.query_params
        kind = asked.get("type", "")
        if kind and kind not in TYPES:
            raise ValidationFailed({"type": [_("There is no such type.")]})
        moments = {name: _moment(asked.get(name, ""), name) for name in ("since", "until")}
        return selectors.list_movements(self.person, kind=kind, since=moments["since"], until=moments["until"])

    @override
    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        found = selectors.present_movements(args[0], viewer=self.person) if args else []
        return MovementSerializer(found, **kwargs)


class Payouts(TokensView, ListAPIView[Payout]):
    serializer_class = PayoutSerializer
    pagination_class = Pages

    @override
    @extend_schema(operation_id="payouts", responses=PayoutSerializer(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the caller's payouts, newest first."""
        services.require_payee(creator=self.person)
        return self.list(request, *args, **kwargs)

    @override
    def get_queryset(self) -> QuerySet[Payout]:
        return selectors.list_payouts(self.person)

    @extend_schema(
        operation_id="payouts_request",
        request=AskPayoutSerializer,
        responses={201: PayoutSerializer},
        parameters=[KEY_HEADER],
    )
    def post(self, request: Request) -> Response:
        """Ask for a payout now, of `amount` tokens or of all that is available; refused with all that stands against it."""
        form = AskPayoutSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        key = request_key(request.headers.get("Idempotency-Key"), prefix="api", room=PURCHASE_KEY)
        is_replay = selectors.has_payout(self.person, key=key)
        made = services.request_payout(creator=self.person, key=key, tokens=form.validated_data.get("amount"))
        answer = Response(PayoutSerializer(made).data, status=status.HTTP_201_CREATED)
        if is_replay:
            answer["Idempotent-Replayed"] = "true"
        return answer


def _moment(text: str, name: str) -> Any:
    if not text:
        return None
    try:
        return serializers.DateTimeField().to_internal_value(text)
    except serializers.ValidationError as error:
        raise ValidationFailed({name: [_("Write a time like 2026-01-31T12:00:00Z.")]}) from error


def _place(country: str, region: str) -> str:
    """Read where a buyer lives; a region has to lie in its country."""
    if region and not region.startswith(f"{country}-"):
        raise ValidationFailed({"region": [_("Write the region with its country, such as US-NY.")]})
    return region or country


def _return_url(url: str) -> str:
    """Accept an address on our own origin only: the hosted page sends people there."""
    if not url:
        return ""
    ours, theirs = urlsplit(settings.SITE_URL), urlsplit(url)
    if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
        raise ValidationFailed({"return_url": [_("Only addresses of this site are allowed.")]})
    return url


urlpatterns = [
    path("tokens/balance", Balance.as_view(), name="tokens_balance"),
    path("tokens/packs", Packs.as_view(), name="tokens_packs"),
    path("tokens/purchase", Buy.as_view(), name="tokens_purchase"),
    path("tokens/purchase/<uuid:purchase_id>", Bought.as_view(), name="tokens_purchase_get"),
    path("tokens/tip", Tip.as_view(), name="tokens_tip"),
    path("tokens/transfer", Transfer.as_view(), name="tokens_transfer"),
    path("payouts", Payouts.as_view(), name="payouts"),
    path("tokens/transactions", Transactions.as_view(), name="tokens_transactions"),
]
