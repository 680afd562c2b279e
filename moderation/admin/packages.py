"""Other packages register pages of their own. Those that crash, show secrets or go round our services are taken away."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import FieldError
from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest
from typing_extensions import override

from accounts.admin.base import ModelAdmin

# What would show secrets (second factors, session keys, API keys), or edit what only our services may write.
HIDDEN = (
    "account.EmailAddress",
    "account.EmailConfirmation",
    "mfa.Authenticator",
    "usersessions.UserSession",
)
# What Stripe told us that staff look up; its forty other tables would only hide these. Events have a page of ours, with acts.
STRIPE_SHOWN = frozenset(
    {
        "account", "balancetransaction", "charge", "customer", "dispute", "paymentintent", "payout", "refund",
        "session", "transfer", "transferreversal", "webhookendpoint", "webhookeventtrigger",
    }
)  # fmt: skip


def tidy_packages() -> None:
    """Unregister what must not be seen, and make dj-stripe's pages read-only and whole."""
    for name in HIDDEN:
        if admin.site.is_registered(model := apps.get_model(name)):
            admin.site.unregister(model)
    for model, page in list(admin.site._registry.items()):  # noqa: SLF001  # the only list of what is registered
        if model._meta.app_label == "djstripe":  # noqa: SLF001  # Django's public description of a model
            admin.site.unregister(model)
            if model._meta.model_name in STRIPE_SHOWN:  # noqa: SLF001  # as above
                admin.site.register(model, _read_only(model, type(page)))


def _exists(model: type[Model], name: Any) -> bool:
    """Tell whether a filter or search names something the model still has."""
    if not isinstance(name, str):
        return True
    try:
        model._base_manager.filter(**{f"{name.lstrip('^=@')}__isnull": True})  # noqa: SLF001  # without a page's own filters
    except FieldError:
        return False
    return True


def _fields(model: type[Model]) -> dict[str, ForeignKey[Any, Any]]:
    return {field.name: field for field in model._meta.get_fields() if isinstance(field, ForeignKey)}  # noqa: SLF001  # as above


def _keys(model: type[Model], names: Any) -> list[str]:
    """Return the keys behind a list's columns, and those that their words are made of: read with the rows at once.

    A customer is written as our person, whatever names it.
    """
    found = []
    for name, field in _fields(model).items():
        if name in names:
            found.append(name)
            inner = _fields(field.related_model)
            if "subscriber" in inner:
                found.append(f"{name}__subscriber")
            if "customer" in inner:
                found.append(f"{name}__customer__subscriber")
    return found


def _read_only(model: type[Model], page: type[ModelAdmin]) -> type[ModelAdmin]:
    """Return a page that shows what Stripe said and changes nothing.

    dj-stripe 2.11 filters invoices, and searches elsewhere, by columns its models no longer have, and those pages
    crash: such names are dropped.
    """

    class StripePage(page):  # type: ignore[valid-type,misc]  # a subclass of whatever the package registered
        actions = None
        # A filter by a key would offer every row of the other table.
        list_filter = tuple(item for item in page.list_filter if _exists(model, item) and item not in _fields(model))
        search_fields = tuple(item for item in page.search_fields if _exists(model, item))

        @override
        def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
            rows: QuerySet[Any] = super().get_queryset(request)
            return rows.select_related(*_keys(model, self.get_list_display(request)))

        @override
        def get_actions(self, request: HttpRequest) -> dict[str, Any]:
            return {}

        @override
        def has_add_permission(self, request: HttpRequest) -> bool:
            return False

        @override
        def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
            return False

        @override
        def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
            return False

    StripePage.__name__ = page.__name__
    return StripePage
