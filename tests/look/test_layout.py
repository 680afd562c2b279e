"""Where things stand on a page, measured in a browser: nothing leaves the screen, nothing is squeezed."""

from __future__ import annotations

from itertools import product

import pytest
from django.template.loader import render_to_string
from django.test import Client
from playwright.sync_api import Browser

from tests.chromium import DESKTOP, PHONE
from tests.look.rooms import room

pytestmark = pytest.mark.django_db


def test_the_paper_reaches_the_end_of_the_window_on_a_short_page(browser: Browser, client: Client):
    broken = render_to_string("errors/500.html", {"request_id": "req-7f3a"})
    with room(browser, client) as here:
        here.show_html("/broken/", broken, status=500)
        for size, dark in product((PHONE, DESKTOP), (False, True)):
            here.dress(size, dark=dark)
            root, body = here.page.evaluate(
                "[document.documentElement, document.body].map(el => getComputedStyle(el).backgroundColor)"
            )
            assert root == body
