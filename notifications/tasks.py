"""Hints from Celery: each looks in the tables what there is to do. What is due itself stands in the outbox."""

from celery import shared_task

from notifications import bounces, services


@shared_task
def note_failed_deliveries() -> None:
    """Write into the delivery log what the outbox gave up on, and promise again what it has lost."""
    services.note_failed_deliveries()
    services.promise_forgotten()


@shared_task
def prune() -> None:
    """Forget what was read long ago."""
    services.prune_notifications()
    bounces.prune()
