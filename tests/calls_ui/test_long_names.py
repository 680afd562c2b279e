"""A name of 80 characters without a space widens no page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser

from accounts import services as accounts
from accounts.models import User
from calls import services
from digis.core.idempotency import form_key
from economy.models import LedgerTransaction
from economy.services.past import record_past_purchase
from tests.access.looking import SIDEWAYS
from tests.calls import cast
from tests.chromium import PHONE, browsers
from tests.look.rooms import room

LONG = "Maximilianabartholomeusevangelinaschwarzenbergerhohenzollernsigmaringenfeldstein"


@pytest.fixture(autouse=True)
def _orm_beside_the_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def browser() -> Iterator[Browser]:
    with browsers() as (one,):
        yield one
        connections.close_all()


@pytest.fixture
def people(transactional_db: None) -> tuple[User, User]:
    fan, creator = cast.make_person("fan"), cast.make_creator()
    for person in (fan, creator):
        person.display_name = LONG
        person.save(update_fields=["display_name"])
    record_past_purchase(person=fan, tokens=500, bonus=0, minor=2_500, currency="usd", key="past")
    cast.give_tokens(fan, 30)
    return fan, creator


def pages_of(person: User, *names: tuple[str, Any]) -> dict[str, str]:
    """Render pages as a person sees them."""
    client = Client()
    client.force_login(person)
    found = {}
    for name, argument in names:
        path = reverse(name, args=[argument] if argument else [])
        answer = client.get(path)
        assert answer.status_code == 200, path
        found[f"{path}?{person.pk}"] = answer.content.decode()
    return found


def test_a_long_name_does_not_widen_a_page(people: tuple[User, User], browser: Browser):
    """A11Y-4: at 390 px, before, during and after a call, for both."""
    fan, creator = people
    assert len(LONG) == 80
    pages = pages_of(fan, ("calls:prepare", creator.username))
    ring = services.ring_creator(fan=fan, creator=creator, call_type="video", key=form_key(), message=LONG * 2)
    pages |= pages_of(fan, ("calls:ring", ring.pk)) | pages_of(creator, ("calls:ring", ring.pk))
    call = services.accept_ring(creator=creator, invitation_id=ring.pk)
    for person in people:
        services.heartbeat(person=person, call_id=call.pk)
        pages |= pages_of(person, ("calls:room", call.pk))
    pages |= pages_of(fan, ("economy:wallet", None))  # with what is held for the call
    cast.Call.objects.filter(pk=call.pk).update(billable_us=70_000_000)
    services.hang_up(person=fan, call_id=call.pk)
    paid = LedgerTransaction.objects.get(source_id=str(call.pk), type="deduction", is_first=True)
    for person in people:
        pages |= pages_of(person, ("calls:summary", call.pk), ("calls:history", None))
    pages |= pages_of(creator, ("calls:studio_calls", None), ("calls:studio_rates", None), ("discovery:studio", None))
    accounts.follow(follower=fan, followed=creator)
    notifications = ("notifications:list", None)
    found_in = [("discovery:home", None), ("discovery:explore", None), ("discovery:creator", creator.username)]
    for person in people:
        pages |= pages_of(
            person, *found_in, notifications, ("accounts:settings_profile", None), ("accounts:welcome", None)
        )
    pages |= pages_of(fan, ("economy:tip", creator.username), ("economy:give", None), ("economy:invite", None))
    pages |= pages_of(fan, ("economy:history", None), ("economy:receipt", paid.pk), ("economy:buy", None))
    found = []
    with room(browser, scripts=False) as here:
        here.page.set_viewport_size(PHONE)
        for path, html in pages.items():
            here.show_html(path, html)
            found += [f"{path}: {fault}" for fault in here.page.evaluate(SIDEWAYS)]
    assert not found, "\n".join(found)
