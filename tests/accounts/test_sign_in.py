"""Signing in by password."""

from __future__ import annotations

import re

import bcrypt
import pytest
from django.contrib.auth.hashers import make_password

from accounts.models import User
from tests import make
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def plain(answer) -> str:
    """The page without what differs by request: tokens, ids, and what was typed."""
    text = answer.content.decode()
    text = re.sub(r'(name="csrfmiddlewaretoken" value|nonce|hx-headers)=("[^"]*"|\'[^\']*\')', "", text)
    return re.sub(r"(ana|nobody)(@example\.com)?", "WHO", text)


@pytest.mark.parametrize("login", ["ana", "@ANA", "ana@example.com", "ANA@Example.com "])
def test_address_and_handle_both_name_the_person(client, ana, login):
    answer = client.post("/sign-in/", {"login": login, "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (303, "/")
    assert client.get("/settings/account/").status_code == 200


def test_after_signing_in_people_get_where_they_were_going_but_never_off_the_site(client, ana):
    answer = client.post("/sign-in/", {"login": "ana", "password": PASSWORD, "next": "/settings/blocks/"})
    assert answer["Location"] == "/settings/blocks/"
    for elsewhere in [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "https:evil.example",
        "javascript:alert(1)",
    ]:
        client.post("/sign-out/")
        answer = client.post("/sign-in/", {"login": "ana", "password": PASSWORD, "next": elsewhere})
        assert answer["Location"] == "/"


def test_an_unknown_name_and_a_wrong_password_answer_alike(client, ana):
    """ACC-1: the same text, whether the account exists or not."""
    wrong = client.post("/sign-in/", {"login": "ana@example.com", "password": "not the password"})
    unknown = client.post("/sign-in/", {"login": "nobody@example.com", "password": "not the password"})
    assert wrong.status_code == unknown.status_code == 422
    assert plain(wrong) == plain(unknown)


def test_an_unknown_name_an_account_without_a_password_and_a_wrong_password_cost_one_hash_each(
    client, ana, monkeypatch
):
    """ACC-1: similar time. Hashing is what takes time, so hashing is what is counted."""
    from django.contrib.auth.hashers import MD5PasswordHasher

    make.make_person("codes.only")
    counted = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: counted.append(1) or encode(*args))
    for login in ["ana", "nobody", "codes.only"]:
        counted.clear()
        client.post("/sign-in/", {"login": login, "password": "not the password"})
        assert len(counted) == 1, login


def test_a_closed_account_answers_like_one_that_never_was(client, ana):
    """ACC-1."""
    User.objects.filter(pk=ana.pk).update(is_active=False)
    closed = client.post("/sign-in/", {"login": "ana", "password": PASSWORD})
    unknown = client.post("/sign-in/", {"login": "nobody", "password": PASSWORD})
    assert closed.status_code == 422
    assert plain(closed) == plain(unknown)


@pytest.mark.parametrize("scheme", ["raw", "bcrypt_sha256"])
def test_a_bcrypt_hash_of_an_older_platform_is_accepted_once_and_replaced(client, settings, scheme):
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.Argon2PasswordHasher",
        "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
        "django.contrib.auth.hashers.BCryptPasswordHasher",
    ]
    old = (
        bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
        if scheme == "raw"
        else make_password(PASSWORD, hasher="bcrypt_sha256")
    )
    person = make.make_person("olduser", password_hash=old)
    assert person.password.startswith("bcrypt")
    assert client.post("/sign-in/", {"login": "olduser", "password": PASSWORD}).status_code == 303
    person.refresh_from_db()
    assert person.password.startswith("argon2$")
    assert client.get("/settings/account/").status_code == 200


@pytest.mark.parametrize("after", ["/sign-out/", "/sign-out/?x=1", "//evil.example/"])
def test_nobody_is_led_out_again_or_away_after_signing_in(client, ana, after):
    answer = client.post("/sign-in/", {"login": "ana", "password": PASSWORD, "next": after})
    assert answer["Location"] == "/"


def test_guesses_at_one_account_are_slowed_down(client, ana):
    answers = [client.post("/sign-in/", {"login": "ana", "password": f"guess {n}"}).status_code for n in range(11)]
    assert answers == [422] * 10 + [429]


def test_the_right_password_is_no_guess_and_a_known_browser_is_not_locked_out(client, client_two, ana, clock):
    form = {"login": "ana", "password": PASSWORD}
    for _ in range(12):
        assert client.post("/sign-in/", form).status_code == 303
        client.post("/sign-out/")
    clock.advance(minutes=1)  # the address' own count apart
    for n in range(11):
        last = client_two.post("/sign-in/", {"login": "ana", "password": f"guess {n}"}).status_code
    assert last == 429
    assert client.post("/sign-in/", form).status_code == 303, "hers, whatever strangers try"


def test_a_new_browser_is_told_by_mail_and_a_known_one_is_not(client, client_two, ana):
    form = {"login": "ana", "password": PASSWORD}
    client.post("/sign-in/", form, headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"})
    assert make.mail_to(ana) == [], "the first browser is not news"
    client.post("/sign-out/")
    client.post("/sign-in/", form)
    assert make.mail_to(ana) == [], "it is known by its cookie"
    client_two.post("/sign-in/", form, headers={"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Safari/604.1"})
    [mail] = make.mail_to(ana)
    assert mail.subject == "New sign-in: Safari on iPhone"


def test_signing_out_takes_a_post(client, ana_client):
    assert ana_client.get("/sign-out/").status_code == 405
    answer = ana_client.post("/sign-out/")
    assert (answer.status_code, answer["Location"]) == (303, "/")
    assert ana_client.get("/settings/account/").status_code == 302
