"""Wiring of the one-command start."""

import os
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate
from typing_extensions import override


class StackConfig(AppConfig):
    name = "digis.stack"
    label = "stack"

    @override
    def ready(self) -> None:
        """Let Celery's worker and beat tell the supervisor when they are at work, and migrations that the tables moved."""
        post_migrate.connect(_forget_prepared, sender=self)
        if folder := os.environ.get("DIGIS_READY_FOLDER"):
            from celery import signals

            def note(name: str) -> None:
                Path(folder).mkdir(parents=True, exist_ok=True)
                (Path(folder) / name).write_text(str(os.getpid()), encoding="ascii")

            signals.worker_ready.connect(lambda **_: note("worker"), weak=False)
            signals.beat_init.connect(lambda **_: note("beat"), weak=False)


def _forget_prepared(**_: Any) -> None:
    """Have the next start look at the tables again: somebody migrated them, here or back."""
    (Path(settings.STATE_DIR) / "prepared").unlink(missing_ok=True)
