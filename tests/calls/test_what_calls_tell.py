"""What people are told about calls: a ring that expires, what was missed, and the bill."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts import services as accounts
from calls import services
from notifications import services as notifications
from notifications.models import Delivery, Notification
from tests import make
from tests.calls import cast
from tests.notifications.inbox import lines, push_device

pytestmark = pytest.mark.django_db
RELAYED = ("calls.tell_missed", "notifications.deliver", "notifications.bells")


def work() -> None:
    for _ in range(3):
        make.handle_outbox(*RELAYED)


def test_a_ring_wakes_browsers_and_is_no_line_of_the_inbox(fan: Any, creator: Any):
    """NOT-4: pages that are open show the ring itself."""
    push_device(creator)
    cast.ring(fan, creator)
    told = Notification.objects.get()
    assert (told.kind, told.person, told.is_listed) == ("calls.ringing", creator, False)
    assert told.expires_at is not None
    assert (told.expires_at - told.created_at).total_seconds() == 30
    assert list(told.deliveries.values_list("channel", flat=True)) == ["push"]
    assert lines(creator) == []


def test_a_ring_nobody_answers_becomes_a_missed_call(fan: Any, creator: Any, clock: Any):
    """NOT-4: the push that is late is dropped; the missed call replaces it under the same tag."""
    push_device(creator)
    cast.ring(fan, creator)
    clock.forward(31)
    services.expire_due_rings()
    work()
    assert lines(creator) == [f"You missed a call from {fan.display_name}"]
    ring = Delivery.objects.get(notification__kind="calls.ringing")
    assert ring.status == "dropped"
    assert ring.reason in {"late", "withdrawn"}
    tags = set(Notification.objects.values_list("data__tag", flat=True))
    assert len(tags) == 1
    assert lines(fan) == []


def test_a_ring_given_up_by_the_fan_was_missed_too(fan: Any, creator: Any):
    ring = cast.ring(fan, creator)
    services.cancel_ring(fan=fan, invitation_id=ring.pk)
    assert lines(creator) == [f"You missed a call from {fan.display_name}"]


def test_a_declined_ring_tells_the_fan_that_it_was_free(fan: Any, creator: Any):
    ring = cast.ring(fan, creator)
    services.decline_ring(creator=creator, invitation_id=ring.pk)
    assert lines(fan) == [f"{creator.display_name} could not take your call"]
    assert lines(creator) == []


def test_both_sides_get_their_bill_and_keep_it_after_a_block(talk: Any, fan: Any, creator: Any):
    """NOT-5, MOD-1: a receipt stays when the people part."""
    talk.until(90)
    talk.beat()
    call = talk.hang_up()
    length = f"01:{call.billed_seconds - 60:02d}"
    assert lines(fan) == [f"Call with {creator.display_name}, {length}"]
    assert lines(creator) == [f"Call with {fan.display_name}, {length}"]
    bodies = {row.person_id: row.data["tokens"] for row in Notification.objects.filter(kind="calls.receipt")}
    assert bodies == {fan.pk: call.charged_tokens, creator.pk: call.charged_tokens - call.fee_tokens}
    accounts.block(blocker=fan, blocked=creator)
    assert len(lines(fan)) == len(lines(creator)) == 1


def test_a_call_that_never_connected_has_no_bill(talk: Any, fan: Any, creator: Any):
    talk.at(61)
    services.sweep_calls()
    assert not Notification.objects.filter(kind="calls.receipt").exists()


def test_who_rings_the_bell_at_everything_hears_that_a_creator_picks_up(clock: Any, fan: Any):
    """The bell "all"; at most once in four hours, however often the switch is pressed."""
    creator = cast.make_creator(is_available=False)
    quiet = cast.make_person("quiet")
    for person in (fan, quiet):
        accounts.follow(follower=person, followed=creator)
    notifications.set_bell(person=fan, creator=creator, level="all")
    for is_available in (True, False, True):
        services.set_availability(creator=creator, is_available=is_available)
    work()
    assert lines(fan) == [f"{creator.display_name} started to pick up calls"]
    assert lines(quiet) == []
    clock.forward(5 * 3_600)
    services.set_availability(creator=creator, is_available=False)
    services.set_availability(creator=creator, is_available=True)
    work()
    assert Notification.objects.filter(kind="calls.available", person=fan).count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_tabs_of_a_creator_hear_of_a_missed_call(heard: Any, clock: Any):
    """notification.new and notification.count, after the commit of the delivery."""
    fan, creator = cast.make_person("fan", tokens=1_000), cast.make_creator()
    services.cancel_ring(fan=fan, invitation_id=cast.ring(fan, creator).pk)
    assert heard(creator, "notification.new") == []
    work()
    [arrived] = heard(creator, "notification.new")
    assert "You missed a call from" in arrived["html"]
    assert arrived["data"]["kind"] == "calls.missed"
    [counted] = heard(creator, "notification.count")
    assert counted["data"]["unread"] == 1
    assert json.dumps(counted["html"]).count("bell-count") == 1
    assert heard(fan, "notification.new") == []
