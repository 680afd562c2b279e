"""What the machinery tells those who watch it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import REGISTRY, Collector
from typing_extensions import override

from digis.core import clock, valkey
from digis.core.models import AuditEntry, OutboxEntry, WorkerHeartbeat
from digis.core.registry import figures

HEARTBEAT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """One part of the machinery: whether it is ready, and a word on why not."""

    name: str
    is_ready: bool
    detail: str = ""


def check_database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def check_valkey() -> str:
    return "" if valkey.is_up() else "does not answer"


def check_migrations() -> str:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(waiting)} to apply" if waiting else ""


def check_worker() -> str:
    last = WorkerHeartbeat.objects.order_by("-beat_at").first()
    if last is None:
        return "no worker was heard yet"
    silent = (clock.now() - last.beat_at).total_seconds()
    return f"silent for {silent:.0f} s" if silent > HEARTBEAT_SECONDS else ""


CHECKS: dict[str, Callable[[], str]] = {
    "database": check_database,
    "valkey": check_valkey,
    "migrations": check_migrations,
    "worker": check_worker,
}


def list_findings() -> list[Finding]:
    """Ask every part once. One that raises is not ready; the others are still asked."""
    found = []
    for name, check in CHECKS.items():
        try:
            detail = check()
        except DatabaseError as error:
            detail = type(error).__name__
        except Exception as error:  # noqa: BLE001  whatever is wrong, it is a finding and not a crash
            detail = type(error).__name__
        found.append(Finding(name, not detail, detail))
    return found


class TableCollector(Collector):
    """Figures that live in tables, read when somebody asks for /metrics."""

    def describe(self) -> list[GaugeMetricFamily]:
        """Name nothing beforehand: registering must not ask the database."""
        return []

    @override
    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            yield from self._read()
        except DatabaseError:
            yield GaugeMetricFamily("digis_database_up", "1 when the database answers.", value=0)

    def _read(self) -> Iterator[GaugeMetricFamily]:
        now = clock.now()
        waiting = OutboxEntry.objects.filter(done_at__isnull=True)
        oldest = (
            waiting.filter(parked_at__isnull=True, not_before__lte=now)
            .order_by("not_before")
            .values_list("not_before", flat=True)
            .first()
        )
        yield GaugeMetricFamily("digis_database_up", "1 when the database answers.", value=1)
        yield GaugeMetricFamily(
            "digis_outbox_waiting", "Outbox entries to do.", value=waiting.filter(parked_at__isnull=True).count()
        )
        yield GaugeMetricFamily(
            "digis_outbox_parked", "Outbox entries given up.", value=waiting.filter(parked_at__isnull=False).count()
        )
        yield GaugeMetricFamily(
            "digis_outbox_oldest_seconds",
            "How long the oldest due entry has waited.",
            value=max(0.0, (now - oldest).total_seconds()) if oldest else 0.0,
        )
        yield GaugeMetricFamily(
            "digis_audit_unsealed",
            "Audit entries older than a minute without a link.",
            value=AuditEntry.objects.filter(seal__isnull=True, created_at__lt=now - timedelta(minutes=1)).count(),
        )
        beat = WorkerHeartbeat.objects.order_by("-beat_at").values_list("beat_at", flat=True).first()
        yield GaugeMetricFamily(
            "digis_worker_silent_seconds",
            "Seconds since a worker was heard; -1 for never.",
            value=(now - beat).total_seconds() if beat else -1.0,
        )
        for figure in figures.values():
            yield GaugeMetricFamily(figure.name, figure.help, value=figure.read())


def register_collector() -> None:
    """Put the tables' figures on /metrics, once per process."""
    if not any(isinstance(known, TableCollector) for known in list(REGISTRY._collector_to_names)):  # noqa: SLF001  the library has no question for this
        REGISTRY.register(TableCollector())
