"""What accounts' own letters say by mail, the inbox says too: once each, and no code of them."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import services as accounts
from notifications.models import Delivery, Notification
from tests import make
from tests.notifications.inbox import lines

pytestmark = pytest.mark.django_db


def test_followers_of_a_day_are_one_line(creator: Any):
    """NOT-3."""
    people = [make.make_person(f"reader{number}") for number in range(3)]
    accounts.follow(follower=people[0], followed=creator)
    assert lines(creator) == ["Reader0 follows you"]
    accounts.follow(follower=people[1], followed=creator)
    assert lines(creator) == ["Reader1 and 1 other follow you"]
    accounts.follow(follower=people[2], followed=creator)
    assert lines(creator) == ["Reader2 and 2 others follow you"]


def test_who_comes_and_goes_is_news_once(fan: Any, creator: Any):
    for _ in range(3):
        accounts.follow(follower=fan, followed=creator)
        accounts.unfollow(follower=fan, followed=creator)
    assert Notification.objects.count() == 1


def test_security_is_told_inside_and_mailed_once(fan: Any, mailoutbox: list[Any]):
    """NOT-5: the letter is accounts' own; the inbox and push are ours."""
    for _ in range(2):
        accounts.note_sign_in(person=fan, device_token=f"t{_}", user_agent="Firefox/140.0 Windows", ip="127.0.0.1")
    assert lines(fan) == ["New sign-in: Firefox on Windows"]
    assert list(Delivery.objects.values_list("channel", flat=True)) == ["inbox"]
    make.handle_outbox("core.mail", "notifications.deliver")
    assert len(mailoutbox) == 1


def test_no_code_or_link_of_a_letter_is_kept(fan: Any):
    accounts.send_step_up_code(person=fan)
    accounts.start_email_change(person=fan, email="new@example.com")
    assert not Notification.objects.exists()
    code = make.code_in(make.mail_to("new@example.com")[-1])
    accounts.confirm_email_change(person=fan, email="new@example.com", code=code)
    row = Notification.objects.get()
    assert row.data == {"new_email": "new@example.com"}
    assert lines(fan) == ["Your e-mail address is now new@example.com"]


@pytest.mark.parametrize("is_approved", [True, False], ids=["approved", "refused"])
def test_a_decision_on_an_application_is_told(is_approved: Any, fan: Any, moderator: Any):
    draft = accounts.start_application(person=fan)
    draft = accounts.save_application(application=draft, headline="Pots", categories=["craft"], about="Clay.")
    pending = accounts.submit_application(application=draft)
    if is_approved:
        accounts.approve_application(application=pending, staff=moderator)
        assert lines(fan) == ["You are a creator now"]
    else:
        accounts.refuse_application(application=pending, staff=moderator, reason="Show us your work.")
        assert lines(fan) == ["Your application was not accepted"]
        assert Notification.objects.get().data["reason"] == "Show us your work."
