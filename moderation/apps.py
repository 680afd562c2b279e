"""Wiring of the moderation app, and of the admin site that staff work in."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from typing_extensions import override


class StaffAdminConfig(AdminConfig):
    """Django's admin with our site: our sign-in, a second factor, our look."""

    default_site = "moderation.site.StaffSite"


class ModerationConfig(AppConfig):
    name = "moderation"

    @override
    def ready(self) -> None:
        from django.apps import apps
        from django.db.models.signals import post_migrate

        from moderation import roles

        # An app without tables hears nothing; calls is the last one below us that has some.
        last = apps.get_app_config("calls")
        post_migrate.connect(roles.sync_after_migrate, sender=last, dispatch_uid="moderation.roles")
