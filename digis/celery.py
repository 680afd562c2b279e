"""The worker's application. Every message is a hint: tables are the truth, so a lost one costs only time."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digis.settings.production")

app = Celery("digis")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _keep_our_logging(**_: Any) -> None:
    """Celery leaves the logs alone: Django's LOGGING_CONFIG already set them up (digis.core.logs)."""


@worker_init.connect
@beat_init.connect
def _refuse_demo_people(**_: Any) -> None:
    """Stop before the first task. Celery logs what a receiver raises and goes on; only an exit ends the process."""
    from django.core.exceptions import ImproperlyConfigured

    from digis.core.checks import refuse_demo_people

    try:
        refuse_demo_people()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from error
