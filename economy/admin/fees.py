"""What we take of sales: rules in the order they begin, each made once, and withdrawn only before (LEDGER-11)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from typing_extensions import override

from accounts.admin.base import ActingAdmin
from accounts.admin.people import staff_of
from accounts.models import User
from accounts.selectors import get_person_by_handle
from digis.core.errors import DomainError, NotFound, ValidationFailed
from digis.core.forms import add_refusal
from economy import selectors, services
from economy.models import FeeRule
from economy.selectors.fees import COMING
from economy.sources import list_sales

if TYPE_CHECKING:
    FeeRuleBase = forms.ModelForm[FeeRule]
else:  # generic to the checker only
    FeeRuleBase = forms.ModelForm

PERCENT = re.compile(r"(\d{1,3})(?:[.,](\d{1,2}))?", re.ASCII)
STATES = {
    "in_force": gettext_lazy("in force"),
    "coming": gettext_lazy("still to come"),
    "over": gettext_lazy("over"),
    "withdrawn": gettext_lazy("withdrawn"),
}


def list_kinds() -> list[tuple[str, str]]:
    """Return what a rule may be for."""
    return [("", _("All kinds")), *sorted(list_sales().items())]


class UtcField(forms.DateTimeField):
    """A moment typed in UTC, wherever who types it sits."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"})

    @override
    def to_python(self, value: Any) -> datetime | None:
        with timezone.override(UTC):
            return super().to_python(value)


class FeeRuleForm(FeeRuleBase):
    """Whose sales of what, how much of them, from when, and why. The rule is made here: what stands against it is told."""

    handle = forms.CharField(
        label=gettext_lazy("Handle"),
        max_length=31,
        required=False,
        help_text=gettext_lazy("Of one creator. Left empty, the rule is for all of them."),
    )
    kind = forms.ChoiceField(label=gettext_lazy("What is sold"), choices=list_kinds, required=False)
    percent = forms.CharField(
        label=gettext_lazy("Our part, in percent"), max_length=7, help_text=gettext_lazy("15, for example, or 12.5.")
    )
    starts_at = UtcField(
        label=gettext_lazy("Begins at (UTC)"),
        required=False,
        help_text=gettext_lazy("Left empty, it begins now. What was sold before keeps the fee of its day."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 3, "maxlength": 300})
    )
    staff: User

    class Meta:
        model = FeeRule
        fields = ("kind", "starts_at", "reason")

    def clean_handle(self) -> User | None:
        typed = self.cleaned_data["handle"].strip().removeprefix("@")
        if not typed:
            return None
        try:
            return get_person_by_handle(typed)
        except NotFound:
            raise forms.ValidationError(_("There is nobody of this name.")) from None

    def clean_percent(self) -> int:
        """Return basis points, read digit by digit."""
        found = PERCENT.fullmatch(self.cleaned_data["percent"].strip().removesuffix("%").strip())
        if found is None:
            raise forms.ValidationError(_("Write a number with at most two decimals, such as 12.5."))
        return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))

    @override
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        try:
            self.made = services.save_fee_rule(
                staff=self.staff,
                kind=cleaned["kind"],
                creator=cleaned["handle"],
                fee_bp=cleaned["percent"],
                starts_at=cleaned["starts_at"],
                reason=cleaned["reason"],
            )
        except ValidationFailed as refusal:
            add_refusal(self, refusal)
        except DomainError as refusal:
            self.add_error(None, str(refusal))
        return cleaned


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(STATES.items())

    @override
    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # with the state of `list_fee_rules`
        return queryset.filter(state=self.value()) if self.value() in STATES else queryset


@admin.register(FeeRule)
class FeeRuleAdmin(ActingAdmin):
    acting_permission = "economy.withdraw_feerule"
    list_display = ["begins", "whose", "sold", "part", "state", "reason", "created_by", "created_at"]
    list_filter = [StateFilter, "starts_at"]
    list_select_related = ["creator", "created_by"]
    search_fields = ["creator__username", "reason"]
    ordering = ["-starts_at", "-pk"]
    fields = ["handle", "kind", "percent", "starts_at", "reason"]
    shown = ["begins", "whose", "sold", "part", "state", "reason", "created_by", "created_at"]
    ended = ["withdrawn_at", "withdrawn_by", "withdrawal"]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[FeeRule]:
        return selectors.list_fee_rules().order_by(*self.ordering)

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("economy.add_feerule")

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
        return type("Made", (FeeRuleForm,), {"staff": staff_of(request)})

    @override
    def save_model(self, request: HttpRequest, obj: FeeRule, form: Any, change: bool) -> None:
        obj.__dict__.update(form.made.__dict__)
        dear = selectors.list_uncovered_packs(fee_bp=obj.fee_bp)
        if dear:
            words = {"packs": ", ".join(f"{pack}: {pack.price.decimal} {pack.currency}" for pack in dear)}
            line = _("At this fee creators are paid more for the tokens of some packs than they cost (%(packs)s).")
            messages.warning(request, line % words)

    @override
    def list_acts(self, request: HttpRequest, row: Any) -> list[dict[str, Any]]:
        if row.state != COMING or row.creator_id == request.user.pk:
            return []
        return [
            {
                "name": "withdraw",
                "label": _("Withdraw"),
                "text": _(
                    "It never begins; what is in force then goes on. Creators who were told of it are told. The reason "
                    "stays with staff."
                ),
                "needs_reason": True,
                "is_grave": True,
            }
        ]

    @override
    def perform(self, request: HttpRequest, row: Any, act: str, reason: str) -> str:
        services.withdraw_fee_rule(rule_id=row.pk, staff=staff_of(request), reason=reason)
        return _("The rule is withdrawn.")

    @admin.display(description=gettext_lazy("begins (UTC)"), ordering="starts_at")
    def begins(self, rule: FeeRule) -> str:
        return f"{rule.starts_at.astimezone(UTC):%Y-%m-%d %H:%M}"

    @admin.display(description=gettext_lazy("whose"), ordering="creator__username")
    def whose(self, rule: FeeRule) -> str:
        return f"@{rule.creator.username}" if rule.creator else _("all creators")

    @admin.display(description=gettext_lazy("of"), ordering="kind")
    def sold(self, rule: FeeRule) -> str:
        return list_sales().get(rule.kind, rule.kind) or _("all kinds")

    @admin.display(description=gettext_lazy("our part"), ordering="fee_bp")
    def part(self, rule: FeeRule) -> str:
        return _("%(percent)s %%") % {"percent": selectors.write_percent(rule.fee_bp)}

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state(self, rule: Any) -> str:
        return str(STATES[rule.state])
