"""People and calls for the tests of this room, made through the services a person's clicks reach."""

from __future__ import annotations

from datetime import date
from itertools import count

from calls import services
from calls.models import Call, CallInvitation
from digis.core.idempotency import form_key
from economy import services as economy
from tests import make

BORN = date(1990, 5, 1)
_numbers = count(1)


def make_person(name: str = "fan", *, tokens: int = 0, **fields):
    """A person whose e-mail is proven and who is of age, with so many tokens."""
    person = make.make_person(f"{name}{next(_numbers)}", **({"birth_date": BORN} | fields))
    if tokens:
        give_tokens(person, tokens)
    return person


def make_creator(
    name: str = "ana", *, video: int | None = 20, voice: int | None = 12, whole: bool = False, is_available: bool = True
):
    """An approved creator with rates, who picks up."""
    person = make.make_creator(f"{name}{next(_numbers)}", birth_date=BORN)
    services.set_offering(creator=person, video_rate=video, voice_rate=voice, bill_whole_minutes=whole)
    if is_available:
        services.set_availability(creator=person, is_available=True)
    return person


def give_tokens(person, amount: int) -> None:
    """Tokens exist only by the real service."""
    economy.grant_promotional(person=person, amount=amount, key=f"test:{form_key()}", reason="test")


def ring(fan, creator, call_type: str = "video") -> CallInvitation:
    return services.ring_creator(fan=fan, creator=creator, call_type=call_type, key=form_key())


def open_call(fan, creator, call_type: str = "video") -> Call:
    """A ring that was picked up."""
    return services.accept_ring(creator=creator, invitation_id=ring(fan, creator, call_type).pk)


class Talk:
    """Two browsers in a call, without the browsers: heartbeats at chosen seconds."""

    def __init__(self, clock, call: Call) -> None:
        self.clock, self.call_id, self.zero = clock, call.pk, clock.second
        self.fan, self.creator = call.fan, call.creator
        clock.to(clock.second)  # what was arranged before took its time

    @property
    def call(self) -> Call:
        return Call.objects.select_related("fan", "creator", "invitation").get(pk=self.call_id)

    @property
    def second(self) -> float:
        return round(self.clock.second - self.zero - 0.4, 3) if self.clock.second > self.zero else 0.0

    def at(self, second: float) -> None:
        self.clock.to(self.zero + second + (0.4 if second else 0))  # so that what a test itself takes never matters

    def beat(self, *sides: str, connected: bool = True) -> Call:
        for side in sides or ("fan", "creator"):
            services.heartbeat(person=getattr(self, side), call_id=self.call_id, is_connected=connected)
        return self.call

    def until(self, second: float, *sides: str, sweep: bool = True) -> Call:
        """Both (or one) send a heartbeat every 5 s up to this second of the call, and the sweep runs as it does."""
        while self.second < second:
            self.at(min(second, self.second + 5))
            self.beat(*sides)
            if sweep and (self.second % 15 == 0 or self.second >= second):
                services.sweep_calls()
        return self.call

    def hang_up(self, side: str = "fan") -> Call:
        services.hang_up(person=getattr(self, side), call_id=self.call_id)
        return self.call
