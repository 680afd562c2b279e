"""The access matrix: every route × every kind of person × reading and sending, against what the table says."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.conf import settings as live_settings
from django.db import transaction
from django.test import Client
from django.urls import resolve, reverse

from tests.access import people as p
from tests.access.matrix import MATRIX, Row
from tests.access.people import KINDS, World
from tests.access.routes import Route, walk

DEPRECATED = "^api/"  # the unversioned twins: the same views, held by a test of their own


def routes() -> list[Route]:
    """Every route of ours; the admin's own are walked below."""
    return [r for r in walk() if not r.name.startswith("admin:") and DEPRECATED not in r.name]


@pytest.fixture
def world(db: None) -> World:
    return p.make_world()


def test_every_route_has_a_row_and_every_row_a_route():
    names = {route.name for route in routes()}
    assert names - MATRIX.keys() == set(), "add a row to tests/access/matrix.py: who may see this?"
    assert MATRIX.keys() - names == set(), "these rows name routes that are gone"


def wanted(row: Row, method: str, kind: str) -> tuple[int, ...]:
    cells = row.get if method == "get" else row.post
    cell = cells.get(kind, cells.get("*", 0))
    return cell if isinstance(cell, tuple) else (cell,)


def status(world: World, name: str, row: Row, method: str, kind: str) -> int:
    """Ask once, as one person, and undo what it did; every cell starts from the same world."""
    live_settings.LIMITS_PREFIX = f"digis:limit:{uuid4().hex}"  # not by the fixture: it lays settings upon settings
    point = transaction.savepoint()
    try:
        url = reverse(name, kwargs=row.args(world)) + row.query
        client = world.client(kind)
        answer = client.get(url) if method == "get" else client.post(url, row.data)
        return answer.status_code
    finally:
        world.clients.pop(kind, None)  # it may have signed out, or been given another session
        transaction.savepoint_rollback(point)


def walk_the_table(world: World, part: int, *, turns: int) -> list[str]:
    """Ask for every fourth row; of those who send, visitors and one in `turns` of the others, another one in each row."""
    found = []
    for number, (name, row) in list(enumerate(MATRIX.items()))[part::4]:
        for method in ("get", "post"):
            others = [kind for place, kind in enumerate(KINDS[1:]) if (number // 4 + place) % turns == 0]
            for kind in KINDS if method == "get" else (KINDS[0], *others):
                right = wanted(row, method, kind)
                got = status(world, name, row, method, kind)
                if got not in right:
                    found.append(f"{method.upper()} {name} as {kind}: {got}, the table says {right}")
    return found


@pytest.mark.parametrize("part", range(4))
def test_each_kind_of_person_gets_what_the_table_says(world: World, part: int):
    found = walk_the_table(world, part, turns=3)
    assert not found, "\n".join(found)


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(4))
def test_everybody_gets_what_the_table_says_whatever_they_send(world: World, part: int):
    found = walk_the_table(world, part, turns=1)
    assert not found, "\n".join(found)


def is_limited(view: object) -> bool:
    """Say whether a view, or what it wraps, counts its callers in the one table of limits."""
    while view is not None:
        if hasattr(view, "limit_name"):
            return True
        view = getattr(view, "__wrapped__", None)
    return False


def test_every_page_that_takes_a_form_has_a_rate_limit(world: World):
    found = []
    for name, row in MATRIX.items():
        answers = {status for cell in row.post.values() for status in (cell if isinstance(cell, tuple) else (cell,))}
        if name.startswith("api:") or answers <= {302, 401, 405}:
            continue  # only read; programs are counted by the API's own throttle
        if not is_limited(resolve(reverse(name, kwargs=row.args(world))).func):
            found.append(name)
    assert not found, f"Decorate these with @limited: {found}"


def test_sending_without_the_cross_site_token_is_refused_everywhere(world: World):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.people[p.FAN])
    found = []
    for name, row in MATRIX.items():
        if name.startswith("djstripe:") or name == "notifications:mail_events":
            continue  # signed instead
        live_settings.LIMITS_PREFIX = f"digis:limit:{uuid4().hex}"
        answer = client.post(reverse(name, kwargs=row.args(world)))
        if answer.status_code not in {403, 404, 405, 415, 401}:
            found.append(f"{name}: {answer.status_code}")
        if answer.status_code == 404 and name != "api:nothing" and not name.startswith("api:"):
            found.append(f"{name}: 404 before the token was looked at")
    assert not found, found


def test_the_unversioned_api_is_the_same_and_says_that_it_is_deprecated(fan_client: Client):
    new, old = fan_client.get("/api/v1/calls"), fan_client.get("/api/calls")
    assert (old.status_code, old.json()) == (new.status_code, new.json())
    assert old.headers["Deprecation"] == "true"
    assert "Deprecation" not in new.headers


def test_the_admin_opens_to_staff_alone(world: World):
    """ACC-5: everybody else is sent away, and staff without their second factor too."""
    names = [
        r
        for r in walk()
        if r.name.startswith("admin:") and not r.arguments and r.name not in {"admin:login", "admin:jsi18n"}
    ]
    assert len(names) > 20
    found = []
    for route in names:
        for kind in (p.ANON, p.FAN, p.CREATOR, p.STAFF):
            answer = world.client(kind).get(reverse(route.name))
            if answer.status_code == 200:
                found.append(f"{route.name} opened to {kind}")
    assert not found, found
