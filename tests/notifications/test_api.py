"""The `notifications` group of the REST API (api.md)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from tests.notifications.inbox import tell

pytestmark = pytest.mark.django_db
BASE = "/api/v1/notifications"


def read(client: Client, **body: Any) -> Any:
    return client.post(f"{BASE}/read", body, content_type="application/json")


def test_the_inbox_comes_by_cursor_the_newest_first(news: Any, fan: Any, fan_client: Client, stranger: Any):
    """API-2."""
    for number in range(5):
        tell(fan, words=f"News {number}", actor=stranger)
    page = fan_client.get(f"{BASE}?page_size=3").json()
    assert [row["title"] for row in page["results"]] == ["News 4", "News 3", "News 2"]
    rest = fan_client.get(page["next"]).json()
    assert [row["title"] for row in rest["results"]] == ["News 1", "News 0"]
    assert rest["next"] is None
    first = page["results"][0]
    assert first["actor"]["username"] == stranger.username
    assert (first["is_read"], first["count"], first["url"]) == (False, 1, "/wallet/")


def test_some_or_all_are_marked_as_read(news: Any, fan: Any, fan_client: Client, stranger_client: Client):
    rows = [tell(fan) for _ in range(3)]
    assert read(fan_client, ids=[str(rows[0].pk), str(uuid4())]).json() == {"marked": 1, "unread_count": 2}
    assert read(stranger_client, ids=[str(rows[1].pk)]).json() == {"marked": 0, "unread_count": 0}
    assert read(fan_client, all=True).json() == {"marked": 2, "unread_count": 0}
    assert read(fan_client, all=True).json() == {"marked": 0, "unread_count": 0}
    refused = read(fan_client)
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "VALIDATION_ERROR"
    assert all(row["is_read"] for row in fan_client.get(BASE).json()["results"])


def test_nobody_reads_signed_out(client: Client):
    assert client.get(BASE).status_code == 401
    assert read(client, all=True).status_code == 401
