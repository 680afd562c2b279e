"""The key that signs pushes, and the worker in the browser that shows them (NOT-1, PWA-1)."""

from __future__ import annotations

import base64
import json
import threading

import pytest
from django.core.exceptions import ImproperlyConfigured

from digis.sandbox.push.seal import encode
from notifications import push
from notifications.push import keys
from tests.notifications import cast

pytestmark = pytest.mark.django_db


# ── The key ─────────────────────────────────────────────────────────────────────────────────


def test_the_key_is_made_once_whoever_asks_first(settings, tmp_path):
    settings.VAPID_KEY_FILE = str(tmp_path / "vapid.secret")
    found = []
    threads = [threading.Thread(target=lambda: found.append(push.public_key())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(base64.urlsafe_b64decode(found[0] + "=")) == 65
    assert (tmp_path / "vapid.secret").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["vapid.secret"]


def test_a_stated_key_is_used_and_a_broken_one_named(settings):
    settings.VAPID_PRIVATE_KEY = keys.make_key()
    assert push.public_key() == push.public_key()
    for broken in ("abc", "é", keys.make_key() + "AA", encode(b"\0" * 32)):
        settings.VAPID_PRIVATE_KEY = broken
        with pytest.raises(ImproperlyConfigured, match="VAPID_PRIVATE_KEY"):
            push.public_key()
    settings.VAPID_PRIVATE_KEY = settings.VAPID_KEY_FILE = ""
    with pytest.raises(ImproperlyConfigured, match="make_vapid_key"):
        push.public_key()


# ── The worker's address, and its page ──────────────────────────────────────────────────────


def test_the_worker_is_served_from_the_root_and_names_what_it_keeps(client):
    """PWA-1: what it keeps is public, and it is asked for anew each time."""
    answer = client.get("/sw.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Service-Worker-Allowed"] == "/"
    assert answer["Cache-Control"] == "no-cache"
    setup = json.loads(answer.content.decode().partition("\n")[0].removeprefix("const SETUP = ").removesuffix(";"))
    assert setup["offline"] == "/offline/"
    for path in (setup["offline"], *setup["kept"], setup["icon"]):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert b"".join(answer) != b""  # read to its end, so that the file is closed


def test_the_page_without_a_network_names_nobody(client):
    """PWA-1."""
    ana = cast.listener("ana", "push")
    assert "No connection" in client.get("/offline/").content.decode()
    client.force_login(ana)
    assert ana.username not in client.get("/offline/").content.decode().replace("analytics", "")
