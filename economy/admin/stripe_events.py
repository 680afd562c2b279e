"""What Stripe sent us, whether it was handled, and a button to have it looked at again (LEDGER-5)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from typing_extensions import override

from accounts.admin.base import ActingAdmin
from accounts.admin.people import staff_of
from digis.core.models import OutboxEntry
from economy import selectors, services
from economy.models import StripeEvent


class EventList(ChangeList):
    """Reads what became of all events of a page at once."""

    @override
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        promises = selectors.find_promises(row.id for row in rows)
        for row in rows:
            row.promise = promises.get(row.id)
        self.result_list = rows


class HandledFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("Not handled yet"))]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[StripeEvent]) -> QuerySet[StripeEvent]:
        if self.value() != "open":
            return queryset
        return queryset.filter(pk__in=selectors.list_unhandled_events().values("pk"))


@admin.register(StripeEvent)
class StripeEventAdmin(ActingAdmin):
    acting_permission = "economy.replay_stripeevent"
    list_display = ["received", "type", "state", "about", "id"]
    list_filter = [HandledFilter, "created"]
    search_fields = ["id", "type", "request_id", "data__object__id", "data__object__payment_intent"]
    ordering = ["-pk"]  # as they came
    show_full_result_count = False
    fieldsets = [
        (None, {"fields": ["id", "type", "created", "received", "about", "account"]}),
        (gettext_lazy("What became of it"), {"fields": ["state", "tries", "last_error"]}),
        (gettext_lazy("As Stripe sent it"), {"fields": ["api_version", "request_id", "livemode", "data"]}),
    ]
    readonly_fields = ["received", "about", "account", "state", "tries", "last_error"]

    @override
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return EventList

    @override
    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        row: Any = super().get_object(request, object_id, from_field)
        if row is not None:
            row.promise = selectors.find_promises([row.id]).get(row.id)
        return row

    @admin.display(description=gettext_lazy("received (UTC)"), ordering="djstripe_created")
    def received(self, row: StripeEvent) -> str:
        return f"{row.djstripe_created:%Y-%m-%d %H:%M:%S}"

    @admin.display(description=gettext_lazy("about"))
    def about(self, row: StripeEvent) -> str:
        thing = row.data.get("object") if isinstance(row.data, dict) else None
        return str(thing.get("id") or "—") if isinstance(thing, dict) else "—"

    @admin.display(description=gettext_lazy("connected account"))
    def account(self, row: StripeEvent) -> str:
        return str(row.stripe_data.get("account") or "—")

    @admin.display(description=gettext_lazy("state"))
    def state(self, row: Any) -> str:
        promise: OutboxEntry | None = row.promise
        if promise is None:
            return _("handled")
        if promise.done_at is not None:
            return _("handled %(at)s UTC") % {"at": f"{promise.done_at:%Y-%m-%d %H:%M:%S}"}
        if promise.parked_at is not None:
            return _("given up: replay it once its cause is repaired")
        return _("fails, is tried again") if promise.last_error else _("waits for a worker")

    @admin.display(description=gettext_lazy("tries"))
    def tries(self, row: Any) -> str:
        return str(row.promise.tries) if row.promise else "—"

    @admin.display(description=gettext_lazy("last error"))
    def last_error(self, row: Any) -> str:
        return (row.promise.last_error if row.promise else "") or "—"

    @override
    def list_acts(self, request: HttpRequest, row: StripeEvent) -> list[dict[str, Any]]:
        return [
            {
                "name": "replay",
                "label": _("Replay"),
                "text": _("What it is about is brought to what Stripe says now. Doing it twice changes nothing."),
                "needs_reason": True,
            }
        ]

    @override
    def perform(self, request: HttpRequest, row: StripeEvent, act: str, reason: str) -> str:
        services.replay_stripe_event(staff=staff_of(request), event_id=row.id, reason=reason)
        return _("The event is looked at again within seconds.")
