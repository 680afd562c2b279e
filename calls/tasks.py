"""Hints from Celery: each looks in the tables what there is to do."""

from celery import shared_task

from calls import services


@shared_task
def sweep_calls() -> None:
    """Bill due minutes, and end what has ended."""
    services.sweep_calls()
