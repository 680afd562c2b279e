"""Online, last seen, in a call, typing: who sees it, when it is told, and that it becomes true again by itself."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts import selectors, services, tasks
from accounts.models import Presence
from accounts.selectors import LastSeen, Shown
from calls.selectors import can_call
from digis.core.realtime import publish
from digis.core.realtime.topics import find_topic, presence_hooks
from tests import make

pytestmark = pytest.mark.django_db
NOTHING = Shown()
SWITCHES = ("shows_online", "shows_last_seen", "shows_in_call", "shows_typing")


def choose(person: Any, **switches: bool) -> None:
    chosen = dict.fromkeys(SWITCHES, True) | switches
    services.save_privacy(person=person, is_listed=True, **chosen)


def shown(viewer: Any, person: Any) -> Shown:
    return selectors.presence_of(viewer, [person])[person.pk]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Frames of presence that go to the hub, in order, as if each act committed by itself."""
    frames: list[dict[str, Any]] = []

    def keep(header: dict[str, Any], frame: dict[str, Any] | None, *, kind: str) -> None:
        if header.get("t", "").startswith("presence:") and frame is not None:
            frames.append(frame)

    monkeypatch.setattr(publish, "_publish", keep)
    monkeypatch.setattr("django.db.transaction.on_commit", lambda act, **_: act())
    return frames


# ── What is seen ────────────────────────────────────────────────────────────────────────────


def test_here_means_heard_on_a_socket_within_a_minute(fan, stranger, clock, settings):
    """DISC-2: a crash of everything corrects itself, since nobody has to say that somebody left."""
    assert shown(stranger, fan) == NOTHING
    for hook in presence_hooks:
        hook(fan)
    assert shown(stranger, fan).is_online
    clock.advance(seconds=settings.ONLINE_SECONDS - 1)
    assert shown(stranger, fan).is_online
    clock.advance(seconds=2)
    assert shown(stranger, fan) == Shown(last_seen=LastSeen("hours", 0))


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (0.5, "Last seen within the hour"),
        (1.9, "Last seen 1 hour ago"),
        (23.5, "Last seen 23 hours ago"),
        (25, "Last seen 1 day ago"),
        (24 * 29.9, "Last seen 29 days ago"),
        (24 * 30.1, "None"),
    ],
)
def test_last_seen_is_said_in_whole_hours_and_days_and_forgotten_after_thirty(fan, stranger, clock, hours, said):
    services.note_presence(user=fan)
    clock.advance(hours=hours)
    assert str(shown(stranger, fan).last_seen) == said


@pytest.mark.parametrize("hidden", ["person", "viewer"])
def test_whoever_hides_being_online_is_not_seen_and_does_not_see(fan, stranger, hidden):
    services.note_presence(user=fan)
    services.note_presence(user=stranger)
    choose(fan if hidden == "person" else stranger, shows_online=False)
    assert not shown(stranger, fan).is_online
    assert not shown(fan, stranger).is_online
    assert shown(stranger, fan).last_seen == LastSeen("hours", 0), "the other switches stand"


@pytest.mark.parametrize("hidden", ["person", "viewer"])
def test_whoever_hides_when_they_were_here_does_not_see_it_of_others(fan, stranger, clock, hidden):
    services.note_presence(user=fan)
    choose(fan if hidden == "person" else stranger, shows_last_seen=False)
    assert shown(stranger, fan).is_online
    clock.advance(hours=2)
    assert shown(stranger, fan) == NOTHING


@pytest.mark.parametrize("hidden", ["person", "viewer", ""])
def test_whoever_hides_being_in_a_call_does_not_see_it_of_others(fan, stranger, creator, hidden):
    from calls import services as calls

    calls.set_offering(creator=creator, video_rate=20, voice_rate=None)
    calls.set_availability(creator=creator, is_available=True)
    make.grant_tokens(fan, 500)
    ring = calls.ring_creator(fan=fan, creator=creator, call_type="video", key=uuid4().hex)
    calls.accept_ring(creator=creator, invitation_id=ring.pk)
    if hidden:
        choose({"person": creator, "viewer": stranger}[hidden], shows_in_call=False)
    assert shown(stranger, creator).is_in_call is not bool(hidden)
    assert shown(AnonymousUser(), creator).is_in_call is (hidden != "person")
    refusal = can_call(stranger, creator)
    assert refusal is not None
    assert ("is in a call" in refusal.sentence) is not bool(hidden)


def test_typing_is_told_by_and_to_those_who_show_it(fan):
    assert selectors.may_show_typing(fan)
    assert selectors.may_see_typing(fan)
    choose(fan, shows_typing=False)
    assert not selectors.may_show_typing(fan)
    assert not selectors.may_see_typing(fan)


def test_blocked_suspended_and_closed_people_show_nothing(fan, stranger, moderator, creator):
    """MOD-1, DISC-1."""
    for person in (fan, creator):
        services.note_presence(user=person)
    services.block(blocker=fan, blocked=stranger)
    services.suspend(person=creator, staff=moderator, reason="Spam")
    assert selectors.presence_of(stranger, [fan, creator.pk]) == {fan.pk: NOTHING, creator.pk: NOTHING}
    services.note_presence(user=stranger)
    assert shown(fan, stranger) == NOTHING


def test_many_people_cost_one_query(fan, django_assert_num_queries):
    people = [make.make_person() for _ in range(5)]
    for person in people[:3]:
        services.note_presence(user=person)
    with django_assert_num_queries(1):
        found = selectors.presence_of(fan, people)
    assert [found[person.pk].is_online for person in people] == [True, True, True, False, False]


def test_programs_are_told_no_more_than_pages(fan, stranger, clock):
    services.note_presence(user=fan)
    clock.advance(hours=3)
    assert shown(stranger, fan).data() == {
        "is_online": False,
        "is_in_call": False,
        "last_seen": {"unit": "hours", "count": 3},
    }


# ── When it is told ─────────────────────────────────────────────────────────────────────────


def test_coming_and_leaving_are_told_once_each_and_a_reload_between_is_not(fan, told, clock):
    def now(act: Any) -> list[bool]:
        told.clear()
        act()
        return [frame["data"]["is_online"] for frame in told]

    assert now(lambda: services.note_presence(user=fan)) == [True]
    clock.advance(seconds=15)
    assert now(lambda: services.note_presence(user=fan)) == []
    clock.advance(seconds=30)  # the tab was closed and opened again: no news
    assert now(tasks.settle_presence) == []
    assert now(lambda: services.note_presence(user=fan)) == []
    clock.advance(seconds=61)
    assert now(tasks.settle_presence) == [False]
    assert now(tasks.settle_presence) == []
    assert now(lambda: services.note_presence(user=fan)) == [True]


def test_who_returns_before_anybody_said_that_they_left_is_told_of_again(fan, told, clock):
    """A page loaded in between shows them away: it needs the news."""
    services.note_presence(user=fan)
    clock.advance(seconds=61)
    told.clear()
    services.note_presence(user=fan)
    assert [frame["data"]["is_online"] for frame in told] == [True]


def test_a_heartbeat_of_somebody_who_is_here_is_one_statement(fan, django_assert_num_queries):
    services.note_presence(user=fan)
    with django_assert_num_queries(1):
        services.note_presence(user=fan)
    assert Presence.objects.count() == 1


def test_many_who_leave_at_once_are_settled_in_bounded_steps(fan, told, clock, monkeypatch):
    monkeypatch.setattr("accounts.services.presence.AT_ONCE", 2)
    people = [make.make_person() for _ in range(5)]
    for person in people:
        services.note_presence(user=person)
    clock.advance(seconds=61)
    assert services.settle_presence() == 5
    assert not Presence.objects.filter(is_announced=True).exists()


def test_a_switch_is_told_to_open_pages_at_once(fan, told):
    services.note_presence(user=fan)
    choose(fan, shows_online=False, shows_last_seen=False)
    assert told[-1]["topic"] == f"presence:{fan.pk}"
    assert told[-1]["data"] == {"person": str(fan.pk), **NOTHING.data()}


def test_a_creators_frame_carries_the_tags_of_the_cards(creator, told):
    """DISC-2: what the socket sends is what the page draws."""
    from calls import services as calls

    calls.set_offering(creator=creator, video_rate=20, voice_rate=None)
    services.note_presence(user=creator)
    calls.set_availability(creator=creator, is_available=True)
    assert f'id="status-list-{creator.pk}"' in told[-1]["html"]
    assert told[-1]["html"].count("Picks up now") == 6
    calls.set_availability(creator=creator, is_available=False)
    assert "Here now, not taking calls" in told[-1]["html"]


# ── Who may listen ──────────────────────────────────────────────────────────────────────────


def test_the_topic_opens_to_those_who_may_see_the_person_and_hide_nothing(fan, stranger, creator, moderator):
    """MOD-1: and a block closes it at once."""
    found = find_topic(f"presence:{creator.pk}")
    assert found is not None
    topic, topic_id = found
    assert topic.authorize(fan, topic_id)
    choose(fan, shows_in_call=False)
    assert not topic.authorize(fan, topic_id), "whoever hides a kind asks instead of listening"
    services.block(blocker=creator, blocked=stranger)
    assert not topic.authorize(stranger, topic_id)
    other = make.make_person()
    services.suspend(person=creator, staff=moderator, reason="Spam")
    assert not topic.authorize(other, topic_id)


def test_a_block_takes_both_sides_off_each_others_topic(fan, creator, monkeypatch, django_capture_on_commit_callbacks):
    """MOD-1."""
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr(publish, "_publish", lambda header, *_a, **_k: sent.append((header.get("t"), header.get("u"))))
    with django_capture_on_commit_callbacks(execute=True):
        services.block(blocker=fan, blocked=creator)
    assert (f"presence:{creator.pk}", str(fan.pk)) in sent
    assert (f"presence:{fan.pk}", str(creator.pk)) in sent


# ── The page ────────────────────────────────────────────────────────────────────────────────


def test_the_privacy_page_says_that_it_works_both_ways(fan_client, creator_client):
    both = "what you hide, you do not see of others"
    shop = "everybody reads that you pick up"
    assert both in fan_client.get("/settings/privacy/").content.decode()
    assert shop not in fan_client.get("/settings/privacy/").content.decode()
    assert shop in creator_client.get("/settings/privacy/").content.decode()


def test_a_creators_page_says_when_they_were_here(fan_client, creator, clock):
    services.note_presence(user=creator)
    assert "Here now, not taking calls" in fan_client.get("/@creator/").content.decode()
    clock.advance(hours=5)
    assert "Last seen 5 hours ago" in fan_client.get("/@creator/").content.decode()
    choose(creator, shows_last_seen=False)
    assert "Last seen" not in fan_client.get("/@creator/").content.decode()


def test_the_sign_on_the_door_hangs_whatever_a_creator_hides(fan, fan_client, creator):
    """DISC-2: that an available creator picks up is business, not presence."""
    from calls import services as calls

    calls.set_offering(creator=creator, video_rate=20, voice_rate=None)
    calls.set_availability(creator=creator, is_available=True)
    services.note_presence(user=creator)
    choose(creator, **dict.fromkeys(SWITCHES, False))
    choose(fan, **dict.fromkeys(SWITCHES, False))
    assert "Picks up now" in fan_client.get("/@creator/").content.decode()
    calls.set_availability(creator=creator, is_available=False)
    page = fan_client.get("/@creator/").content.decode()
    assert "Picks up now" not in page
    assert "Here now" not in page
    assert 'data-presence="ask"' in page
