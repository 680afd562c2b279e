"""Corrections in the admin: one member of staff asks, another decides (PAY-4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from typing_extensions import override

from accounts.admin.base import ActingAdmin
from accounts.admin.people import staff_of
from accounts.models import User
from accounts.selectors import get_person_by_handle
from digis.core.errors import DomainError, NotFound, ValidationFailed
from digis.core.forms import add_refusal
from digis.core.idempotency import form_key
from economy import services
from economy.models import Adjustment

if TYPE_CHECKING:
    AdjustmentBase = forms.ModelForm[Adjustment]
else:
    AdjustmentBase = forms.ModelForm


class AdjustmentForm(AdjustmentBase):
    """What is to be corrected, of whom, and why. It is asked for here: sent twice, it is asked for once (LEDGER-4)."""

    handle = forms.CharField(label=gettext_lazy("Handle"), max_length=31)
    tokens = forms.IntegerField(label=gettext_lazy("Tokens"), min_value=1, max_value=settings.ADJUSTMENT_MAX_TOKENS)
    idempotency_key = forms.CharField(widget=forms.HiddenInput, initial=form_key)
    staff: User

    class Meta:
        model = Adjustment
        fields = ("kind", "tokens", "reason")

    def clean_handle(self) -> User:
        try:
            return get_person_by_handle(self.cleaned_data["handle"].strip().removeprefix("@"))
        except NotFound:
            raise forms.ValidationError(_("There is nobody of this name.")) from None

    @override
    def clean(self) -> dict[str, Any]:
        """Ask for it: what stands against it is told beside its field."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        try:
            self.made = services.request_adjustment(
                staff=self.staff,
                person=cleaned["handle"],
                kind=Adjustment.Kind(cleaned["kind"]),
                tokens=cleaned["tokens"],
                reason=cleaned["reason"],
                key=cleaned["idempotency_key"],
            )
        except ValidationFailed as refusal:
            add_refusal(self, refusal)
        except DomainError as refusal:
            self.add_error(None, str(refusal))
        return cleaned


@admin.register(Adjustment)
class AdjustmentAdmin(ActingAdmin):
    acting_permission = "economy.decide_adjustment"
    list_display = ["created_at", "kind", "person", "tokens", "state", "requested_by", "decided_by"]
    list_filter = ["state", "kind", "created_at"]
    list_select_related = ["person", "requested_by", "decided_by"]
    search_fields = ["person__username", "reason"]
    date_hierarchy = "created_at"
    fields = ["kind", "handle", "tokens", "reason", "idempotency_key"]
    shown = ["kind", "person", "tokens", "reason", "state", "requested_by", "created_at", "decided_by", "decided_at", "decision", "transaction"]  # fmt: skip

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("economy.add_adjustment")

    @override
    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj is None else self.shown

    @override
    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None:
            return super().get_form(request, obj, change=change, **kwargs)
        return type("Asked", (AdjustmentForm,), {"staff": staff_of(request)})

    @override
    def save_model(self, request: HttpRequest, obj: Adjustment, form: Any, change: bool) -> None:
        obj.__dict__.update(form.made.__dict__)

    @override
    def list_acts(self, request: HttpRequest, row: Adjustment) -> list[dict[str, Any]]:
        if row.state != Adjustment.State.REQUESTED or request.user.pk in {row.requested_by_id, row.person_id}:
            return []
        return [
            {
                "name": "approve",
                "label": _("Agree and post"),
                "text": _("The tokens move at once, and the person reads the reason."),
                "needs_reason": False,
            },
            {
                "name": "refuse",
                "label": _("Refuse"),
                "text": _("Nothing moves. Your reason goes into the audit log."),
                "needs_reason": True,
                "is_grave": True,
            },
        ]

    @override
    def perform(self, request: HttpRequest, row: Adjustment, act: str, reason: str) -> str:
        services.decide_adjustment(adjustment_id=row.pk, staff=staff_of(request), approve=act == "approve", note=reason)
        return _("The correction is posted.") if act == "approve" else _("The correction is refused.")
