"""System checks: what must never be so, found before anybody is served."""

from __future__ import annotations

import ipaddress
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004  Django's own names
from django.core.checks.registry import registry
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, ProgrammingError


@register("core")
def check_proxies(**_: Any) -> list[CheckMessage]:
    """TRUSTED_PROXIES holds addresses or networks; `none` and `unix` are words it knows."""
    found: list[CheckMessage] = []
    for entry in settings.TRUSTED_PROXIES:
        if entry in {"none", "unix"}:
            continue
        try:
            network = ipaddress.ip_network(entry, strict=False)
        except ValueError:
            found.append(Error(f"TRUSTED_PROXIES: {entry!r} is neither an address nor a network.", id="core.E001"))
            continue
        if network.prefixlen == 0:
            found.append(Error("TRUSTED_PROXIES trusts everybody: name your own proxies.", id="core.E002"))
    return found


@register("core")
def check_policy(**_: Any) -> list[CheckMessage]:
    """Refuse a content security policy that holds an `unsafe-` word."""
    directives: dict[str, Any] = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    loose = [name for name, values in directives.items() if any("unsafe-" in str(value) for value in values)]
    return [Error(f"CONTENT_SECURITY_POLICY: {name} allows unsafe code.", id="core.E006") for name in loose]


@register("core", Tags.security, deploy=True)
def check_production(**_: Any) -> list[CheckMessage]:
    """Find what development may do and production must not."""
    found: list[CheckMessage] = []
    if settings.ENVIRONMENT != "production":
        return [Warning("These are not production's settings.", id="core.W001")]
    if not settings.TRUSTED_PROXIES:
        found.append(Error("State TRUSTED_PROXIES: the addresses of your proxies, or `none`.", id="core.E004"))
    if "StoredMailBackend" in settings.EMAIL_BACKEND:
        found.append(Error("EMAIL_BACKEND keeps mail on disk: set EMAIL_URL.", id="core.E003"))
    if settings.DEV_PAGES:
        found.append(Error("DEV_PAGES shows development's mailbox to everybody.", id="core.E005"))
    if "127.0.0.1" in settings.STRIPE_API_BASE or "localhost" in settings.STRIPE_API_BASE:
        found.append(Error("STRIPE_API_BASE points to the stand-in.", id="core.E007"))
    if not settings.METRICS_TOKEN and "none" in settings.TRUSTED_PROXIES:
        found.append(
            Warning("Set METRICS_TOKEN: without it /metrics answers this machine only.", id="core.W002"),
        )
    found += demo_people()
    return found


def demo_people() -> list[CheckMessage]:
    """Return an error when the database holds accounts of the demo, whose passwords are public."""
    people = get_user_model()
    try:
        known = people._default_manager.filter(email__iendswith=f"@{settings.DEMO_DOMAIN}").exists()  # noqa: SLF001  Django's public name for it
    except ProgrammingError:  # not migrated yet: nobody is there
        return []
    except (DatabaseError, KeyError) as error:
        return [Error(f"The database did not answer: {type(error).__name__}.", id="core.E009")]
    if not known:
        return []
    return [
        Error(
            f"This database holds demo accounts (@{settings.DEMO_DOMAIN}), whose passwords are public.",
            hint="Delete them, or point DATABASE_URL to another database.",
            id="core.E008",
        )
    ]


def refuse_demo_people() -> None:
    """Stop production from starting on a demo's database. A database that is away is /readyz's business."""
    if settings.ENVIRONMENT != "production":
        return
    for finding in demo_people():
        if finding.id == "core.E008":
            raise ImproperlyConfigured(str(finding.msg))


def quiet_stripe_callback() -> None:
    """Drop one warning of dj-stripe's: that the callback is deprecated, which its signals cannot replace for us.

    The warning has no id. Silencing "no id" would silence every check that has none, so dj-stripe's check is called by
    ours instead; whatever else it finds is passed on.
    """
    from djstripe import checks

    theirs: Any = checks.check_webhook_event_callback_accepts_api_key

    if theirs not in registry.registered_checks:
        return
    registry.registered_checks.remove(theirs)

    @register("djstripe")
    def check_stripe_callback(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
        found: list[CheckMessage] = theirs(app_configs, **kwargs)
        deprecated = "DJSTRIPE_WEBHOOK_EVENT_CALLBACK is deprecated"
        return [message for message in found if message.id or not str(message.msg).startswith(deprecated)]
