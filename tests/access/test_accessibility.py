"""axe, widths and consoles: every page of our templates in each of its states, in Chromium.

The hosted pages of the stand-in have the same test in tests/sandbox/test_accessibility.py.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.access.looking import eye
from tests.access.places import PLACES
from tests.access.test_forms_without_scripts import forget_limits
from tests.chromium import DESKTOP, PHONE

PARTS = 4
NAMES = list(PLACES)
Look = tuple[dict[str, int], bool]
# Each page in both themes and at both widths, the pairs taken in turn; the nightly run takes all four.
IN_TURN: list[list[Look]] = [[(PHONE, False), (DESKTOP, True)], [(DESKTOP, False), (PHONE, True)]]
ALL: list[Look] = list(product([PHONE, DESKTOP], [False, True]))


def walk(browser: Browser, site: str, clock: Any, part: int, looks: list[list[Look]]) -> list[str]:
    """Open every fourth place and look at it."""
    found = []
    with eye(browser, site) as onlooker:
        for number in range(part, len(NAMES), PARTS):
            name = NAMES[number]
            forget_limits()
            visit = PLACES[name](clock)
            onlooker.open(visit)
            for size, dark in looks[number // PARTS % len(looks)]:
                found += [f"{name}, {what}" for what in onlooker.look(size, dark=dark)]
            found += [f"{name}: {said}" for said in onlooker.heard(visit)]
            clock.reset()
    return found


@pytest.mark.parametrize("part", range(PARTS))
def test_axe_finds_nothing_serious_and_no_page_scrolls_sideways_or_complains(
    browser: Browser, site: str, clock: Any, part: int
):
    found = walk(browser, site, clock, part, IN_TURN)
    assert not found, "\n".join(found)


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(PARTS))
def test_the_same_at_both_widths_in_both_themes(browser: Browser, site: str, clock: Any, part: int):
    found = walk(browser, site, clock, part, [ALL])
    assert not found, "\n".join(found)
