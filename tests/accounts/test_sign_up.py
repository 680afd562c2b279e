"""Signing up, with a password and without."""

from __future__ import annotations

import pytest

from accounts.models import User
from accounts.signals import person_verified
from tests import make

pytestmark = pytest.mark.django_db

FORM = {
    "email": "Ana@Example.com",
    "display_name": "Ana Ferreira",
    "handle": "ana.ferreira",
    "birth_date": "1990-05-17",
    "accepts_terms": "on",
}


def test_signing_up_with_a_password_signs_in_and_mails_a_code_that_opens_spending(client):
    heard = []
    person_verified.connect(lambda person, **_: heard.append(person.username), weak=False, dispatch_uid="test")
    try:
        answer = client.post("/sign-up/", {**FORM, "password": "seven green bottles"})
        assert (answer.status_code, answer["Location"]) == (303, "/verify/?next=%2Fwelcome%2F")
        person = User.objects.get(username="ana.ferreira")
        assert person.email == "ana@example.com"
        assert not person.is_email_verified
        assert person.terms_accepted_at is not None
        assert heard == []
        answer = client.post("/verify/", {"code": make.code_in(make.mail_to(person)[-1]), "next": "/welcome/"})
        assert (answer.status_code, answer["Location"]) == (303, "/welcome/")
        person.refresh_from_db()
        assert person.is_email_verified
        assert heard == ["ana.ferreira"]
    finally:
        person_verified.disconnect(dispatch_uid="test")


def test_signing_up_without_a_password_signs_in_by_the_mailed_code_which_also_proves_the_address(client):
    answer = client.post("/sign-up/", FORM)
    assert (answer.status_code, answer["Location"]) == (303, "/sign-in/code/enter/")
    person = User.objects.get(username="ana.ferreira")
    assert "_auth_user_id" not in client.session
    answer = client.post("/sign-in/code/enter/", {"code": make.code_in(make.mail_to(person)[-1])})
    assert (answer.status_code, answer["Location"]) == (303, "/welcome/")
    person.refresh_from_db()
    assert person.is_email_verified
    assert not person.has_usable_password()
    assert client.get("/welcome/").status_code == 200


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"birth_date": "2015-01-01"}, "birth_date", "13 or older"),
        ({"birth_date": "1815-01-01"}, "birth_date", "Check the year"),
        ({"accepts_terms": ""}, "accepts_terms", "Accept the terms"),
        ({"handle": "admin"}, "handle", "taken"),
        ({"handle": "a"}, "handle", "3 to 30"),
        ({"password": "short"}, "password", "at least 10"),
        ({"password": "ana.ferreira"}, "password", "too similar"),
        ({"email": "nonsense"}, "email", "valid"),
    ],
)
def test_what_cannot_be_used_is_said_at_its_field_and_the_rest_is_kept(client, change, field, words):
    answer = client.post("/sign-up/", {**FORM, **change})
    assert answer.status_code == 422
    assert words in str(answer.context["form"].errors[field])
    assert not User.objects.exists()
    assert "Ana Ferreira" in answer.content.decode()


def test_a_taken_address_or_handle_is_refused_and_free_handles_are_offered(client):
    make.make_person("ana.ferreira", email="ana@example.com")
    answer = client.post("/sign-up/", FORM)
    assert "already has an account" in str(answer.context["form"].errors["email"])
    answer = client.post("/sign-up/", {**FORM, "email": "other@example.com"})
    words = str(answer.context["form"].errors["handle"])
    assert "is taken" in words
    assert "ana_ferreira" in words


def test_whoever_proves_an_address_takes_the_account_from_whoever_only_typed_it(client, client_two):
    """A stranger who signs up with somebody's address keeps neither password nor session once the owner comes (ACC-1)."""
    client.post("/sign-up/", {**FORM, "password": "the strangers password"})
    assert client.get("/welcome/").status_code == 200
    client_two.post("/sign-in/code/", {"email": "ana@example.com"})
    client_two.post("/sign-in/code/enter/", {"code": make.code_in(make.mail_to("ana@example.com")[-1])})
    person = User.objects.get(username="ana.ferreira")
    assert person.is_email_verified
    assert not person.has_usable_password()
    assert client_two.get("/welcome/").status_code == 200
    assert client.get("/welcome/").status_code == 302, "the stranger is signed out"
