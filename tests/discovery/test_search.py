"""Search forgives typing mistakes, accents, case and width; handles and tags are exact (DISC-4)."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Category
from tests.discovery.makers import make_listed
from tests.discovery.test_explore import names

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _people() -> None:
    Category.objects.create(slug="food-plants", name="Food & plants")
    make_listed("lucia", name="Lucía Ortega", headline="Illustrator, portfolio reviews", location="Valencia")
    make_listed("otto.lind", name="Otto Lindqvist", headline="Builds and repairs guitars", location="Gothenburg")
    make_listed(
        "jules", name="Jules Moreau", headline="Clinic for sulking plants", categories=["food-plants"], location="Lyon"
    )


def search(client: Client, query: str) -> list[str]:
    answer = client.get("/search/", {"q": query})
    assert answer.status_code == 200
    html = answer.content.decode()
    return [] if "Nobody found" in html else names(html)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("lucia", "Lucía Ortega"),
        ("LUCÍA ORTEGA", "Lucía Ortega"),
        ("luzia ortega", "Lucía Ortega"),
        ("lucai", "Lucía Ortega"),
        ("ｌｕｃｉａ", "Lucía Ortega"),
        ("otega", "Lucía Ortega"),
        ("guitar", "Otto Lindqvist"),
        ("gitars", "Otto Lindqvist"),
        ("lindkvist", "Otto Lindqvist"),
        ("illustrater", "Lucía Ortega"),
        ("gothenburg", "Otto Lindqvist"),
        ("food", "Jules Moreau"),
        ('"sulking plants"', "Jules Moreau"),
        ("#food-plants", "Jules Moreau"),
        ("@ott", "Otto Lindqvist"),
        ("@OTTO", "Otto Lindqvist"),
    ],
)
def test_it_finds(client: Client, query: str, first: str):
    """DISC-4"""
    assert search(client, query)[:1] == [first]


@pytest.mark.parametrize(
    "query", ["@indqvist", "#plants", '"plants sulking"', "xylophonist quartet", "%", "'; DROP TABLE accounts_user; --"]
)
def test_it_does_not_find(client: Client, query: str):
    """DISC-4"""
    assert search(client, query) == []


@pytest.mark.parametrize(
    "query", ["", "   ", "@", "#", '""', "a" * 5000, "ana \ud83d".encode("utf-8", "replace").decode()]
)
def test_odd_queries_are_answered(client: Client, query: str):
    """DISC-4: the length is capped, nothing breaks."""
    assert client.get("/search/", {"q": query}).status_code == 200


def test_nobody_found_gives_suggestions(client: Client):
    """DISC-4"""
    html = client.get("/search/?q=xylophonist").content.decode()
    assert "Nobody found" in html
    assert "People worth a look" in html
    assert "Food &amp; plants" in html


def test_a_query_is_shown_escaped(client: Client):
    html = client.get("/search/", {"q": "<script>alert(1)</script>"}).content.decode()
    assert "<script>alert" not in html
