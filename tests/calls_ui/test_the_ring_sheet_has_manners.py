"""The creator's ring sheet in a real browser: it takes the keyboard and gives it back, and only buttons decide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from calls import services
from calls.models import CallInvitation
from tests.calls_ui import scenes
from tests.calls_ui.desk import Desk, Wire, expect_soon, hear
from tests.chromium import browsers

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]
FOCUSED = "() => document.activeElement?.getAttribute('name') ?? document.activeElement?.id"


@pytest.fixture
def people(stack: Any) -> tuple[Any, Any]:
    return scenes.pair()


@pytest.fixture
def desk(stack: Any, people: tuple[Any, Any]) -> Iterator[Desk]:
    with browsers() as [browser]:
        yield Desk(browser, people[1], stack.url)


def test_escape_makes_the_sheet_small_and_declines_nothing(people: tuple[Any, Any], desk: Desk):
    page = desk.open("/studio/")
    hear(page)
    ringing = scenes.ring(*people)
    sheet = page.get_by_role("alertdialog")
    expect(sheet).to_be_visible()
    expect_soon(page, "() => Boolean(document.activeElement?.closest('dialog:modal'))")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    show = page.get_by_role("button", name="Show", exact=True)
    expect(show).to_be_focused()
    ringing.refresh_from_db()
    assert ringing.status == CallInvitation.Status.PENDING
    page.keyboard.press("Enter")
    expect(sheet).to_be_visible()
    sheet.get_by_role("button", name="Decline").click()
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    expect_soon(page, "() => location.pathname === '/studio/calls/'")
    ringing.refresh_from_db()
    assert ringing.status == CallInvitation.Status.DECLINED


def test_the_keyboard_returns_to_where_it_was_when_the_caller_gives_up(people: tuple[Any, Any], desk: Desk):
    page = desk.open("/explore/")
    hear(page)
    page.locator("header input[name=q]").focus()
    ringing = scenes.ring(*people)
    expect(page.get_by_role("alertdialog")).to_be_visible()
    assert page.evaluate(FOCUSED) == "ring-title"
    services.cancel_ring(fan=people[0], invitation_id=ringing.pk)
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    assert page.evaluate(FOCUSED) == "q"


def test_a_ring_goes_by_itself_when_its_seconds_are_over(people: tuple[Any, Any], desk: Desk, clock: Any):
    """CALL-4: 30 seconds, even where the news of the end is lost."""
    wire = Wire(desk.page)
    desk.page.clock.install()
    page = desk.open("/explore/")
    hear(page)
    scenes.ring(*people)
    expect(page.get_by_role("alertdialog")).to_be_visible()
    wire.cut()
    clock.advance(seconds=34)
    page.clock.run_for(34_000)
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    expect(page.locator("digis-ring")).to_have_count(0)
