"""Each event of calls, in a real browser: the old page with the frame put in equals the page loaded anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from calls import services
from calls.errors import FanShort
from economy.services import place_hold
from tests.calls_ui import scenes
from tests.calls_ui.desk import Desk, expect_soon, hear, wait_for, without_script
from tests.chromium import browsers

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]
METER = ("call-meter", "call-facts", "call-pause", "call-warning")


@pytest.fixture
def people(stack: Any) -> tuple[Any, Any]:
    return scenes.pair(tokens=500, video=20, voice=10)


@pytest.fixture
def desks(stack: Any, people: tuple[Any, Any]) -> Iterator[tuple[Desk, Desk]]:
    with browsers() as [browser]:
        yield Desk(browser, people[0], stack.url), Desk(browser, people[1], stack.url)


def changed(desk: Desk, before: dict[str, str | None], *ids: str) -> dict[str, str | None]:
    """Wait until the frame has changed the page, and return the parts."""
    for _ in range(100):
        found = desk.parts(*ids)
        if found != before:
            return found
        desk.page.wait_for_timeout(100)
    pytest.fail(f"No frame changed {ids} on {desk.page.url}")


def test_a_ring_comes_into_any_open_page_and_goes_again(people: tuple[Any, Any], desks: tuple[Desk, Desk]):
    """CALL-4: call.ringing and call.ring_ended."""
    desk = desks[1]
    desk.open("/explore/")
    hear(desk.page)
    quiet = desk.parts("ring-sheet")
    ringing = scenes.ring(*people, message="A cracked mug")
    shown = changed(desk, quiet, "ring-sheet")
    assert "Dev Anand is calling" in (shown["ring-sheet"] or "")
    assert shown == desk.reloaded("ring-sheet")
    services.decline_ring(creator=people[1], invitation_id=ringing.pk)
    gone = changed(desk, shown, "ring-sheet")
    assert gone == quiet == desk.reloaded("ring-sheet")
    assert desk.faults == []


@pytest.mark.parametrize("outcome", ["declined", "missed", "expired"])
def test_the_caller_sees_what_became_of_the_ring(
    outcome: str, people: tuple[Any, Any], desks: tuple[Desk, Desk], clock: Any
):
    """CALL-3, CALL-4: call.declined, call.missed, and call.expired: the tokens are gone when it is picked up."""
    fan, creator = people
    desk = desks[0]
    ringing = scenes.ring(fan, creator)
    desk.open(f"/calls/ring/{ringing.pk}/")
    hear(desk.page)
    before = desk.parts("ring-status")
    if outcome == "declined":
        services.decline_ring(creator=creator, invitation_id=ringing.pk)
    elif outcome == "expired":
        place_hold(person=fan, amount=490, key="elsewhere", source_type="call", source_id=str(uuid4()))
        with pytest.raises(FanShort):
            services.accept_ring(creator=creator, invitation_id=ringing.pk)
    else:
        clock.advance(seconds=31)
        services.expire_due_rings()
    shown = changed(desk, before, "ring-status")
    assert f'data-status="{outcome}"' in (shown["ring-status"] or "")
    assert shown == desk.reloaded("ring-status")
    assert desk.faults == []


def test_an_accepted_ring_leads_the_caller_to_the_room(people: tuple[Any, Any], desks: tuple[Desk, Desk]):
    """call.accepted: the page goes where its reload would go."""
    fan, creator = people
    desk = desks[0]
    ringing = scenes.ring(fan, creator)
    desk.open(f"/calls/ring/{ringing.pk}/")
    hear(desk.page)
    running = services.accept_ring(creator=creator, invitation_id=ringing.pk)
    expect(desk.page).to_have_url(f"{desk.url}/calls/{running.pk}/")


def agree(desk: Desk) -> None:
    """Wait until the page that got frames is as the page loaded anew: a minute may be billed between the two looks."""
    wait_for(
        lambda: desk.parts(*METER) == desk.reloaded(*METER, scripts=False), "both to show the same", page=desk.page
    )


@pytest.mark.parametrize("side", [0, 1], ids=["fan", "creator"])
def test_the_meter_of_a_frame_is_the_meter_of_the_page(
    side: int, people: tuple[Any, Any], desks: tuple[Desk, Desk], clock: Any
):
    """CALL-6, CALL-7: call.meter while running, paused and resumed."""
    running = scenes.call(*people)
    desk = desks[side]
    without_script(desk.page)
    desk.open(f"/calls/{running.pk}/")
    hear(desk.page)
    before = desk.parts(*METER)
    scenes.talk(running, clock, seconds=65)
    expect_soon(desk.page, "() => Number(document.getElementById('call-meter').dataset.seconds) >= 65")
    agree(desk)
    assert desk.parts(*METER) != before
    services.leave_call(person=people[1 - side], call_id=running.pk)
    expect_soon(desk.page, "() => document.getElementById('call-meter').dataset.status === 'paused'")
    agree(desk)
    scenes.beat_both(running)
    expect_soon(desk.page, "() => document.getElementById('call-meter').dataset.status === 'active'")
    agree(desk)


@pytest.mark.parametrize("side", [0, 1], ids=["fan", "creator"])
def test_a_low_balance_warns_as_the_page_would(
    side: int, people: tuple[Any, Any], desks: tuple[Desk, Desk], clock: Any
):
    """CALL-7: call.warned, at three minutes and at one."""
    fan, creator = people
    services.set_offering(creator=creator, video_rate=100, voice_rate=None)
    running = scenes.call(fan, creator)
    desk = desks[side]
    without_script(desk.page)
    desk.open(f"/calls/{running.pk}/")
    hear(desk.page)
    for seconds, mark in ((125, "180"), (120, "60")):
        scenes.talk(running, clock, seconds=seconds)
        services.sweep_calls()
        expect_soon(desk.page, "mark => document.getElementById('call-warning').dataset.low === mark", mark)
        assert desk.parts("call-warning") == desk.reloaded("call-warning", scripts=False)


@pytest.mark.parametrize("side", [0, 1], ids=["fan", "creator"])
def test_a_switch_of_the_kind_shows_on_both_sides(
    side: int, people: tuple[Any, Any], desks: tuple[Desk, Desk], clock: Any
):
    """CALL-2: call.switched, down at once and up by asking."""
    running = scenes.call(*people)
    desk = desks[side]
    without_script(desk.page)
    desk.open(f"/calls/{running.pk}/")
    hear(desk.page)
    scenes.talk(running, clock, seconds=20)
    before = desk.parts("call-switch")
    services.switch_to_voice(person=people[0], call_id=running.pk)
    voice = changed(desk, before, "call-switch")
    assert voice == desk.reloaded("call-switch", scripts=False)
    services.ask_for_video(person=people[0], call_id=running.pk)
    asked = changed(desk, voice, "call-switch")
    assert asked == desk.reloaded("call-switch", scripts=False)


def test_the_end_leads_both_to_their_receipt(people: tuple[Any, Any], desks: tuple[Desk, Desk], clock: Any):
    """call.ended: both pages go where their reload would go."""
    running = scenes.call(*people)
    for desk in desks:
        desk.open(f"/calls/{running.pk}/")
        hear(desk.page)
    services.hang_up(person=people[0], call_id=running.pk)
    for desk in desks:
        expect(desk.page).to_have_url(f"{desk.url}/calls/{running.pk}/summary/")
        assert desk.faults == []
