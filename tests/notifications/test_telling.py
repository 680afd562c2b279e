"""Telling: one row per event and person, one more per channel, and never what one did oneself."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from accounts import services as accounts
from notifications import kinds, selectors, services
from notifications.errors import CannotMute
from notifications.models import Delivery, Notification
from tests import make
from tests.notifications.inbox import lines, push_device, tell

pytestmark = pytest.mark.django_db


def test_an_event_is_one_row_a_person_and_one_a_channel_however_often_it_is_told(news: Any, fan: Any):
    """NOT-1."""
    push_device(fan)
    first = tell(fan, key="a")
    again = tell(fan, key="a")
    assert first == again
    assert Notification.objects.filter(person=fan).count() == 1
    assert sorted(Delivery.objects.values_list("channel", flat=True)) == ["inbox", "mail", "push"]
    tell(fan, key="b")
    assert Notification.objects.filter(person=fan).count() == 2


def test_what_is_rolled_back_was_never_told(news: Any, fan: Any):
    """NOT-1: the row and its cause stand or fall together."""

    @transaction.atomic
    def act() -> None:
        tell(fan)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        act()
    assert not Notification.objects.exists()
    assert make.handle_outbox("notifications.deliver") == 0


def test_ones_own_acts_are_no_news(news: Any, fan: Any):
    """NOT-3."""
    assert tell(fan, actor=fan) is None
    assert not Notification.objects.exists()


@pytest.mark.parametrize("side", ["blocker", "blocked"])
def test_nobody_hears_of_somebody_across_a_block(side: str, news: Any, fan: Any, stranger: Any):
    """MOD-1."""
    pair = {"blocker": fan, "blocked": stranger} if side == "blocker" else {"blocker": stranger, "blocked": fan}
    accounts.block(**pair)
    assert tell(fan, actor=stranger) is None


def test_a_block_takes_what_was_told_out_of_the_inbox_and_its_count(news: Any, fan: Any, stranger: Any):
    """MOD-1, DISC-1: on every surface, also for what waits to be delivered."""
    tell(fan, actor=stranger)
    assert selectors.count_unread(fan) == 1
    accounts.block(blocker=stranger, blocked=fan)
    assert selectors.count_unread(fan) == 0
    assert lines(fan) == []
    make.handle_outbox("notifications.deliver")
    assert set(Delivery.objects.values_list("status", "reason")) == {("dropped", "hidden")}
    accounts.unblock(blocker=stranger, blocked=fan)
    assert selectors.count_unread(fan) == 1


def test_a_suspended_person_is_seen_in_nobodys_inbox(news: Any, fan: Any, stranger: Any, moderator: Any):
    """DISC-1."""
    tell(fan, actor=stranger)
    accounts.suspend(person=stranger, staff=moderator, reason="Spam")
    assert lines(fan) == []
    assert selectors.count_unread(fan) == 0


def test_what_is_muted_everywhere_leaves_no_row(news: Any, fan: Any):
    for channel in ("inbox", "mail", "push"):
        services.set_preference(person=fan, category="test", channel=channel, is_on=False)
    assert tell(fan) is None
    services.set_preference(person=fan, category="test", channel="mail", is_on=True)
    assert tell(fan) is not None
    assert lines(fan) == []  # it goes by mail alone
    assert selectors.count_unread(fan) == 0


def test_mandatory_kinds_cannot_be_muted(register: Any, fan: Any):
    """NOT-5: neither by a switch, nor by the table, nor by leaving it empty."""
    register("test.receipt", mandatory=True, channels=frozenset({"inbox", "mail"}), defaults=frozenset({"inbox"}))
    with pytest.raises(CannotMute):
        services.set_preference(person=fan, category="test", channel="mail", is_on=False)
    services.set_preferences(person=fan, ticked=[])
    services.set_preference(person=fan, category=kinds.DIGEST, channel="mail", is_on=False)
    tell(fan, kind="test.receipt")
    assert sorted(Delivery.objects.values_list("channel", flat=True)) == ["inbox", "mail"]


def test_several_of_a_thing_are_one_line_while_it_is_unread(register: Any, fan: Any, clock: Any):
    """NOT-3: the grouping window."""
    register("test.like", groups=True)
    people = [make.make_person() for _ in range(3)]
    for person in people:
        tell(fan, kind="test.like", key=f"like:{person.pk}", actor=person, words=person.display_name)
    assert lines(fan) == [f"{people[2].display_name} and 2 more"]
    assert selectors.count_unread(fan) == 1
    clock.advance(hours=25)
    tell(fan, kind="test.like", key="late", words="Late")
    assert lines(fan) == ["Late", f"{people[2].display_name} and 2 more"]
    assert services.mark_read(person=fan, everything=True) == 4
    tell(fan, kind="test.like", key="after", words="After")
    assert lines(fan)[0] == "After", "what was read takes in no more"


def test_a_group_leaves_out_whom_its_reader_may_not_see(register: Any, fan: Any):
    """NOT-2, MOD-1: the newest of a group may vanish, the others stay."""
    register("test.like", groups=True)
    people = [make.make_person() for _ in range(3)]
    for person in people:
        tell(fan, kind="test.like", key=f"like:{person.pk}", actor=person, words=person.display_name)
    accounts.block(blocker=fan, blocked=people[2])
    assert lines(fan) == [f"{people[1].display_name} and 1 more"]


def test_words_obey_what_may_be_seen_when_they_are_read(register: Any, fan: Any):
    """NOT-2: in the list, in the count, and behind the link."""
    visible = {"yes": True}
    register("test.post", can_view=lambda _person, _row: visible["yes"])
    row = tell(fan, kind="test.post")
    assert lines(fan) == ["Something happened"]
    visible["yes"] = False
    assert lines(fan) == []
    assert selectors.count_unread(fan) == 0
    make.handle_outbox("notifications.deliver")
    assert set(Delivery.objects.values_list("status", "reason")) == {("dropped", "hidden")}
    assert row is not None


def test_a_line_is_told_with_the_newest_first(news: Any, fan: Any, stranger: Any):
    for number in range(3):
        tell(fan, key=str(number), words=f"News {number}")
    tell(stranger, key="0", words="Somebody else’s")
    assert lines(fan) == ["News 2", "News 1", "News 0"]


def test_a_kind_must_be_registered_with_a_row_of_the_table(news: Any, fan: Any):
    with pytest.raises(LookupError):
        tell(fan, kind="test.unheard")


def test_what_is_withdrawn_is_neither_listed_nor_sent(news: Any, fan: Any, stranger: Any):
    """NOT-9."""
    services.notify(kind="test.news", person=fan, key="x", actor=stranger, target=stranger)
    assert services.withdraw(kind="test.news", target=stranger) == 1
    assert services.withdraw(kind="test.news", target=stranger) == 1, "repeatable"
    assert lines(fan) == []
    make.handle_outbox("notifications.deliver")
    assert set(Delivery.objects.values_list("status", "reason")) == {("dropped", "withdrawn")}


def test_old_news_is_forgotten(news: Any, fan: Any, clock: Any):
    tell(fan, key="read")
    services.mark_read(person=fan, everything=True)
    tell(fan, key="unread")
    clock.advance(days=91)
    assert services.prune_notifications() == 1
    assert lines(fan) == ["Something happened"]
    clock.advance(days=300)
    assert services.prune_notifications() == 1


def test_a_persons_export_holds_what_they_were_told_and_chose(news: Any, fan: Any, creator: Any):
    """LAW-9."""
    accounts.follow(follower=fan, followed=creator)
    services.set_bell(person=fan, creator=creator, level="off")
    services.set_preference(person=fan, category="test", channel="push", is_on=False)
    tell(fan, actor=creator)
    found = list(selectors.list_personal_data(fan))
    assert {row["kind"] for row in found} == {"notification", "notification_choice", "bell"}
    assert all(str(creator.pk) not in str(row) for row in found)
