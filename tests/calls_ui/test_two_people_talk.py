"""A call between two real browsers over the running processes: seen, heard, counted and billed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from calls.models import Call, CallBeat
from tests.calls_ui import scenes
from tests.calls_ui.desk import Desk, Wire, expect_soon, hear, wait_for
from tests.chromium import browsers

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]
FRAMES = """async () => {
  const connection = document.querySelector("digis-call")?.peer?.connection;
  let frames = 0;
  for (const report of (connection ? await connection.getStats() : new Map()).values()) {
    if (report.type === "inbound-rtp" && report.kind === "video") frames += report.framesDecoded ?? 0;
  }
  return frames;
}"""
STATUS = "() => document.getElementById('call-meter')?.dataset.status"
SENT = """() => document.querySelector("digis-call").peer.connection.getSenders()
  .map((sender) => sender.track?.kind ?? null).filter(Boolean).sort().join()"""
BEAT = "() => document.querySelector('digis-call').beat()"


@pytest.fixture
def people(stack: Any) -> tuple[Any, Any]:
    return scenes.pair(tokens=500, video=20, voice=10)


@pytest.fixture
def desks(stack: Any, people: tuple[Any, Any]) -> Iterator[tuple[Desk, Desk]]:
    """Two separate Chromium processes, each with a camera that shows a test picture."""
    with browsers(2, media=True) as [one, other]:
        yield Desk(one, people[0], stack.url), Desk(other, people[1], stack.url)


def ring_and_pick_up(fan: Desk, creator: Desk) -> Call:
    """Go from the price page and the studio to the room, by the buttons people press."""
    creator.open("/studio/")
    hear(creator.page)
    fan.open(f"/calls/with/{creator.person.username}/")
    fan.page.get_by_role("button", name="Call Ana Ferreira").click()
    fan.page.wait_for_url("**/calls/ring/*/")
    sheet = creator.page.get_by_role("alertdialog")
    expect(sheet).to_contain_text("Dev Anand is calling")
    sheet.get_by_role("button", name="Pick up", exact=True).click()
    for desk in (fan, creator):
        desk.page.wait_for_url(lambda url: "/calls/" in url and "/ring/" not in url and "/with/" not in url)
    return Call.objects.get(fan=fan.person)


def expect_frames(page: Page, *, least: int = 10) -> None:
    wait_for(lambda: page.evaluate(FRAMES) > least, f"more than {least} frames", page=page, seconds=40)


def talk(desks: tuple[Desk, Desk], running: Call, clock: Any, *, seconds: int) -> None:
    """Let time pass while both pages go on saying that they are here, and the server hears it."""

    def heard() -> dict[Any, Any]:
        return dict(CallBeat.objects.filter(call=running).values_list("person_id", "last_at"))

    for _ in range(seconds // 10):
        moment = clock.advance(seconds=10)
        for desk in desks:
            desk.page.evaluate(BEAT)
        wait_for(lambda: min(heard().values()) >= moment, "both heartbeats", page=desks[0].page)  # noqa: B023


def test_two_browsers_see_each_other_and_the_bill_is_exact(
    people: tuple[Any, Any], desks: tuple[Desk, Desk], clock: Any
):
    """CALL-5, CALL-6: frames are decoded on both sides, the charge follows from the seconds, both receipts agree."""
    fan, creator = desks
    running = ring_and_pick_up(fan, creator)
    for desk in desks:
        expect_frames(desk.page)
        expect_soon(desk.page, f"() => ({STATUS})() === 'active'")
        assert desk.page.evaluate(SENT) == "audio,video"
    talk(desks, running, clock, seconds=250)
    fan.page.get_by_role("button", name="End call").click()
    figures = []
    for desk in desks:
        desk.page.wait_for_url(f"**/calls/{running.pk}/summary/")
        figures.append(
            desk.page.evaluate(
                "() => ['charged', 'fee', 'earned'].map((name) => document.querySelector(`[data-${name}]`).dataset[name])"
            )
        )
    running.refresh_from_db()
    seconds = running.billed_seconds or 0
    assert 250 <= seconds < 290
    charged = 20 * seconds // 60
    fee = charged * 2000 // 10_000
    assert figures == [[str(charged), str(fee), str(charged - fee)]] * 2
    assert fan.faults == creator.faults == []


def test_a_reload_returns_to_the_running_call(people: tuple[Any, Any], desks: tuple[Desk, Desk]):
    fan, creator = desks
    ring_and_pick_up(fan, creator)
    for desk in desks:
        expect_frames(desk.page)
    fan.page.reload()
    expect_frames(fan.page)
    expect_frames(creator.page, least=creator.page.evaluate(FRAMES))
    expect_soon(fan.page, f"() => ({STATUS})() === 'active'")


def test_while_the_meter_is_paused_nothing_is_sent_and_a_return_resumes(
    people: tuple[Any, Any], desks: tuple[Desk, Desk], clock: Any
):
    """CALL-6."""
    fan, creator = desks
    running = ring_and_pick_up(fan, creator)
    for desk in desks:
        expect_frames(desk.page)
        expect_soon(desk.page, f"() => ({STATUS})() === 'active'")
    creator.open("/studio/")
    expect(creator.page.get_by_text("You are in a call").first).to_be_visible()
    for _ in range(2):
        clock.advance(seconds=9)
        fan.page.evaluate(BEAT)
    expect_soon(fan.page, f"() => ({STATUS})() === 'paused'")
    expect_soon(fan.page, f"() => ({SENT})() === ''")
    expect(fan.page.get_by_text("The meter is paused.", exact=False).first).to_be_visible()
    creator.page.get_by_role("link", name="Back to the call").first.click()
    expect_frames(creator.page)
    for desk in desks:
        expect_soon(desk.page, f"() => ({STATUS})() === 'active'")
        expect_soon(desk.page, f"() => ({SENT})() === 'audio,video'")
    running.refresh_from_db()
    assert running.pauses == 1


def test_without_its_socket_the_page_keeps_the_call_alive_over_plain_http(
    people: tuple[Any, Any], desks: tuple[Desk, Desk], clock: Any
):
    fan, creator = desks
    wire = Wire(fan.page)
    running = ring_and_pick_up(fan, creator)
    for desk in desks:
        expect_frames(desk.page)
        expect_soon(desk.page, f"() => ({STATUS})() === 'active'")
    wire.cut()
    shown = fan.page.evaluate("() => Number(document.getElementById('call-meter').dataset.seconds)")
    talk(desks, running, clock, seconds=30)
    expect_soon(fan.page, "least => Number(document.getElementById('call-meter').dataset.seconds) > least", shown + 20)
    expect_frames(fan.page, least=fan.page.evaluate(FRAMES))
    running.refresh_from_db()
    assert (running.status, running.pauses) == ("active", 0)


def test_microphone_and_camera_are_switched_without_a_new_connection(people: tuple[Any, Any], desks: tuple[Desk, Desk]):
    fan, creator = desks
    ring_and_pick_up(fan, creator)
    for desk in desks:
        expect_frames(desk.page)
    page = fan.page
    page.evaluate("() => { window.first = document.querySelector('digis-call').peer.connection }")
    page.get_by_role("button", name="Mute microphone").click()
    expect(page.get_by_role("button", name="Microphone is off, turn on")).to_have_attribute("aria-pressed", "true")
    expect(creator.page.get_by_text("muted")).to_be_visible()
    page.get_by_role("button", name="Turn camera off").click()
    expect(creator.page.get_by_text("Dev Anand’s camera is off")).to_be_visible()
    assert page.evaluate(SENT) == "audio"
    page.get_by_role("button", name="Camera is off, turn on").click()
    expect_soon(page, f"() => ({SENT})() === 'audio,video'")
    assert page.evaluate("() => window.first === document.querySelector('digis-call').peer.connection")
    # A11Y-5: the running clock is silent until it is asked.
    page.get_by_role("button", name="Read time and cost aloud").click()
    expect(page.locator("#call-says")).to_contain_text("tokens so far")
