"""<digis-meter> between two frames: it shows what a hang-up now would bill, never more, and never runs back."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Page

from tests.chromium import browsers

METER = Path(__file__).parents[2] / "static" / "js" / "calls" / "meter.js"
SHOWN = "() => [...document.querySelectorAll('[data-clock], .price b, .price-money')].map((e) => e.textContent)"
COSTS = [[33, "11", "$0.55"], [36, "12", "$0.60"]]


def frame(
    page: Page, *, seconds: int, ahead: float = 0, until: float, costs: list[list[object]] | None = None, tokens: int
) -> None:
    """Put a new meter into the page, as a frame of the server does."""
    page.evaluate(
        """({data, running, tokens}) => {
          const fresh = document.createElement("template");
          fresh.innerHTML = `<digis-meter><span data-clock></span><span class="price"><b>${tokens}</b>
            <span class="price-money">at ${tokens}</span></span></digis-meter>`;
          Object.assign(fresh.content.firstChild.dataset, data, {running: String(running)});
          document.body.replaceChildren(fresh.content);
        }""",
        {
            "data": {"seconds": seconds, "ahead": ahead, "until": until, "costs": json.dumps(costs or [])},
            "running": until > seconds,
            "tokens": tokens,
        },
    )


def test_the_clock_runs_on_waits_and_never_runs_back():
    """CALL-5, CALL-6."""
    with browsers() as (browser,):
        page = browser.new_page()
        page.clock.install()
        page.goto("about:blank")
        page.add_script_tag(content=METER.read_text(encoding="utf-8"), type="module")
        page.wait_for_function("() => Boolean(customElements.get('digis-meter'))")
        page.clock.pause_at("2030-01-01T00:00:00Z")

        frame(page, seconds=30, ahead=3.1, until=36.5, costs=COSTS, tokens=10)
        assert page.evaluate(SHOWN) == ["00:33", "11", "$0.55"], "the moment, not the last heartbeat"
        page.clock.run_for(1_000)
        assert page.evaluate(SHOWN) == ["00:34", "11", "$0.55"]
        page.clock.run_for(2_250)
        assert page.evaluate(SHOWN) == ["00:36", "12", "$0.60"]
        page.clock.run_for(20_000)
        assert page.evaluate(SHOWN) == ["00:36", "12", "$0.60"], "no news: it waits"

        frame(page, seconds=30, until=30, tokens=10)
        page.clock.run_for(5_000)
        assert page.evaluate(SHOWN) == ["00:36", "10", "at 10"], "paused: the clock stands, the amount is the bill"

        frame(page, seconds=32, ahead=1, until=38.5, costs=[[33, "11", "$0.55"], [36, "12", "$0.60"]], tokens=10)
        assert page.evaluate(SHOWN) == ["00:36", "11", "$0.55"], "it stands until the call has caught up"
        page.clock.run_for(4_250)
        assert page.evaluate(SHOWN) == ["00:37", "12", "$0.60"]
