"""Step-up, and the change of an e-mail address (ACC-3)."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts import selectors
from accounts.models import User
from tests import make
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db

GUARDED = [
    "/settings/account/email/",
    "/settings/security/app/",
    "/settings/security/app/off/",
    "/settings/security/codes/",
]


@pytest.mark.parametrize("page", GUARDED)
def test_a_session_older_than_ten_minutes_is_asked_again(ana_client, clock, page):
    """ACC-3."""
    assert ana_client.get(page).status_code in {200, 303}
    assert "/reauthenticate/" not in ana_client.get(page).headers.get("Location", "")
    clock.advance(minutes=10, seconds=1)
    for answer in (ana_client.get(page), ana_client.post(page, {"act": "start", "email": "new@example.com"})):
        assert answer.status_code == 303
        assert answer["Location"].startswith("/reauthenticate/?next=")


def test_the_password_makes_a_session_fresh_again_and_leads_back(ana_client, clock):
    """ACC-3."""
    clock.advance(minutes=11)
    there = ana_client.get("/settings/account/email/")["Location"]
    assert ana_client.get(there).status_code == 200
    assert (
        ana_client.post("/reauthenticate/", {"password": "wrong", "next": "/settings/account/email/"}).status_code
        == 422
    )
    assert ana_client.get("/settings/account/email/").status_code == 303
    answer = ana_client.post("/reauthenticate/", {"password": PASSWORD, "next": "/settings/account/email/"})
    assert answer["Location"] == "/settings/account/email/"
    assert ana_client.get("/settings/account/email/").status_code == 200


def test_with_a_second_factor_the_password_does_not_do(ana, ana_client, clock):
    """ACC-3."""
    secret = make.give_second_factor(ana)
    clock.advance(minutes=11)
    assert ana_client.post("/reauthenticate/", {"password": PASSWORD}).status_code == 422
    assert ana_client.post("/reauthenticate/", {"code": make.totp_code(secret)}).status_code == 303
    assert ana_client.get("/settings/security/codes/").status_code == 200


def test_a_mailed_code_does_for_a_person_without_a_password(client, clock):
    """ACC-3."""
    person = make.make_person("codes.only")
    client.force_login(person)
    assert client.get("/settings/account/email/").status_code == 303
    assert client.post("/reauthenticate/", {"act": "send", "next": "/settings/account/email/"}).status_code == 303
    code = make.code_in(make.mail_to(person)[-1])
    answer = client.post("/reauthenticate/?by=mail", {"code": code, "next": "/settings/account/email/"})
    assert answer["Location"] == "/settings/account/email/"
    assert client.get("/settings/account/email/").status_code == 200
    clock.advance(minutes=11)
    assert client.post("/reauthenticate/?by=mail", {"code": code}).status_code == 422, "once"


def change(browser, email="new@example.com"):
    browser.post("/settings/account/email/", {"act": "start", "email": email})
    return browser.post("/settings/account/email/", {"act": "confirm", "code": make.code_in(make.mail_to(email)[-1])})


def test_the_new_address_is_proven_before_it_counts_and_the_old_one_is_told(ana, ana_client):
    """ACC-3."""
    ana_client.post("/settings/account/email/", {"act": "start", "email": "new@example.com"})
    assert User.objects.get(pk=ana.pk).email == "ana@example.com"
    code = make.code_in(make.mail_to("new@example.com")[-1])
    answer = ana_client.post("/settings/account/email/", {"act": "confirm", "code": code})
    assert answer["Location"] == "/settings/account/"
    assert User.objects.get(pk=ana.pk).email == "new@example.com"
    told = make.mail_to("ana@example.com")[-1]
    assert told.subject == "The e-mail of your account was changed"
    assert "new@example.com" in told.body


def test_payouts_can_see_a_change_for_72_hours(ana, ana_client, clock):
    """ACC-3."""
    change(ana_client)
    assert selectors.find_recent_email_change(ana) is not None
    clock.advance(hours=72, minutes=1)
    assert selectors.find_recent_email_change(ana) is None


def test_the_old_address_undoes_the_change_within_72_hours_and_throws_the_thief_out(ana, ana_client, clock):
    """ACC-3."""
    change(ana_client)
    make.give_second_factor(ana)  # by the thief
    path = make.path_in(make.mail_to("ana@example.com")[-1])
    clock.advance(hours=71)
    owner = Client()
    assert owner.get(path).status_code == 200
    assert User.objects.get(pk=ana.pk).email == "new@example.com", "opening the link undoes nothing"
    assert owner.post(path).status_code == 200
    person = User.objects.get(pk=ana.pk)
    assert person.email == "ana@example.com"
    assert not person.has_usable_password()
    assert not selectors.has_second_factor(person)
    assert ana_client.get("/settings/account/").status_code == 302
    assert owner.post(path).status_code == 410, "once"


def test_after_72_hours_the_change_stays(ana, ana_client, clock):
    """ACC-3."""
    change(ana_client)
    path = make.path_in(make.mail_to("ana@example.com")[-1])
    clock.advance(hours=73)
    assert Client().post(path).status_code == 410
    assert User.objects.get(pk=ana.pk).email == "new@example.com"


def test_an_address_that_may_be_taken_back_is_not_free_for_others(client, ana, ana_client):
    """ACC-3."""
    change(ana_client)
    form = {
        "email": "ana@example.com",
        "display_name": "X",
        "handle": "xavier",
        "birth_date": "1990-01-01",
        "accepts_terms": "on",
    }
    answer = client.post("/sign-up/", form)
    assert "already has an account" in str(answer.context["form"].errors["email"])


def test_an_address_of_somebody_else_answers_the_same_and_changes_nothing(ana, ana_client):
    """ACC-1."""
    make.make_person("ben")
    answer = ana_client.post("/settings/account/email/", {"act": "start", "email": "ben@example.com"}, follow=True)
    assert "We sent a code to" in answer.content.decode()
    assert "already has an account" in make.mail_to("ben@example.com")[-1].subject
    ana_client.post("/settings/account/email/", {"act": "confirm", "code": "000000"})
    assert User.objects.get(pk=ana.pk).email == "ana@example.com"
