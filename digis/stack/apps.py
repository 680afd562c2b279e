"""Wiring of the one-command start."""

import os
from pathlib import Path

from django.apps import AppConfig
from typing_extensions import override


class StackConfig(AppConfig):
    name = "digis.stack"
    label = "stack"

    @override
    def ready(self) -> None:
        """Let Celery's worker and beat tell the supervisor when they are at work."""
        if folder := os.environ.get("DIGIS_READY_FOLDER"):
            from celery import signals

            def note(name: str) -> None:
                Path(folder).mkdir(parents=True, exist_ok=True)
                (Path(folder) / name).write_text(str(os.getpid()), encoding="ascii")

            signals.worker_ready.connect(lambda **_: note("worker"), weak=False)
            signals.beat_init.connect(lambda **_: note("beat"), weak=False)
