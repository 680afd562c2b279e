"""The admin site at /admin/: Django's own, behind our sign-in and a second factor."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from typing_extensions import override

from accounts import flows
from accounts.selectors import has_second_factor
from digis.core.http import redirect
from moderation import selectors


class StaffSite(AdminSite):
    """Staff work here. A password alone opens nothing."""

    site_title = _("Digis staff")
    site_header = _("Digis staff")
    index_title = _("Overview")
    enable_nav_sidebar = True

    @override
    def has_permission(self, request: HttpRequest) -> bool:
        """Let in active staff whose present session showed a second factor (ACC-5)."""
        user = request.user
        return bool(user.is_active and user.is_staff and flows.passed_second_factor(request))

    @override
    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to our own sign-in; staff without a second factor to where they set it up; others nowhere."""
        after = request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index")
        user = request.user
        if user.is_authenticated and not user.is_staff:
            raise PermissionDenied
        if self.has_permission(request):
            return redirect(request, reverse("admin:index"))
        if user.is_authenticated and not has_second_factor(user):
            messages.warning(request, gettext("Staff pages need a second factor. Set one up here first."))
            return redirect(request, reverse("accounts:settings_security"))
        if user.is_authenticated:  # signed in before the second factor was set up
            flows.end(request)
        return redirect(request, f"{reverse('accounts:sign_in')}?{urlencode({'next': after})}")

    @override
    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """List our own pages first, and call other packages what staff call them."""
        names = {"djstripe": gettext("Stripe"), "auth": gettext("Roles"), "django_celery_beat": gettext("Schedule")}
        found = super().get_app_list(request, app_label)
        for entry in found:
            entry["name"] = names.get(entry["app_label"], entry["name"])
        return sorted(found, key=lambda entry: entry["app_label"] in names)

    @override
    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().each_context(request), "queues": selectors.list_queues(request.user)}

    @override
    def logout(  # type: ignore[override]  # Django draws a page here, we lead on
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        flows.end(request)
        return redirect(request, reverse("accounts:sign_in"))

    @override
    def password_change(  # type: ignore[override]  # as above
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Passwords change on one page, for everybody."""
        return redirect(request, reverse("accounts:settings_security"))
