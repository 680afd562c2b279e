"""The peer connection alone, in a real browser: two peers in one page, and a channel between them that misbehaves."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.chromium import browsers

STATIC = Path(__file__).resolve().parents[2] / "static"

SCRIPT = """
async ({ lose, shuffle, late }) => {
  const { Peer } = await import("/js/calls/peer.js");
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const sides = {};
  window.sent = 0;
  window.faults = [];
  const carry = (from, to) => (message) => {
    window.sent += 1;
    if (window.cut || lose.includes(window.sent)) return;
    const copy = JSON.parse(JSON.stringify({ ...message, from }));
    setTimeout(() => sides[to]?.receive(copy), shuffle ? Math.random() * 120 : 0);
  };
  const make = async (role, other) => {
    const peer = new Peer({ role, iceServers: [], send: carry(role, other) });
    const video = document.createElement("video");
    video.muted = true;
    document.body.append(video);
    peer.addEventListener("track", ({ detail }) => {
      if (detail.kind !== "video") return;
      video.srcObject = new MediaStream([detail]);
      void video.play();
    });
    peer.addEventListener("fault", ({ detail }) => window.faults.push(String(detail)));
    for (const track of stream.getTracks()) await peer.setTrack(track.kind, track.clone());
    peer.frames = async () => {
      let frames = 0;
      if (!peer.connection) return 0;
      for (const report of (await peer.connection.getStats()).values()) {
        if (report.type === "inbound-rtp" && report.kind === "video") frames += report.framesDecoded ?? 0;
      }
      return frames;
    };
    sides[role] = peer;
    peer.hello();
    return peer;
  };
  window.make = make;
  window.sides = sides;
  await make("fan", "creator");
  if (late) await new Promise((done) => setTimeout(done, late));
  await make("creator", "fan");
  window.mend = setInterval(() => {
    for (const peer of Object.values(sides)) if (!peer.connected) peer.hello();
  }, 1500);
}
"""
BOTH_SEE = """async () => {
  const counts = await Promise.all(Object.values(window.sides).map((peer) => peer.frames()));
  return counts.length === 2 && counts.every((frames) => frames > (window.least ?? 10));
}"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(STATIC)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    with browsers(media=True) as [browser]:
        page = browser.new_page()
        page.goto(f"{address}/js/calls/peer.js")
        yield page


def expect_soon(page: Page, script: str, *, seconds: float = 25) -> None:
    """Ask the page, which may answer with a promise, until it says yes."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(script):
        assert time.monotonic() < deadline, f"{script} stayed false; faults: {page.evaluate('window.faults')}"
        page.wait_for_timeout(200)


def expect_both_see(page: Page, *, least: int = 10) -> None:
    page.evaluate("least => { window.least = least }", least)
    expect_soon(page, BOTH_SEE)


@pytest.mark.parametrize(
    ("lose", "shuffle", "late"),
    [
        pytest.param([], False, 0, id="clean"),
        pytest.param([], True, 0, id="reordered"),
        pytest.param([1], False, 700, id="the-first-hello-met-nobody"),
        pytest.param([3, 5], True, 300, id="an-offer-or-its-candidates-are-lost"),
    ],
)
def test_both_sides_see_each_other_whatever_the_channel_does(
    page: Page,
    lose: list[int],
    shuffle: bool,  # noqa: FBT001  a column of the table above
    late: int,
) -> None:
    """CALL-6: early candidates wait, lost messages are said again."""
    page.evaluate(SCRIPT, {"lose": lose, "shuffle": shuffle, "late": late})
    expect_both_see(page)
    assert page.evaluate("window.faults") == []


def test_a_reloaded_side_is_met_again_over_one_connection(page: Page) -> None:
    page.evaluate(SCRIPT, {"lose": [], "shuffle": True, "late": 0})
    expect_both_see(page)
    page.evaluate("""async () => {
        window.first = window.sides.fan.connection;
        window.sides.creator.close();
        await window.make("creator", "fan");
    }""")
    expect_both_see(page)
    assert page.evaluate("window.first.connectionState") == "closed"
    assert page.evaluate("window.first !== window.sides.fan.connection")


def test_a_held_line_sends_nothing_and_goes_on_without_a_new_negotiation(page: Page) -> None:
    """CALL-6: while the meter is paused each client stops sending media."""
    page.evaluate(SCRIPT, {"lose": [], "shuffle": False, "late": 0})
    expect_both_see(page)
    page.evaluate("Promise.all(Object.values(window.sides).map((peer) => peer.hold(true)))")
    still = """async () => {
        const before = await window.sides.fan.frames();
        await new Promise((done) => setTimeout(done, 700));
        return (await window.sides.fan.frames()) === before;
    }"""
    expect_soon(page, still, seconds=10)
    said = page.evaluate("window.sent")
    page.evaluate("Promise.all(Object.values(window.sides).map((peer) => peer.hold(false)))")
    frames = page.evaluate("window.sides.fan.frames()")
    expect_both_see(page, least=frames + 5)
    assert page.evaluate("window.sent") == said


def test_a_newer_page_of_the_same_person_takes_the_call_over(page: Page) -> None:
    page.evaluate(SCRIPT, {"lose": [], "shuffle": False, "late": 0})
    expect_both_see(page)
    page.evaluate("""async () => {
        const old = window.sides.fan;
        window.told = false;
        old.addEventListener("elsewhere", () => { window.told = true; old.close(); });
        const creator = window.sides.creator;
        const receive = creator.options.send;
        creator.options.send = (message) => {
            receive(message);
            void old.receive(JSON.parse(JSON.stringify({ ...message, from: "creator" })));
        };
        await window.make("fan", "creator");
    }""")
    expect_soon(page, "window.told")
    expect_both_see(page)
