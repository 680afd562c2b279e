"""Packs in the admin: to be read; their prices in other currencies, to be set and taken away."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from typing_extensions import override

from accounts.admin.base import ReadOnlyAdmin, TabularInline
from accounts.admin.people import staff_of
from accounts.models import User
from digis.core import currencies
from digis.core.errors import ValidationFailed
from digis.core.forms import add_refusal
from digis.core.templatetags.digis import cents
from economy import services
from economy.models import Pack, PackPrice

if TYPE_CHECKING:
    PackPriceBase = forms.ModelForm[PackPrice]
else:
    PackPriceBase = forms.ModelForm

NUMBER = re.compile(r"(\d{1,9})(?:[.,](\d{1,2}))?")


class PackPriceForm(PackPriceBase):
    """A pack, a currency, and an amount as people write it; the same pack and currency again is a new price."""

    pack = forms.ModelChoiceField(label=gettext_lazy("Pack"), queryset=Pack.objects.filter(is_offered=True))
    currency = forms.ChoiceField(label=gettext_lazy("Currency"), choices=currencies.choices)
    amount_minor = forms.CharField(
        label=gettext_lazy("Price"),
        max_length=20,
        help_text=gettext_lazy("Such as 22.90. It takes the place of the price the pack had in this currency."),
    )
    staff: User

    class Meta:
        model = PackPrice
        fields = ("pack", "currency", "amount_minor")

    @override
    def clean(self) -> dict[str, Any]:
        """Set it: what stands against it is told beside its field."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        minor = read_minor(cleaned["amount_minor"], cleaned["currency"])
        if minor is None:
            line = _("Write an amount above zero, with no more digits after the point than its currency has.")
            self.add_error("amount_minor", line)
            return cleaned
        cleaned["amount_minor"] = minor
        try:
            self.made = services.set_pack_price(
                staff=self.staff, pack=cleaned["pack"], currency=cleaned["currency"], amount_minor=minor
            )
        except ValidationFailed as refusal:
            add_refusal(self, refusal)
        return cleaned

    def _post_clean(self) -> None:
        """Build no row: `clean` has written it, and its constraints would find it."""


def read_minor(text: str, currency: str) -> int | None:
    """Read an amount as people write it into a currency's smallest unit, without a float; None for what is none."""
    found, places = NUMBER.fullmatch(text.strip()), currencies.exponent_of(currency)
    if found is None or len(found[2] or "") > places:
        return None
    return int(found[1]) * 10**places + int((found[2] or "").ljust(places, "0") or 0) or None


class PackPriceInline(TabularInline):
    model = PackPrice
    extra = 0
    can_delete = False
    fields = ["written", "updated_at"]
    readonly_fields = ["written", "updated_at"]

    @admin.display(description=gettext_lazy("price"))
    def written(self, price: PackPrice) -> str:
        return cents(price.price)


@admin.register(Pack)
class PackAdmin(ReadOnlyAdmin):
    list_display = ["tokens", "bonus_tokens", "amount", "is_default", "is_offered"]
    fields = ["tokens", "bonus_tokens", "amount", "currency", "is_default", "is_offered", "position"]
    readonly_fields = ["amount"]
    inlines = [PackPriceInline]

    @admin.display(description=gettext_lazy("price"), ordering="amount_minor")
    def amount(self, pack: Pack) -> str:
        return cents(pack.price)


@admin.register(PackPrice)
class PackPriceAdmin(ReadOnlyAdmin):
    list_display = ["pack", "written", "updated_at"]
    list_filter = ["currency"]
    list_select_related = ["pack"]
    fields = ["pack", "currency", "amount_minor"]
    shown = ["pack", "written", "updated_at"]

    @admin.display(description=gettext_lazy("price"))
    def written(self, price: PackPrice) -> str:
        return cents(price.price)

    @override
    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj is None else self.shown

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None else self.shown

    @override
    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None:
            return super().get_form(request, obj, change=change, **kwargs)
        return type("Priced", (PackPriceForm,), {"staff": staff_of(request)})

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("economy.add_packprice")

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("economy.delete_packprice")

    @override
    def save_model(self, request: HttpRequest, obj: PackPrice, form: Any, change: bool) -> None:
        obj.__dict__.update(form.made.__dict__)

    @override
    def delete_model(self, request: HttpRequest, obj: PackPrice) -> None:
        services.remove_pack_price(staff=staff_of(request), price=obj)
