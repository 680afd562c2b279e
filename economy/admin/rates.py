"""Exchange rates in the admin: to be read, and a day's added by hand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from typing_extensions import override

from accounts.admin.base import ReadOnlyAdmin
from accounts.admin.people import staff_of
from accounts.models import User
from digis.core import clock, currencies
from digis.core.errors import ValidationFailed
from digis.core.forms import add_refusal
from economy import services
from economy.models import ExchangeRate

if TYPE_CHECKING:
    ExchangeRateBase = forms.ModelForm[ExchangeRate]
else:
    ExchangeRateBase = forms.ModelForm


class MicrosField(forms.CharField):
    """A number with up to six digits after the point, kept as millionths: no float ever holds it."""

    NUMBER = re.compile(r"(\d{1,6})(?:[.,](\d{1,6}))?")

    @override
    def clean(self, value: Any) -> int:
        found = self.NUMBER.fullmatch(super().clean(value))
        if found is None:
            raise forms.ValidationError(_("Write a number with up to six digits after the point, such as 0.8628."))
        return int(found[1]) * currencies.MICROS + int((found[2] or "").ljust(6, "0"))


class RateForm(ExchangeRateBase):
    """A rate of a day; one that moved far has to be confirmed."""

    currency = forms.ChoiceField(label=gettext_lazy("Currency"), choices=currencies.choices)
    day = forms.DateField(label=gettext_lazy("Day"), initial=clock.today)
    micros = MicrosField(
        label=gettext_lazy("Rate"),
        help_text=gettext_lazy("What one US dollar is worth in it, such as 0.8628. It cannot be changed afterwards."),
    )
    is_confirmed = forms.BooleanField(label=gettext_lazy("It has moved this far: it is right"), required=False)
    staff: User

    class Meta:
        model = ExchangeRate
        fields = ("currency", "day", "micros")

    @override
    def clean(self) -> dict[str, Any]:
        """Write it down: what stands against it is told beside its field."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        try:
            self.made = services.enter_rate(
                staff=self.staff,
                currency=cleaned["currency"],
                day=cleaned["day"],
                micros=cleaned["micros"],
                is_confirmed=cleaned["is_confirmed"],
            )
        except ValidationFailed as refusal:
            add_refusal(self, refusal)
        return cleaned

    def _post_clean(self) -> None:
        """Build no row: `clean` has written it, and its constraints would find it."""


@admin.register(ExchangeRate)
class ExchangeRateAdmin(ReadOnlyAdmin):
    list_display = ["day", "currency", "written", "source", "created_by"]
    list_filter = ["source", "currency"]
    list_select_related = ["created_by"]
    date_hierarchy = "day"
    fields = ["currency", "day", "micros", "is_confirmed"]
    shown = ["currency", "day", "written", "source", "created_by", "created_at"]

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
        return type("RateForm", (RateForm,), {"staff": staff_of(request)})

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("economy.add_exchangerate")

    @override
    def save_model(self, request: HttpRequest, obj: ExchangeRate, form: Any, change: bool) -> None:
        obj.__dict__.update(form.made.__dict__)
