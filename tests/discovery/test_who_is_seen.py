"""One queryset decides who is found, on every surface (DISC-1), and what “online” means (DISC-2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from accounts import services as accounts
from accounts.models import Category, Presence, User
from calls import services as calls
from digis.core import clock
from discovery import selectors
from tests import make
from tests.discovery.makers import make_listed, seat_in_call

pytestmark = pytest.mark.django_db


def browser_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


SURFACES: dict[str, Callable[[Client], str]] = {
    "home": lambda client: client.get("/").content.decode(),
    "explore": lambda client: client.get("/explore/").content.decode(),
    "category": lambda client: client.get("/explore/craft/").content.decode(),
    "facets": lambda client: client.get("/explore/?most=9999&speaks=pt").content.decode(),
    "search by name": lambda client: client.get("/search/?q=Quenby+Vanterpool").content.decode(),
    "search by handle": lambda client: client.get("/search/?q=@quenby").content.decode(),
    "search by tag": lambda client: client.get("/search/?q=%23craft").content.decode(),
    "suggestions": lambda client: client.get("/search/?q=zzzzzzzzzz").content.decode(),
    "another's page": lambda client: client.get("/@neighbor/").content.decode(),
    "own page": lambda client: client.get("/@quenby/").content.decode(),
    "own page, a tab": lambda client: client.get("/@quenby/calls/").content.decode(),
}
SHOWN = 'href="/@quenby/'


@pytest.fixture
def quenby() -> User:
    Category.objects.create(slug="craft", name="Craft")
    make_listed("neighbor", name="Nell Hood", categories=["craft"], languages=["pt"])
    return make_listed("quenby", name="Quenby Vanterpool", categories=["craft"], languages=["pt"], online=True)


def test_a_creator_is_found_on_every_surface(quenby: User):
    """DISC-1: the walk itself finds people, so that its silence below means something."""
    viewer = make.make_person("viewer")
    for client in (Client(), browser_of(viewer)):
        missing = [name for name, read in SURFACES.items() if SHOWN not in read(client)]
        assert not missing


def block(viewer: User, creator: User) -> None:
    accounts.block(blocker=viewer, blocked=creator)


def be_blocked(viewer: User, creator: User) -> None:
    accounts.block(blocker=creator, blocked=viewer)


def suspend(viewer: User, creator: User) -> None:
    accounts.suspend(person=creator, staff=make.make_staff("someone"), reason="test")


def leave(viewer: User, creator: User) -> None:
    User.objects.filter(pk=creator.pk).update(is_active=False)


def lose_approval(viewer: User, creator: User) -> None:
    type(creator.creator).objects.filter(pk=creator.pk).update(approved_at=None)


@pytest.mark.parametrize("happening", [block, be_blocked, suspend, leave, lose_approval])
def test_who_may_not_be_found_vanishes_from_every_surface(quenby: User, happening: Callable[[User, User], None]):
    """DISC-1, MOD-1"""
    viewer = make.make_person("viewer")
    accounts.follow(follower=viewer, followed=quenby)
    happening(viewer, quenby)
    client = browser_of(viewer)
    shown = [name for name, read in SURFACES.items() if SHOWN in read(client)]
    assert not shown
    assert client.get("/@quenby/").status_code == 404
    assert selectors.count_by_category(viewer)[0]["people"] == 1
    if happening not in {block, be_blocked}:
        assert not [name for name, read in SURFACES.items() if SHOWN in read(Client())]


def test_an_unlisted_creator_has_a_page_but_is_not_found(quenby: User):
    """DISC-1"""
    hide(quenby, is_listed=False)
    found = {name for name, read in SURFACES.items() if SHOWN in read(Client())}
    assert found == {"own page", "own page, a tab"}


def hide(person: User, **switches: bool) -> None:
    shown = {"is_listed": True, "shows_online": True, "shows_last_seen": True, "shows_in_call": True}
    accounts.save_privacy(person=person, **{**shown, "shows_typing": True, **switches})


def status_of(creator: User) -> str:
    person = selectors.listed_creators(AnonymousUser()).get(pk=creator.pk)
    return selectors.card_of(person).status


def test_online_is_heard_and_available_and_not_in_a_call(quenby: User):
    """DISC-2"""
    assert status_of(quenby) == "free"
    Presence.objects.filter(user=quenby).update(
        last_seen_at=clock.now() - timedelta(seconds=settings.ONLINE_SECONDS - 1)
    )
    assert status_of(quenby) == "free"
    Presence.objects.filter(user=quenby).update(last_seen_at=clock.now() - timedelta(seconds=61))
    assert status_of(quenby) == "away"


def test_an_available_creator_without_heartbeat_or_a_heard_one_who_is_not_available_is_away(quenby: User):
    """DISC-2"""
    calls.set_availability(creator=quenby, is_available=False)
    assert status_of(quenby) == "away"
    calls.set_availability(creator=quenby, is_available=True)
    Presence.objects.all().delete()
    assert status_of(quenby) == "away"


def test_who_hides_being_online_is_still_open_for_calls_when_they_switched_that_on(quenby: User):
    """DISC-2: availability is a sign on the door; the privacy page says so."""
    hide(quenby, shows_online=False)
    assert status_of(quenby) == "free"
    calls.set_availability(creator=quenby, is_available=False)
    assert status_of(quenby) == "away"


def test_who_hides_being_in_a_call_is_away_and_sorted_like_it(quenby: User):
    """DISC-2"""
    fan = make.make_person("caller")
    make.grant_tokens(fan, 500)
    seat_in_call(fan=fan, creator=quenby)
    hide(quenby, shows_in_call=False)
    assert status_of(quenby) == "away"
    assert selectors.listed_creators(AnonymousUser()).get(pk=quenby.pk).readiness == 0
    assert "is in a call" not in Client().get("/@quenby/").content.decode()


def test_somebody_in_a_call_is_shown_as_in_a_call(quenby: User):
    """DISC-2"""
    fan = make.make_person("caller")
    make.grant_tokens(fan, 500)
    seat_in_call(fan=fan, creator=quenby)
    assert status_of(quenby) == "busy"
    page = Client().get("/@quenby/").content.decode()
    assert "In a call" in page
    assert "is in a call. This page shows when they are free." in page
    assert "Quenby" not in Client().get("/explore/?now=on").content.decode()


def test_the_call_button_says_why_it_does_not_call(quenby: User):
    viewer = make.make_person("viewer")
    client = browser_of(viewer)
    assert "/calls/with/quenby/" in client.get("/@quenby/").content.decode()
    Presence.objects.all().delete()
    page = client.get("/@quenby/").content.decode()
    assert "is away. This page shows when they pick up again." in page
    assert 'aria-disabled="true"' in page
    assert "/calls/with/quenby/" not in page


def test_a_creator_before_approval_sees_their_own_page_and_nobody_else_does(quenby: User, client: Client):
    """ACC-6"""
    lose_approval(quenby, quenby)
    own = browser_of(quenby).get("/@quenby/")
    assert own.status_code == 200
    assert "Only you see this page" in own.content.decode()
    assert client.get("/@quenby/").status_code == 404


def test_people_who_are_not_creators_have_no_page(client: Client, fan: Any):
    assert client.get("/@fan/").status_code == 404


def test_a_former_handle_leads_to_the_page(quenby: User, client: Client):
    """ACC-4"""
    accounts.rename_handle(person=quenby, handle="quenby.new")
    answer = client.get("/@quenby/about/")
    assert answer.status_code == 302
    assert answer["Location"] == "/@quenby.new/about/"
    assert client.get("/@QUENBY.NEW/")["Location"] == "/@quenby.new/"
