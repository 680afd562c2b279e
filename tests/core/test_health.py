"""What those who watch the machinery are told."""

import socket

import pytest

from digis.core import registry, valkey
from digis.core.models import OutboxEntry
from digis.core.tasks import note_worker_heartbeat

pytestmark = pytest.mark.django_db


def test_a_process_that_answers_is_healthy(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert answer.json() == {"status": "ok"}
    assert answer["Cache-Control"] == "no-store"


def test_it_is_ready_when_database_valkey_migrations_and_worker_are(client):
    note_worker_heartbeat()
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert set(answer.json()["checks"]) == {"database", "valkey", "migrations", "worker"}


def test_a_silent_worker_is_not_ready(client, clock):
    assert client.get("/readyz").json()["checks"]["worker"] == {"ok": False, "detail": "no worker was heard yet"}
    note_worker_heartbeat()
    clock.advance(minutes=2)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["worker"]["detail"].startswith("silent for 12")


def test_without_valkey_it_is_not_ready(client, settings):
    note_worker_heartbeat()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.REDIS_URL = f"redis://127.0.0.1:{taken.getsockname()[1]}/0"
        valkey.reset()
        answer = client.get("/readyz")
    valkey.reset()
    assert answer.status_code == 503
    assert [name for name, check in answer.json()["checks"].items() if not check["ok"]] == ["valkey"]


def test_figures_are_for_this_machine_or_for_the_bearer_of_the_token(client, settings):
    OutboxEntry.objects.create(kind="test.waiting")
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert "digis_outbox_waiting 1.0" in answer.content.decode()
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.5").status_code == 404
    settings.METRICS_TOKEN = "t0ken"
    assert client.get("/metrics").status_code == 404
    headers = {"Authorization": "Bearer t0ken"}
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.5", headers=headers).status_code == 200
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404


def test_each_route_is_measured(client):
    client.get("/healthz")
    client.get("/nothing/to/find/")
    text = client.get("/metrics").content.decode()
    assert 'digis_http_request_seconds_count{method="GET",route="healthz",status="200"}' in text
    assert "nothing/to/find" not in text


def test_figures_name_nobody(client, fan):
    client.get(f"/people/{fan.pk}/follow/")
    client.get(f"/@{fan.username}/")
    text = client.get("/metrics").content.decode()
    assert str(fan.pk) not in text
    assert fan.email not in text
    assert f"@{fan.username}" not in text


def test_an_app_adds_a_figure_of_its_own(client, monkeypatch):
    monkeypatch.setitem(registry.figures._entries, "digis_ripe", registry.Figure("digis_ripe", "Apples.", lambda: 7))
    assert "digis_ripe 7.0" in client.get("/metrics").content.decode()
