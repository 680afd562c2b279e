"""A page of the admin that shows and never edits, and acts on one row that carry a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from typing_extensions import override

from digis.core.errors import DomainError, InvalidState
from digis.core.http import redirect

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:  # generic to the checker only
    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline


class ReasonForm(forms.Form):
    """Why staff act. It goes into the audit log; where the person reads it too, the page says so."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 3, "maxlength": 300})
    )


class ReadOnlyAdmin(ModelAdmin):
    """Lists and shows rows; adds, edits and deletes none."""

    actions = None

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ActingAdmin(ReadOnlyAdmin):
    """A read-only admin whose rows staff act on by buttons: each posts to `<id>/<act>/` and calls one service."""

    change_form_template = "admin/acting_change_form.html"
    acting_permission = ""  # "accounts.suspend_user": what the acts need besides seeing the row

    def list_acts(self, request: HttpRequest, row: Any) -> list[dict[str, Any]]:  # noqa: ARG002  # for subclasses
        """Return the acts open for this row: name, label, text, needs_reason, is_grave."""
        return []

    def perform(self, request: HttpRequest, row: Any, act: str, reason: str) -> str:  # noqa: ARG002  # for subclasses
        """Call the act's service and return the sentence to show."""
        raise InvalidState

    @override
    def get_urls(self) -> list[URLPattern]:
        opts = self.opts
        name = f"{opts.app_label}_{opts.model_name}_act"
        return [path("<path:object_id>/act/<slug:act>/", self._view(self.act_view), name=name), *super().get_urls()]

    @override
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        acts = self._acts_of(request, self.get_object(request, object_id))
        return super().change_view(request, object_id, form_url, {"acts": acts, **(extra_context or {})})

    def act_view(self, request: HttpRequest, object_id: str, act: str) -> HttpResponse:
        """Do one act and go back to the row; without the reason it needs, the row comes back and says so."""
        row = self.get_object(request, object_id)
        if request.method != "POST" or row is None or not self._may_act(request):
            raise PermissionDenied
        back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[object_id])
        offered = {offer["name"]: offer for offer in self._acts_of(request, row)}
        offer = offered.get(act)
        form = ReasonForm(request.POST)
        if offer is None:
            messages.error(request, _("This has moved on since you opened the page."))
        elif offer["needs_reason"] and not form.is_valid():
            return self._ask_again(request, row, act, form)
        else:
            reason = form.cleaned_data.get("reason", "") if form.is_valid() else ""
            try:
                messages.success(request, self.perform(request, row, act, reason))
            except DomainError as refusal:
                messages.error(request, str(refusal))
        return redirect(request, back)

    def _ask_again(self, request: HttpRequest, row: Any, act: str, form: ReasonForm) -> HttpResponse:
        acts = [{**offer, "form": form} if offer["name"] == act else offer for offer in self._acts_of(request, row)]
        request.method = "GET"  # the row is shown, as if it had been opened; a POST would be a change of its fields
        answer = self.change_view(request, str(row.pk), extra_context={"acts": acts})
        answer.status_code = 422
        return answer

    def _acts_of(self, request: HttpRequest, row: Any) -> list[dict[str, Any]]:
        if row is None or not self._may_act(request):
            return []
        base = f"admin:{self.opts.app_label}_{self.opts.model_name}_act"
        return [{**act, "url": reverse(base, args=[row.pk, act["name"]])} for act in self.list_acts(request, row)]

    def _may_act(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm(self.acting_permission)

    def _view(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        return self.admin_site.admin_view(view)
