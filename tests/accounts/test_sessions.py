"""Where a person is signed in, and signing out from afar."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.signals import person_signed_out
from tests import make
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db

PHONE = {"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1"}


def sign_in(**options) -> Client:
    browser = Client(**options)
    assert browser.post("/sign-in/", {"login": "ana", "password": PASSWORD}).status_code == 303
    return browser


def rows(browser):
    return browser.get("/settings/sessions/").context["sessions"]


@pytest.fixture
def signed_out():
    heard = []
    person_signed_out.connect(lambda session_key, **_: heard.append(session_key), weak=False, dispatch_uid="test")
    yield heard
    person_signed_out.disconnect(dispatch_uid="test")


def test_each_browser_is_listed_with_its_device_the_present_one_first(ana):
    sign_in(headers=PHONE)
    here = sign_in()
    listed = rows(here)
    assert [(row.is_current, str(row.device)) for row in listed] == [
        (True, "Unknown device"),
        (False, "Safari on iPhone"),
    ]
    assert all(row.ip == "127.0.0.1" for row in listed)


def test_one_browser_is_signed_out_from_another(ana, signed_out):
    there, here = sign_in(headers=PHONE), sign_in()
    key = there.session.session_key
    there_row = next(row for row in rows(here) if not row.is_current)
    assert here.post("/settings/sessions/", {"session": there_row.id}).status_code == 303
    assert there.get("/settings/account/").status_code == 302
    assert here.get("/settings/account/").status_code == 200
    assert signed_out == [key]


def test_every_other_browser_is_signed_out_at_once(ana):
    others, here = [sign_in(), sign_in()], sign_in()
    assert here.post("/settings/sessions/", {"act": "others"}).status_code == 303
    assert [browser.get("/settings/account/").status_code for browser in others] == [302, 302]
    assert len(rows(here)) == 1


def test_nobody_ends_a_session_of_somebody_else(ana, stranger_client):
    here = sign_in()
    [row] = rows(here)
    assert stranger_client.post("/settings/sessions/", {"session": row.id}).status_code == 404
    assert stranger_client.post("/settings/sessions/", {"session": "nonsense"}).status_code == 404
    assert here.get("/settings/account/").status_code == 200


def test_signing_out_takes_the_browser_off_the_list(ana, signed_out):
    there, here = sign_in(), sign_in()
    key = there.session.session_key
    there.post("/sign-out/")
    assert len(rows(here)) == 1
    assert signed_out == [key]


def test_a_changed_password_ends_every_other_session_and_keeps_this_one(ana):
    there, here = sign_in(), sign_in()
    form = {"current": PASSWORD, "password": "eleven blue herons"}
    assert here.post("/settings/security/password/", form).status_code == 303
    assert there.get("/settings/account/").status_code == 302
    assert here.get("/settings/account/").status_code == 200
    assert make.mail_to(ana)[-1].subject == "Your password was changed"
    assert here.post("/settings/security/password/", {**form, "current": "wrong"}).status_code == 422


def test_staff_sessions_end_after_eight_hours(client, moderator):
    make.sign_in_staff(client, moderator)
    assert client.session.get_expiry_age() == 8 * 60 * 60
