"""A forgotten password (ACC-1, ACC-2)."""

from __future__ import annotations

import pytest

from tests import make

pytestmark = pytest.mark.django_db

NEW = "eleven blue herons"


def ask(client, email="ana@example.com"):
    client.post("/recover/", {"email": email})
    return make.mail_to(email)[-1]


def test_the_mailed_link_sets_a_new_password_signs_in_and_ends_every_other_session(client, ana, ana_client):
    path = make.path_in(ask(client))
    assert client.get(path).status_code == 200, "opening it uses nothing up"
    answer = client.post(path, {"password": NEW})
    assert (answer.status_code, answer["Location"]) == (303, "/")
    assert client.get("/settings/account/").status_code == 200
    assert ana_client.get("/settings/account/").status_code == 302
    assert make.mail_to(ana)[-1].subject == "Your password was changed" or make.mail_to(ana)[-2].subject
    client.post("/sign-out/")
    assert client.post("/sign-in/", {"login": "ana", "password": NEW}).status_code == 303
    assert client.post(path, {"password": "another long one"}).status_code == 410, "once"


def test_a_weak_password_is_refused_and_the_link_stays_good(client, ana):
    path = make.path_in(ask(client))
    answer = client.post(path, {"password": "password12"})
    assert answer.status_code == 422
    assert client.post(path, {"password": NEW}).status_code == 303


def test_the_link_dies_after_fifteen_minutes(client, ana, clock):
    path = make.path_in(ask(client))
    clock.advance(minutes=16)
    assert client.get(path).status_code == 410
    assert client.post(path, {"password": NEW}).status_code == 410


def test_a_second_factor_still_stands_after_a_reset(client, ana):
    secret = make.give_second_factor(ana)
    answer = client.post(make.path_in(ask(client)), {"password": NEW})
    assert answer["Location"] == "/2fa/"
    assert client.get("/settings/account/").status_code == 302
    assert client.post("/2fa/", {"code": make.totp_code(secret)}).status_code == 303
    assert client.get("/settings/account/").status_code == 200


def test_a_stranger_learns_nothing_from_the_page(client, db):
    """ACC-1."""
    mail = ask(client, "nobody@example.com")
    assert "no account" in mail.body.lower()
    assert "/recover/" not in mail.body
