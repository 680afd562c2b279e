"""The settings' page: the table, quiet hours, the digest; and the bell of a creator."""

from __future__ import annotations

import re
from datetime import time
from typing import Any

import pytest
from django.test import Client

from accounts import services as accounts
from digis.core.errors import NotFound
from notifications import selectors, services
from notifications.errors import NotFollowing
from notifications.models import Bell, Digest, Notification, Preference, QuietHours
from tests import make
from tests.notifications.inbox import lines, tell

pytestmark = pytest.mark.django_db
PAGE = "/settings/notifications/"


def boxes(client: Client) -> dict[str, str]:
    """Return every box of the table: free ones by their value, and how each stands."""
    html = client.get(PAGE).content.decode()
    found = {}
    for tag in re.findall(r'<input type="checkbox"[^>]*>', html):
        value = re.search(r'value="([^"]*)"', tag)
        if value:
            found[value[1]] = "on" if " checked" in tag else "off"
    return found


def test_the_table_shows_defaults_then_choices(fan_client: Client, fan: Any):
    before = boxes(fan_client)
    assert before["calls:push"] == "on"
    assert before["followers:inbox"] == "on"
    assert before["followers:mail"] == "off"
    ticked = [name for name, state in before.items() if state == "on" and name != "followers:inbox"]
    answer = fan_client.post(PAGE, {"form": "table", "on": [*ticked, "followers:mail"]})
    assert (answer.status_code, answer["Location"]) == (303, PAGE)
    after = boxes(fan_client)
    assert (after["followers:inbox"], after["followers:mail"]) == ("off", "on")
    assert {name: state for name, state in after.items() if not name.startswith("followers")} == {
        name: state for name, state in before.items() if not name.startswith("followers")
    }


def test_mandatory_boxes_are_ticked_explained_and_not_for_sale(fan_client: Client, fan: Any):
    """NOT-5."""
    html = fan_client.get(PAGE).content.decode()
    assert "Security: On Digis (always)" in re.sub(r"\s+", " ", html)
    assert "keep your account and your money safe" in html
    assert not any(name.startswith(("security", "money", "account")) for name in boxes(fan_client))
    fan_client.post(PAGE, {"form": "table", "on": []})
    accounts.change_password(person=fan, password="seven green bottles", session_key=None)
    assert lines(fan) == ["Your password was changed"]
    fan_client.post(PAGE, {"form": "table", "on": ["security:mail", "nonsense", "calls:pigeon"]})
    assert set(Preference.objects.values_list("category", flat=True)).isdisjoint({"security", "money", "account"})


@pytest.mark.parametrize("sent", [{}, {"form": ""}, {"form": "tables"}, {"form": "tables", "starts": "22:00"}])
def test_a_form_nobody_knows_changes_nothing(sent: dict[str, str], fan_client: Client, fan: Any):
    """NOT-5: least of all what a person hears."""
    services.set_preference(person=fan, category="followers", channel="mail", is_on=True)
    before = boxes(fan_client)
    answer = fan_client.post(PAGE, sent)
    assert answer.status_code == 422
    assert "Nothing was saved." in answer.content.decode()
    assert boxes(fan_client) == before
    assert not QuietHours.objects.exists()


def test_quiet_hours_are_saved_changed_and_ended(fan_client: Client, fan: Any):
    """NOT-8."""
    assert fan_client.post(PAGE, {"form": "quiet", "starts": "22:00", "ends": "07:30"}).status_code == 303
    quiet = QuietHours.objects.get(person=fan)
    assert (quiet.starts, quiet.ends) == (time(22), time(7, 30))
    assert 'value="22:00"' in fan_client.get(PAGE).content.decode()
    half = fan_client.post(PAGE, {"form": "quiet", "starts": "21:00", "ends": ""})
    assert half.status_code == 422
    assert "Fill in both times, or none." in half.content.decode()
    assert fan_client.post(PAGE, {"form": "quiet", "starts": "soon", "ends": "later"}).status_code == 422
    same = fan_client.post(PAGE, {"form": "quiet", "starts": "21:00", "ends": "21:00"})
    assert same.status_code == 422
    assert "Choose two different times, or turn quiet hours off." in same.content.decode()
    assert QuietHours.objects.get(person=fan).starts == time(22)
    off = {"form": "quiet", "starts": "22:00", "ends": "07:30", "off": "1"}
    assert fan_client.post(PAGE, off).status_code == 303
    assert not QuietHours.objects.exists()


def test_the_digest_is_chosen_with_its_hour_and_day(fan_client: Client, fan: Any):
    chosen = {"form": "digest", "rhythm": "weekly", "at": "18:00", "weekday": "4"}
    assert fan_client.post(PAGE, chosen).status_code == 303
    digest = Digest.objects.get(person=fan)
    assert (digest.rhythm, digest.at, digest.weekday) == ("weekly", time(18), 4)
    assert fan_client.post(PAGE, {**chosen, "rhythm": "hourly"}).status_code == 422


# ── Bells ───────────────────────────────────────────────────────────────────────────────────


def test_a_bell_needs_a_follow_and_is_live_only_at_first(fan: Any, creator: Any):
    assert selectors.get_bell_level(fan, creator) == "off"
    with pytest.raises(NotFollowing):
        services.set_bell(person=fan, creator=creator, level="all")
    accounts.follow(follower=fan, followed=creator)
    assert selectors.get_bell_level(fan, creator) == "live"


def test_the_bell_stands_beside_follow_and_works_by_a_plain_form(fan: Any, fan_client: Client, creator: Any):
    page = f"/@{creator.username}/"
    assert "/bell/" not in fan_client.get(page).content.decode()
    accounts.follow(follower=fan, followed=creator)
    assert f"/people/{creator.pk}/bell/" in fan_client.get(page).content.decode()
    answer = fan_client.post(f"/people/{creator.pk}/bell/", {"level": "all", "next": page})
    assert (answer.status_code, answer["Location"]) == (303, page)
    assert Bell.objects.get().level == "all"
    assert fan_client.post(f"/people/{creator.pk}/bell/", {"level": "louder"}).status_code == 422


def test_nobody_sets_a_bell_across_a_block(fan: Any, creator: Any):
    """MOD-1."""
    accounts.block(blocker=creator, blocked=fan)
    with pytest.raises(NotFound):
        services.set_bell(person=fan, creator=creator, level="off")


@pytest.mark.parametrize(
    ("level", "needed", "hears"),
    [
        ("all", "all", True), ("all", "live", True), ("live", "all", False), ("live", "live", True),
        ("off", "all", False), ("off", "live", False), (None, "live", True), (None, "all", False),
    ],
)  # fmt: skip
def test_the_bell_lets_through_what_its_level_says(
    level: str | None, needed: str, hears: Any, register: Any, fan: Any, creator: Any
):
    register("test.post", bell=needed)
    accounts.follow(follower=fan, followed=creator)
    if level:
        services.set_bell(person=fan, creator=creator, level=level)
    row = tell(fan, kind="test.post", actor=creator, creator=creator)
    assert (row is not None) is hears
    services.notify_bells(kind="test.post", creator=creator, key="many")
    make.handle_outbox("notifications.bells")
    assert Notification.objects.filter(person=fan, key="many").exists() is hears


def test_a_long_list_of_listeners_is_told_in_parts_and_nobody_twice(
    register: Any, creator: Any, monkeypatch: pytest.MonkeyPatch
):
    """NOT-1."""
    monkeypatch.setattr("notifications.services.telling.PART", 3)
    register("test.post", bell="live")
    fans = [make.make_person() for _ in range(7)]
    for person in fans:
        accounts.follow(follower=person, followed=creator)
    for _ in range(2):
        services.notify_bells(kind="test.post", creator=creator, key="many")
        make.handle_outbox("notifications.bells")
    told = Notification.objects.filter(key="many")
    assert sorted(told.values_list("person_id", flat=True)) == sorted(person.pk for person in fans)
    assert not Notification.objects.filter(person=creator, kind="test.post").exists()


def test_turning_the_bell_off_holds_back_what_waits(register: Any, fan: Any, creator: Any, mailoutbox: list[Any]):
    """NOT-2: asked at delivery."""
    register("test.post", bell="live")
    accounts.follow(follower=fan, followed=creator)
    row = tell(fan, kind="test.post", actor=creator, creator=creator)
    services.set_bell(person=fan, creator=creator, level="off")
    make.handle_outbox("notifications.deliver")
    assert mailoutbox == []
    assert set(row.deliveries.values_list("status", "reason")) == {("dropped", "muted")}
