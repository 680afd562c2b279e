"""The people and things the access matrix is walked with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from calls import services as calls
from calls.models import Call, CallInvitation
from digis.core.idempotency import form_key
from tests import make
from tests.calls import cast

ANON, UNVERIFIED, FAN, OTHER, CREATOR, STAFF, ADMIN = "anon", "unverified", "fan", "other", "creator", "staff", "admin"
KINDS = (ANON, UNVERIFIED, FAN, OTHER, CREATOR, STAFF, ADMIN)


@dataclass
class World:
    """Everybody, and one of each thing a route may name. `fan` and `creator` own what has owners."""

    people: dict[str, Any] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    things: dict[str, Any] = field(default_factory=dict)

    def client(self, kind: str) -> Client:
        """Return a browser of this kind of person, signed in where the kind says so."""
        if kind not in self.clients:
            client = Client(raise_request_exception=True)
            if kind in self.people:
                client.force_login(self.people[kind])
            self.clients[kind] = client
        return self.clients[kind]


def make_world() -> World:
    """Make the cast: a fan with tokens and a past call, a creator, an outsider, somebody unproven, and staff."""
    fan = cast.make_person("matrix", tokens=5_000)
    creator = cast.make_creator("maker", video=20, voice=10)
    people = {
        UNVERIFIED: make.make_person("unproven", verified=False, birth_date=cast.BORN),
        FAN: fan,
        OTHER: cast.make_person("outsider", tokens=5_000),
        CREATOR: creator,
        STAFF: make.make_staff("deskhand"),
        ADMIN: make.make_staff("boss", is_superuser=True),
    }
    return World(people=people, things={"person": creator, "handle": creator.username})


def ring(world: World) -> CallInvitation:
    """A pending ring of the fan at the creator."""
    found = CallInvitation.objects.filter(fan=world.people[FAN], status="pending").first()
    return found or calls.ring_creator(
        fan=world.people[FAN], creator=world.people[CREATOR], call_type="video", key=form_key()
    )


def running_call(world: World) -> Call:
    """A call of the fan with the creator that runs."""
    found = Call.objects.filter(fan=world.people[FAN]).exclude(status="ended").first()
    return found or calls.accept_ring(creator=world.people[CREATOR], invitation_id=ring(world).pk)


def ended_call(world: World) -> Call:
    """A call of theirs that is over."""
    call = running_call(world)
    calls.hang_up(person=world.people[FAN], call_id=call.pk)
    call.refresh_from_db()
    return call
