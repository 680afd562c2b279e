"""The terms and the privacy notice: read by everybody, dated, linked from where they matter, and true to the settings."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.test import Client

from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db
PATHS = ("/legal/", "/legal/terms/", "/legal/privacy/")


@pytest.mark.parametrize("path", PATHS)
def test_everybody_reads_them_with_their_date(client, fan_client, path, settings: Any):
    settings.TERMS_DATE, settings.PRIVACY_DATE = "2031-05-06", "2031-05-06"
    settings.OPERATOR = "Example Ltd, 1 High Street, Dublin"
    for browser in (client, fan_client):
        page = browser.get(path)
        assert page.status_code == 200
        assert "6 May 2031" in page.content.decode()
    if path != "/legal/terms/":
        assert "Example Ltd, 1 High Street, Dublin" in client.get(path).content.decode()


def test_they_are_linked_where_people_look_for_them(client):
    for page in ("/", "/help/", "/sign-up/"):
        text = client.get(page).content.decode()
        assert 'href="/legal/terms/"' in text, page
        assert 'href="/legal/privacy/"' in text, page


def test_their_figures_are_those_of_the_settings(client, settings: Any):
    settings.PLATFORM_FEE_BP, settings.CALL_FREE_SECONDS, settings.PROMOTIONAL_DAYS = 1_500, 25, 45
    text = client.get("/legal/terms/").content.decode()
    assert "keeps 85% of what people pay" in text
    assert "within 25 seconds is free" in text
    assert "expire 45 days after" in text
    settings.RETENTION_DAYS = {**settings.RETENTION_DAYS, "sessions": 77}
    assert "At most 77 days after their last use" in client.get("/legal/privacy/").content.decode()


def test_every_cookie_we_set_is_named_and_no_other(ana):
    text = Client().get("/legal/privacy/").content.decode()
    browser, seen = Client(), SimpleCookie()
    for answer in (
        browser.get("/sign-in/"),
        browser.post("/sign-in/", {"login": "ana", "password": PASSWORD}),
        browser.post("/theme/", {"theme": "dark"}),
        browser.post("/settings/privacy/", {}),
        browser.get("/settings/privacy/"),
    ):
        seen.update(answer.cookies)
    assert {"sessionid", "csrftoken", "device", "theme"} <= seen.keys()
    assert [name for name in seen if f"<code>{name}</code>" not in text] == []
