"""Handles (ACC-4)."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts import handles, selectors, services
from accounts.errors import HandleNotAllowed, HandleTaken
from accounts.models import User
from digis.core.errors import NotFound
from tests import make

LOOKALIKES = [
    ("anafer", "ANAFER"),  # case
    ("anafer", "аnafer"),  # Cyrillic а
    ("anafer", "ａｎａｆｅｒ"),  # full width
    ("anafer", "anafér"),  # accent
    ("boole", "b00le"),  # digits
    ("lola", "1ola"),
    ("modern", "rnodern"),
    ("wave", "vvave"),
    ("scope", "ѕсоре"),  # all Cyrillic
    ("koala", "κoala"),  # Greek kappa
    ("straße", "strasse"),
]


@pytest.mark.parametrize(("one", "other"), LOOKALIKES)
def test_handles_a_person_could_confuse_are_the_same_handle(one, other):
    """ACC-4."""
    assert handles.fold(one) == handles.fold(other)


@pytest.mark.parametrize(
    ("one", "other"), [("ana.ferreira", "ana_ferreira"), ("ana", "anna"), ("lux", "lax"), ("mina", "nina")]
)
def test_handles_that_read_differently_stay_apart(one, other):
    assert handles.fold(one) != handles.fold(other)


@given(st.text(min_size=1, max_size=30))
def test_folding_twice_changes_nothing_more(text):
    once = handles.fold(text)
    assert handles.fold(once) == once


@pytest.mark.parametrize(
    "handle", ["ana", "ana.ferreira", "wet_felt", "mudlark_", "дмитрий", "さくら", "otto.l", "x" * 30]
)
def test_these_handles_are_well_formed(handle):
    assert handles.is_well_formed(handles.normalize(handle))


@pytest.mark.parametrize(
    "handle",
    [
        "an",
        "x" * 31,
        "ana ferreira",
        "ana-ferreira",
        ".ana",
        "ana..b",
        "a/b",
        "<b>",
        "ana\u202e",
        "12345",
        "аna",
        "ana\u200bb",
        "",
        "ana@x",
    ],
)
def test_these_are_not(handle):
    """ACC-4: 3 to 30, letters and digits of one alphabet, nothing that breaks an address or hides."""
    assert not handles.is_well_formed(handles.normalize(handle))


@pytest.mark.parametrize(
    "handle",
    [
        "admin",
        "ADM1N",
        "explore",
        "sign_in",
        "signin",
        "wallet",
        "digis",
        "digis.team",
        "support",
        "its.digis.support",
        "admin_",
        "real.admin",
        "thed1gis",
        "di.gis",
        "healthz",
        "аdmin",
    ],
)
def test_our_own_names_are_kept_back(handle):
    """ACC-4: routes, staff and brand, also written to look like them."""
    assert handles.is_kept_back(handles.normalize(handle))


def test_every_first_word_of_an_address_is_kept_back():
    """ACC-4: whatever route is added next is reserved with it."""
    words = {route.split("/", 1)[0] for route in all_routes()}
    plain = {word for word in words if word.replace("-", "").isalpha()}
    assert {"explore", "wallet", "calls", "settings", "sign-in", "admin", "healthz"} <= plain
    assert [word for word in plain if not handles.is_kept_back(word)] == []


def all_routes(prefix="", entries=None) -> list[str]:
    from django.urls import get_resolver

    found = []
    for entry in get_resolver().url_patterns if entries is None else entries:
        route = prefix + str(entry.pattern).lstrip("^/")
        found += all_routes(route, entry.url_patterns) if hasattr(entry, "url_patterns") else [route]
    return found


@pytest.mark.django_db
def test_the_database_holds_a_handle_once_whatever_the_case_or_script():
    """ACC-4."""
    make.make_person("scope")
    with pytest.raises(IntegrityError), transaction.atomic():
        make.make_person("SCOPE", email="other@example.com")
    with pytest.raises(IntegrityError), transaction.atomic():
        make.make_person("ѕсоре", email="third@example.com")


def rename(browser, handle):
    return browser.post("/settings/account/handle/", {"handle": handle})


@pytest.mark.django_db
def test_a_handle_is_changed_and_the_old_address_leads_to_the_new_for_30_days(ana, ana_client, clock):
    """ACC-4."""
    assert rename(ana_client, "@Ana.Ferreira").status_code == 303
    assert selectors.resolve_handle("ana.ferreira") == (User.objects.get(pk=ana.pk), None)
    assert selectors.resolve_handle("ana")[1] == "ana.ferreira"
    assert selectors.resolve_handle("ANA.Ferreira")[1] == "ana.ferreira"
    clock.advance(days=30, minutes=1)
    with pytest.raises(NotFound):
        selectors.resolve_handle("ana")


@pytest.mark.django_db
def test_a_handle_changes_once_in_30_days(ana_client, clock):
    """ACC-4."""
    rename(ana_client, "ana.one")
    answer = rename(ana_client, "ana.two")
    assert answer.status_code == 422
    assert "once in 30 days" in answer.content.decode()
    clock.advance(days=30, minutes=1)
    assert rename(ana_client, "ana.two").status_code == 303


@pytest.mark.django_db
def test_a_handle_given_up_is_held_for_its_owner_and_free_after(ana, ana_client, fan, clock):
    """ACC-4."""
    rename(ana_client, "ana.ferreira")
    for impostor in ["ana", "ANA", "аna"]:
        with pytest.raises((HandleTaken, HandleNotAllowed)):
            services.rename_handle(person=fan, handle=impostor)
    clock.advance(days=31)
    assert services.rename_handle(person=fan, handle="ana").username == "ana"


@pytest.mark.django_db
def test_a_taken_handle_is_refused_with_free_ones_beside_it(ana_client):
    make.make_person("potter")
    answer = rename(ana_client, "p0tter")
    assert answer.status_code == 422
    assert "Free:" in answer.content.decode()


@pytest.mark.django_db
def test_keeping_the_handle_changes_nothing_and_costs_no_turn(ana, ana_client):
    assert rename(ana_client, "ana").status_code == 303
    assert rename(ana_client, "ana.ferreira").status_code == 303
