"""System checks: one warning of dj-stripe's is dropped, and nothing else with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as live_settings
from django.core import checks
from django.core.checks.registry import registry
from django.core.management import call_command


@pytest.fixture
def planted() -> Iterator[checks.CheckMessage]:
    """A warning without an id, as a package may bring one."""
    warning = checks.Warning("Something is odd, and has no id.")

    def check(app_configs: Any = None, **_: Any) -> list[checks.CheckMessage]:
        return [warning]

    checks.register("planted")(check)
    yield warning
    registry.registered_checks.remove(check)


def test_every_silenced_check_is_named():
    assert all(live_settings.SILENCED_SYSTEM_CHECKS)


def test_a_check_without_an_id_is_heard(planted: checks.CheckMessage, capsys: pytest.CaptureFixture[str]):
    assert not planted.is_silenced()
    call_command("check", tags=["planted"])
    assert "Something is odd, and has no id." in capsys.readouterr().err


def test_of_dj_stripes_check_only_the_word_about_its_callback_is_dropped(db: None, settings: Any):
    assert not [m for m in checks.run_checks(tags=["djstripe"]) if "CALLBACK is deprecated" in str(m.msg)]
    settings.DJSTRIPE_WEBHOOK_EVENT_CALLBACK = takes_too_little
    found = checks.run_checks(tags=["djstripe"])
    assert any("accepts 1 argument" in str(message.msg) for message in found)


def takes_too_little(event: Any) -> None:
    """A callback as dj-stripe refuses it."""
    del event
