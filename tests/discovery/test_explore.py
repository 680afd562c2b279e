"""Explore: facets in the address, honest counts, more by a link, and a fixed number of queries."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import services as accounts
from accounts.models import Category
from tests import make
from tests.discovery.makers import make_listed

pytestmark = pytest.mark.django_db


def names(html: str) -> list[str]:
    return re.findall(r'class="creator-card-name"><a [^>]*>([^<]+)</a>', html)


def read(client: Client, address: str, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def three() -> None:
    Category.objects.create(slug="craft", name="Craft")
    Category.objects.create(slug="music", name="Music", position=1)
    make_listed("cheap", categories=["craft"], video=10, voice=None, languages=["pt", "en"])
    make_listed("middle", categories=["craft", "music"], video=50, voice=30, languages=["en"], online=True)
    make_listed("dear", categories=["music"], video=90, voice=None, languages=["fr"])


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("/explore/", {"Cheap", "Middle", "Dear"}),
        ("/explore/craft/", {"Cheap", "Middle"}),
        ("/explore/?speaks=fr", {"Dear"}),
        ("/explore/?now=on", {"Middle"}),
        ("/explore/?most=30", {"Cheap", "Middle"}),
        ("/explore/?least=30&most=89", {"Middle"}),
        ("/explore/music/?speaks=en&now=on", {"Middle"}),
        ("/explore/?most=nonsense&sort=nothing&now=", {"Cheap", "Middle", "Dear"}),
    ],
)
def test_facets_in_the_address_narrow_the_list(three: None, client: Client, address: str, found: set[str]):
    html = read(client, address)
    assert set(names(html)) == found
    assert f"{len(found)} {'person' if len(found) == 1 else 'people'}" in html


def test_orders(three: None, client: Client):
    assert names(read(client, "/explore/"))[0] == "Middle"  # picks up now
    assert names(read(client, "/explore/?sort=price")) == ["Cheap", "Middle", "Dear"]
    assert names(read(client, "/explore/?sort=new")) == ["Dear", "Middle", "Cheap"]
    fan = make.make_person("fan")
    from accounts.models import User

    accounts.follow(follower=fan, followed=User.objects.get(username="dear"))
    assert names(read(client, "/explore/?sort=followed"))[0] == "Dear"


def test_each_facet_in_force_is_a_chip_that_drops_it(three: None, client: Client):
    html = read(client, "/explore/craft/?most=30&speaks=en")
    assert 'href="/explore/craft/?speaks=en" aria-label="Remove filter: Up to 30 a minute"' in html
    assert 'href="/explore/craft/?most=30" aria-label="Remove filter: English"' in html


def test_nobody_matching_and_nobody_yet_are_told_apart(client: Client):
    assert "No creators yet" in read(client, "/explore/")
    Category.objects.create(slug="craft", name="Craft")
    make_listed("only")
    assert "Nobody here yet" in read(client, "/explore/craft/")
    html = read(client, "/explore/?most=1")
    assert "Nobody matches all of this" in html
    assert 'href="/explore/"' in html


def test_an_unknown_category_is_not_there(client: Client):
    assert client.get("/explore/nothing/").status_code == 404


def test_load_more_is_a_link_that_walks_through_everybody_once(client: Client):
    for number in range(30):
        make_listed(f"creator{number:02d}", name=f"Creator {number:02d}", video=number + 1, voice=None)
    html = read(client, "/explore/?sort=price")
    first = names(html)
    assert len(first) == 24
    link = re.search(r'href="([^"]*cursor=[^"]*)" rel="next"', html)
    assert link
    rest = names(read(client, link[1].replace("&amp;", "&")))
    assert first + rest == [f"Creator {number:02d}" for number in range(30)]


def test_htmx_gets_the_items_alone_and_a_reload_gets_the_page(three: None, client: Client):
    part = read(client, "/explore/?sort=price", **{"HX-Request": "true"})
    assert "<html" not in part
    assert names(part) == ["Cheap", "Middle", "Dear"]
    results = read(client, "/explore/?most=30", **{"HX-Request": "true", "HX-Target": "results"})
    assert 'id="results"' in results
    assert "<html" not in results
    assert "HX-Request" in client.get("/explore/")["Vary"]


def test_a_cursor_of_another_order_is_refused_in_words(three: None, client: Client):
    answer = client.get("/explore/?cursor=nonsense")
    assert answer.status_code == 422
    assert "Start again from the top" in answer.content.decode()


@pytest.mark.parametrize(
    "address", ["/", "/explore/", "/explore/craft/?speaks=en", "/search/?q=creator", "/@creator00/"]
)
@pytest.mark.parametrize("signed_in", [False, True])
def test_a_page_costs_the_same_queries_whatever_the_number_of_rows(address: str, signed_in: bool):  # noqa: FBT001
    Category.objects.create(slug="craft", name="Craft")
    client = Client()
    fan: Any = make.make_person("fan")
    if signed_in:
        client.force_login(fan)

    def grow(first: int, last: int) -> None:
        for number in range(first, last):
            person = make_listed(f"creator{number:02d}", categories=["craft"], languages=["en"], online=number % 2 == 0)
            accounts.follow(follower=fan, followed=person)

    def cost() -> int:
        client.get(address)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    grow(0, 6)
    few = cost()
    grow(6, 11)
    assert cost() == few
