"""Wiring of the core, which knows no app."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from typing_extensions import override


class CoreConfig(AppConfig):
    name = "digis.core"
    label = "core"
    verbose_name = "Machinery"

    @override
    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_out

        from digis.core import checks, health, logs, mail, wording  # noqa: F401  the mail handler registers itself

        health.register_collector()
        wording.install()
        checks.quiet_stripe_callback()
        user_logged_out.connect(_close_sockets_of_session, dispatch_uid="core.close_sockets")
        if settings.SENTRY_DSN:
            logs.start_sentry(settings.SENTRY_DSN, environment=settings.ENVIRONMENT, release=settings.RELEASE)


def _close_sockets_of_session(request: Any = None, user: Any = None, **_: Any) -> None:
    """Whoever signs out stops hearing: the sockets of that session close, those of other devices stay."""
    from digis.core import realtime

    session = getattr(request, "session", None)
    if user is not None and session is not None and session.session_key:
        realtime.close_sockets(user.pk, session.session_key)
