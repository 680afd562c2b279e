"""Follow, and block in both directions (MOD-1)."""

from __future__ import annotations

import pytest

from accounts import selectors, services
from accounts.models import Block, Follow
from accounts.signals import people_blocked
from digis.core.errors import NotFound
from tests import make

pytestmark = pytest.mark.django_db


def follow(browser, person, *, on="1", **extra):
    return browser.post(f"/people/{person.pk}/follow/", {"on": on, **extra})


def block(browser, person, *, on="1"):
    return browser.post(f"/people/{person.pk}/block/", {"on": on})


def followers(creator):
    creator.creator.refresh_from_db()
    return creator.creator.follower_count


def test_following_is_counted_once_and_taken_back_once(fan, fan_client, creator):
    for _ in range(2):
        answer = follow(fan_client, creator, next="/settings/blocks/")
        assert (answer.status_code, answer["Location"]) == (303, "/settings/blocks/")
    assert followers(creator) == 1
    assert list(selectors.list_following(fan)) == [creator]
    for _ in range(2):
        follow(fan_client, creator, on="0")
    assert followers(creator) == 0
    assert not selectors.is_following(fan, creator)


def test_a_signed_out_visitor_is_led_to_sign_in_and_back_to_the_page(client, creator):
    answer = follow(client, creator)
    assert answer["Location"] == "/sign-in/?next=%2F%40creator%2F"


def test_nobody_follows_or_blocks_themself(fan, fan_client):
    assert follow(fan_client, fan).status_code == 403
    assert block(fan_client, fan).status_code == 403


def test_following_somebody_who_is_not_there_answers_404(fan_client):
    assert fan_client.post("/people/01900000-0000-7000-8000-000000000000/follow/").status_code == 404


@pytest.mark.parametrize("who_blocks", ["fan", "creator"])
def test_a_block_is_total_and_mutual_whoever_made_it(who_blocks, fan, creator, fan_client, creator_client):
    """MOD-1: neither sees, follows or finds the other; neither learns who blocked."""
    services.follow(follower=fan, followed=creator)
    services.follow(follower=creator, followed=fan)
    heard = []
    people_blocked.connect(
        lambda blocker, blocked, **_: heard.append((blocker.pk, blocked.pk)), weak=False, dispatch_uid="test"
    )
    try:
        blocker, blocked, browser = (
            (fan, creator, fan_client) if who_blocks == "fan" else (creator, fan, creator_client)
        )
        assert block(browser, blocked).status_code == 303
        assert block(browser, blocked).status_code == 303, "repeatable"
    finally:
        people_blocked.disconnect(dispatch_uid="test")
    assert heard == [(blocker.pk, blocked.pk)]
    assert not Follow.objects.exists()
    assert followers(creator) == 0
    for viewer, other in [(fan, creator), (creator, fan)]:
        assert selectors.is_blocked_between(viewer, other)
        assert not selectors.can_view_profile(viewer, other)
        assert other not in selectors.visible_people(viewer)
        assert other not in selectors.visible_creators(viewer)
        with pytest.raises(NotFound):
            services.follow(follower=viewer, followed=other)
    answers = [follow(fan_client, creator), follow(creator_client, fan)]
    assert [answer.status_code for answer in answers] == [404, 404], "as if the other did not exist"


def test_a_third_person_sees_both(fan, creator, stranger):
    services.block(blocker=fan, blocked=creator)
    assert {fan, creator} <= set(selectors.visible_people(stranger))
    assert selectors.can_view_profile(stranger, creator)


def test_unblocking_restores_sight_but_not_the_follow_and_leaves_the_other_sides_block(fan, creator, fan_client):
    """MOD-1."""
    services.follow(follower=fan, followed=creator)
    block(fan_client, creator)
    block(fan_client, creator, on="0")
    assert selectors.can_view_profile(fan, creator)
    assert not selectors.is_following(fan, creator)
    services.block(blocker=creator, blocked=fan)
    block(fan_client, creator)
    block(fan_client, creator, on="0")
    assert selectors.is_blocked_between(fan, creator)


def test_blocked_people_are_listed_and_can_be_added_by_handle(fan, fan_client, creator):
    assert fan_client.post("/settings/blocks/", {"handle": "@Creator"}).status_code == 303
    assert Block.objects.filter(blocker=fan, blocked=creator).exists()
    assert "@creator" in fan_client.get("/settings/blocks/").content.decode()
    assert fan_client.post("/settings/blocks/", {"handle": "nobody.here"}).status_code == 422
    assert fan_client.post("/settings/blocks/", {"handle": "fan"}).status_code == 422


def test_staff_cannot_be_blocked(fan_client, moderator):
    assert block(fan_client, moderator).status_code == 403


def test_suspended_and_closed_people_vanish(fan, creator, moderator):
    """DISC-1."""
    services.suspend(person=creator, staff=moderator, reason="Spam")
    creator.refresh_from_db()
    assert creator not in selectors.visible_people(fan)
    assert not selectors.can_view_profile(fan, creator)
    assert selectors.can_view_profile(creator, creator)


def test_the_lists_cost_the_same_queries_however_long(fan, fan_client, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    fan_client.get("/settings/blocks/")
    costs = []
    for _ in range(2):
        for _ in range(5):
            services.block(blocker=fan, blocked=make.make_person())
        with CaptureQueriesContext(connection) as queries:
            fan_client.get("/settings/blocks/")
        costs.append(len(queries))
    assert costs[0] == costs[1]
