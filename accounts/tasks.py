"""What beat asks of accounts. Lost or repeated, it does no harm."""

from __future__ import annotations

from celery import shared_task

from accounts import services


@shared_task(name="accounts.tasks.settle_presence")
def settle_presence() -> None:
    """Tell open pages who has left."""
    services.settle_presence()


@shared_task(name="accounts.tasks.prune")
def prune() -> None:
    """Delete codes and sessions whose time is over."""
    services.prune_codes()
    services.prune_sessions()
