"""presence.changed in a real browser: the old page with the frame put in equals the page loaded anew."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import services as accounts
from calls import services as calls
from tests.calls_ui import scenes
from tests.calls_ui.desk import Desk, expect_soon, wait_for
from tests.chromium import browsers

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]
SAYS = "([id, words]) => document.getElementById(id)?.textContent.includes(words)"


@pytest.fixture(autouse=True)
def _orm_beside_the_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def test_an_open_page_follows_a_creator_who_comes_talks_and_leaves(stack: Any, clock: Any):
    """DISC-2: tags by the frame itself, the call button by a second look."""
    fan, creator = scenes.pair(tokens=500, video=20, voice=10)
    caller = make_caller()
    accounts.follow(follower=fan, followed=creator)
    tag, rail, seen = (f"{name}-{creator.pk}" for name in ("status-head", "status-rail", "seen"))
    panel = "rates-panel"
    with browsers() as [browser]:
        desk = Desk(browser, fan, stack.url)
        heard: list[str] = []
        desk.page.on("websocket", lambda wire: wire.on("framereceived", lambda frame: heard.append(str(frame))))
        desk.open("/@ana/")
        topic = f"presence:{creator.pk}"
        wait_for(lambda: any("subscribed" in f and topic in f for f in heard), "the topic", page=desk.page)

        def now_says(word: str, in_panel: str) -> None:
            expect_soon(desk.page, SAYS, [tag, word])
            expect_soon(desk.page, SAYS, [panel, in_panel])

        accounts.note_presence(user=creator)
        now_says("Picks up now", "Call now")
        running = scenes.call(caller, creator)
        now_says("In a call", "is in a call")
        assert desk.parts(tag, rail, seen, panel) == desk.reloaded(tag, rail, seen, panel)
        calls.hang_up(person=caller, call_id=running.pk)
        now_says("Picks up now", "Call now")
        clock.advance(seconds=61)
        accounts.settle_presence()
        now_says("Away", "is away")
        expect_soon(desk.page, SAYS, [seen, "Last seen within the hour"])
        shown = dict.fromkeys(("shows_online", "shows_in_call", "shows_typing"), True)
        accounts.save_privacy(person=creator, is_listed=True, shows_last_seen=False, **shown)
        expect_soon(desk.page, "id => document.getElementById(id).hidden", seen)
        assert desk.parts(tag, rail, seen) == desk.reloaded(tag, rail, seen)

        # Whoever hides a kind is no longer told by the socket, in any of their tabs; they ask.
        heard.clear()
        accounts.save_privacy(person=fan, is_listed=True, shows_last_seen=False, **shown)
        expect_soon(desk.page, "() => document.body.dataset.presence === 'ask'")
        wait_for(lambda: any("unsubscribed" in frame and topic in frame for frame in heard), "goodbye", page=desk.page)
        assert desk.faults == []


def make_caller() -> Any:
    from tests import make

    caller = make.make_person("caller", birth_date="1990-05-05")
    caller.refresh_from_db()
    make.grant_tokens(caller, 500)
    return caller
