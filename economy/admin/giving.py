"""Gifts, codes and bonus tokens in the admin; tips and what people give each other, to be read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.staticfiles import finders
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from typing_extensions import override

from accounts.admin.base import ModelAdmin, ReadOnlyAdmin
from accounts.admin.people import staff_of
from accounts.models import User
from accounts.selectors import get_person_by_handle
from digis.core.errors import NotFound
from digis.core.idempotency import form_key
from economy import services
from economy.models import BonusGrant, Gift, Redemption, Referral, Tip, Transfer, VoucherCode
from economy.services.vouchers import normalize_code

if TYPE_CHECKING:
    GiftBase = forms.ModelForm[Gift]
    VoucherCodeBase = forms.ModelForm[VoucherCode]
    BonusGrantBase = forms.ModelForm[BonusGrant]
else:  # generic to the checker only
    GiftBase = VoucherCodeBase = BonusGrantBase = forms.ModelForm


def list_pictures() -> list[tuple[str, str]]:
    """Return the drawings a gift can have: files of static/art/gifts/."""
    folder = finders.find("art/gifts")
    names = sorted(path.stem for path in Path(str(folder)).glob("*.svg")) if folder else []
    return [(name, name) for name in names]


class GiftForm(GiftBase):
    picture = forms.ChoiceField(label=gettext_lazy("Picture"), choices=list_pictures)


@admin.register(Gift)
class GiftAdmin(ModelAdmin):
    form = GiftForm
    list_display = ["name", "tokens", "picture", "is_offered", "position"]
    list_filter = ["is_offered"]

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # tips name it: take it off the shelf instead


class CodeForm(VoucherCodeBase):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=48,
        required=False,
        help_text=gettext_lazy("Left empty, it is drawn by lot. Marks and spaces do not count."),
    )

    def clean_code(self) -> str:
        return normalize_code(code=self.cleaned_data["code"])


@admin.register(VoucherCode)
class VoucherCodeAdmin(ModelAdmin):
    form = CodeForm
    list_display = ["code", "amount", "used", "cap", "cap_per_person", "starts_at", "ends_at", "is_active"]
    list_filter = ["is_active", "created_at"]
    search_fields = ["code", "note"]
    fields = [
        "code",
        "kind",
        "amount",
        "cap",
        "cap_per_person",
        "starts_at",
        "ends_at",
        "expiry_days",
        "note",
        "is_active",
    ]

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None else ["code", "kind", "amount", "expiry_days"]

    @override
    def save_model(self, request: HttpRequest, obj: VoucherCode, form: Any, change: bool) -> None:
        services.save_code(staff=staff_of(request), code=obj)

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class BonusForm(BonusGrantBase):
    """Whom, how much, for how long, and why; sent twice, it gives once (LEDGER-4)."""

    handle = forms.CharField(label=gettext_lazy("Handle"), max_length=31)
    amount = forms.IntegerField(label=gettext_lazy("Tokens"), min_value=1, max_value=settings.STAFF_GRANT_MAX_TOKENS)
    idempotency_key = forms.CharField(widget=forms.HiddenInput, initial=form_key)

    class Meta:
        model = BonusGrant
        fields = ("amount", "expiry_days", "reason")

    def clean_handle(self) -> User:
        try:
            person = get_person_by_handle(self.cleaned_data["handle"].strip().removeprefix("@"))
        except NotFound:
            raise forms.ValidationError(_("There is nobody of this name.")) from None
        if person.is_staff:
            raise forms.ValidationError(_("Staff have no wallet."))
        return person


@admin.register(BonusGrant)
class BonusGrantAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "person", "amount", "reason", "created_by"]
    list_select_related = ["person", "created_by"]
    search_fields = ["person__username", "reason"]
    fields = ["handle", "amount", "expiry_days", "reason", "idempotency_key"]

    @override
    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj is None else ["person", "amount", "expiry_days", "reason", "created_by", "created_at"]

    @override
    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return BonusForm if obj is None else super().get_form(request, obj, change=change, **kwargs)

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("economy.add_bonusgrant")

    @override
    def save_model(self, request: HttpRequest, obj: BonusGrant, form: Any, change: bool) -> None:
        typed = form.cleaned_data
        made = services.give_bonus(
            staff=staff_of(request),
            person=typed["handle"],
            amount=typed["amount"],
            expiry_days=typed["expiry_days"],
            reason=typed["reason"],
            key=typed["idempotency_key"],
        )
        obj.__dict__.update(made.__dict__)


@admin.register(Tip)
class TipAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "payer", "payee", "amount", "gift", "is_anonymous", "context_type"]
    list_filter = ["is_anonymous", "context_type", "created_at"]
    list_select_related = ["payer", "payee", "gift", "transaction"]
    search_fields = ["payer__username", "payee__username", "message"]
    date_hierarchy = "created_at"


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "giver", "receiver", "amount", "note"]
    list_select_related = ["giver", "receiver"]
    search_fields = ["giver__username", "receiver__username"]
    date_hierarchy = "created_at"


@admin.register(Redemption)
class RedemptionAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "code", "person", "number"]
    list_select_related = ["code", "person"]
    search_fields = ["code__code", "person__username"]


@admin.register(Referral)
class ReferralAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "person", "referrer", "outcome", "settled_at"]
    list_filter = ["outcome"]
    list_select_related = ["person", "referrer"]
    search_fields = ["person__username", "referrer__username"]
