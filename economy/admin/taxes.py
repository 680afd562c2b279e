"""What sales are taxed at, place by place: rates in the order they begin, each made once, and withdrawn where it was a mistake (LAW-10)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from typing_extensions import override

from accounts.admin.base import ActingAdmin
from accounts.admin.people import staff_of
from accounts.choices import countries
from accounts.models import User
from digis.core.errors import ValidationFailed
from digis.core.forms import add_refusal
from economy import documents, selectors, services
from economy.admin.fees import STATES, StateFilter
from economy.models import TaxRate
from economy.selectors.statements import next_month
from economy.taxing import write_rate

if TYPE_CHECKING:
    TaxRateBase = forms.ModelForm[TaxRate]
else:  # generic to the checker only
    TaxRateBase = forms.ModelForm

PERCENT = re.compile(r"(\d{1,3})(?:[.,](\d{1,4}))?", re.ASCII)


class TaxRateForm(TaxRateBase):
    """Where, what, how much, from when and why. The rate is made here: what stands against it is told beside its field."""

    country = forms.ChoiceField(label=gettext_lazy("Country"), choices=lambda: [("", "—"), *countries()])
    region = forms.CharField(
        label=gettext_lazy("Region"),
        max_length=6,
        required=False,
        help_text=gettext_lazy("Such as US-NY. Left empty, the rate is for the rest of the country."),
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=40, help_text=gettext_lazy("VAT, or sales tax."))
    percent = forms.CharField(
        label=gettext_lazy("Rate, in percent"),
        max_length=9,
        help_text=gettext_lazy("20, for example, or 8.875. A rate of 0 ends the tax of this place."),
    )
    is_inclusive = forms.BooleanField(
        label=gettext_lazy("Prices include it"),
        required=False,
        help_text=gettext_lazy("Ticked, the price stays and the tax is in it. Otherwise it comes on top."),
    )
    starts_on = forms.DateField(
        label=gettext_lazy("Begins on (UTC)"),
        required=False,
        help_text=gettext_lazy("Left empty, it begins today. What was sold before keeps the tax of its day."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 3, "maxlength": 300})
    )
    staff: User

    class Meta:
        model = TaxRate
        fields = ("country", "region", "name", "is_inclusive", "starts_on", "reason")

    def clean_percent(self) -> int:
        """Return parts per million, read digit by digit."""
        found = PERCENT.fullmatch(self.cleaned_data["percent"].strip().removesuffix("%").strip())
        if found is None:
            raise forms.ValidationError(_("Write a number with at most four decimals, such as 8.875."))
        return int(found[1]) * 10_000 + int((found[2] or "").ljust(4, "0"))

    @override
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        try:
            self.made = services.save_tax_rate(
                staff=self.staff,
                country=cleaned["country"],
                region=cleaned["region"],
                name=cleaned["name"],
                rate_ppm=cleaned["percent"],
                is_inclusive=cleaned["is_inclusive"],
                starts_on=cleaned["starts_on"],
                reason=cleaned["reason"],
            )
        except ValidationFailed as refusal:
            add_refusal(self, refusal)
        return cleaned

    def _post_clean(self) -> None:
        """Build no row: `clean` has written it, and its constraints would find it."""


@admin.register(TaxRate)
class TaxRateAdmin(ActingAdmin):
    acting_permission = "economy.withdraw_taxrate"
    list_display = ["starts_on", "place", "name", "percent", "is_inclusive", "state", "reason", "created_by"]
    list_filter = [StateFilter, "is_inclusive", "country"]
    list_select_related = ["created_by"]
    search_fields = ["country", "region", "name", "reason"]
    ordering = ["country", "region", "-starts_on"]
    fields = ["country", "region", "name", "percent", "is_inclusive", "starts_on", "reason"]
    shown = ["country", "region", "name", "percent", "is_inclusive", "starts_on", "state", "reason", "created_by", "created_at"]  # fmt: skip
    ended = ["withdrawn_at", "withdrawn_by", "withdrawal"]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[TaxRate]:
        return selectors.list_tax_rates().order_by(*self.ordering)

    @override
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("report/", view(self.report), name="economy_taxrate_report"),
            path("report/<str:month>.csv", view(self.report_csv), name="economy_taxrate_report_csv"),
            *super().get_urls(),
        ]

    def report(self, request: HttpRequest) -> HttpResponse:
        """Show the tax of a month: what was bought, and what was spent."""
        self._require_view(request)
        asked = request.GET.get("month", "")
        month = selectors.month_of(asked) if asked else selectors.this_month()
        after = next_month(month)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Tax of a month"),
            "opts": self.opts,
            "report": selectors.draw_up_tax_report(month),
            "before": month - timedelta(days=1),
            "after": after if after <= selectors.this_month() else None,
        }
        return TemplateResponse(request, "admin/economy/taxrate/report.html", context)

    def report_csv(self, request: HttpRequest, month: str) -> HttpResponse:
        """Give the same as a table."""
        self._require_view(request)
        return documents.tax_csv(selectors.draw_up_tax_report(selectors.month_of(month)))

    def _require_view(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("economy.add_taxrate")

    @override
    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.fields
        return self.shown + self.ended if obj.withdrawn_at else self.shown

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [] if obj is None else self.shown + self.ended

    @override
    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None:
            return super().get_form(request, obj, change=change, **kwargs)
        return type("Made", (TaxRateForm,), {"staff": staff_of(request)})

    @override
    def save_model(self, request: HttpRequest, obj: TaxRate, form: Any, change: bool) -> None:
        obj.__dict__.update(form.made.__dict__)

    @override
    def list_acts(self, request: HttpRequest, row: Any) -> list[dict[str, Any]]:
        if row.withdrawn_at:
            return []
        text = _(
            "It counts for no price from now on, nor for what was spent; another rate may begin on its day. What was bought "
            "keeps the tax it was quoted. The reason goes into the audit log."
        )
        return [
            {"name": "withdraw", "label": _("Withdraw"), "text": text, "needs_reason": True, "is_grave": True},
        ]

    @override
    def perform(self, request: HttpRequest, row: Any, act: str, reason: str) -> str:
        services.withdraw_tax_rate(rate_id=row.pk, staff=staff_of(request), reason=reason)
        return _("The rate is withdrawn.")

    @admin.display(description=gettext_lazy("place"), ordering="country")
    def place(self, rate: TaxRate) -> str:
        return rate.region or rate.country

    @admin.display(description=gettext_lazy("rate"), ordering="rate_ppm")
    def percent(self, rate: TaxRate) -> str:
        return _("%(percent)s %%") % {"percent": write_rate(rate.rate_ppm)}

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state(self, rate: Any) -> str:
        return str(STATES[rate.state])
