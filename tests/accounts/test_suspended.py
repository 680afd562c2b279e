"""What is left to a suspended person: the reason, an appeal, a copy of their data, the way out (ACC-9, MOD-5)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.models import Appeal, User
from accounts.permissions import CONFIRMED_KEY
from digis.core import clock as house_clock
from digis.core import registry
from digis.core.models import AuditEntry
from tests import make
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db
REASON = "Asked people to pay elsewhere."
WORD = "It was somebody else on my phone, and I have changed the password since."


@pytest.fixture
def suspended(fan: Any, moderator: Any) -> Any:
    services.suspend(person=fan, staff=moderator, reason=REASON)
    fan.refresh_from_db()
    return fan


@pytest.fixture
def judge(db: None) -> Any:
    """Another member of staff than who suspended."""
    return make.make_staff("judge", groups=["moderator"])


@pytest.fixture
def judge_client(judge: Any) -> Client:
    return make.sign_in_staff(Client(), judge)


def confirm(client: Client) -> Client:
    """Count as just having proven who they are (ACC-3)."""
    session = client.session
    session[CONFIRMED_KEY] = house_clock.now().isoformat()
    session.save()
    return client


def act(browser: Client, appeal: Appeal, name: str, **data: str) -> Any:
    return browser.post(reverse("admin:accounts_appeal_act", args=[appeal.pk, name]), data)


# ── The shell ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path", ["/", "/explore/", "/@creator/", "/wallet/", "/calls/", "/settings/privacy/", "/help/"]
)
def test_every_page_leads_to_the_one_that_is_left(suspended, fan_client, creator, path):
    """ACC-9"""
    answer = fan_client.get(path, follow=True)
    assert answer.redirect_chain == [("/suspended/", 303)]
    assert REASON in answer.content.decode()


def test_no_act_gets_past_it_whoever_asks(suspended, fan_client, creator):
    """ACC-9"""
    assert fan_client.post(f"/people/{creator.pk}/follow/", {"on": "1"})["Location"] == "/suspended/"
    swap = fan_client.post(f"/people/{creator.pk}/follow/", {"on": "1"}, headers={"HX-Request": "true"})
    assert swap.headers["HX-Redirect"] == "/suspended/"
    program = fan_client.get("/api/v1/calls")
    assert (program.status_code, program.json()["error"]["code"]) == (403, "ACCOUNT_SUSPENDED")
    assert not creator.followers.exists()


def test_a_suspended_person_can_sign_in_and_out(ana, moderator, client):
    services.suspend(person=ana, staff=moderator, reason=REASON)
    answer = client.post("/sign-in/", {"login": "ana", "password": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0] == "/suspended/"
    assert client.post("/sign-out/")["Location"] == "/"
    assert client.get("/").status_code == 200


def test_the_page_has_no_link_that_leads_back_to_it_and_opens_no_socket(suspended, fan_client):
    page = fan_client.get("/suspended/").content.decode()
    assert "data-signed-in" not in page
    for path in ("/explore/", "/wallet/", "/search/", "/settings/profile/", "/help/"):
        assert f'href="{path}"' not in page
        assert f'action="{path}"' not in page
    legal = fan_client.get("/legal/terms/")
    assert legal.status_code == 200
    assert 'href="/explore/"' not in legal.content.decode()


def test_suspended_staff_get_no_further_than_anybody(judge, judge_client, moderator):
    services.suspend(person=judge, staff=moderator, reason="Looked where they should not.")
    assert judge_client.get("/admin/")["Location"] == "/suspended/"


def test_nobody_else_has_anything_to_do_there(fan_client, client):
    assert fan_client.get("/suspended/")["Location"] == "/"
    assert client.get("/suspended/").status_code == 302


def test_what_other_apps_leave_open_is_offered_and_opens(suspended, fan_client, monkeypatch):
    """ACC-9: withdrawing and ending subscriptions come from the apps that know how."""
    offers = registry.Registry[registry.SuspendedAction]("test")
    monkeypatch.setattr(registry, "suspended_actions", offers)
    registry.register_suspended_action(
        registry.SuspendedAction(
            "test", frozenset({"economy:wallet"}), lambda person: ("Withdraw", f"For @{person.username}.", "/wallet/")
        )
    )
    registry.register_suspended_action(registry.SuspendedAction("none", frozenset(), lambda _: None))
    page = fan_client.get("/suspended/").content.decode()
    assert "For @fan." in page
    assert 'href="/wallet/"' in page
    assert fan_client.get("/wallet/").status_code == 200
    assert fan_client.get("/wallet/buy/")["Location"] == "/suspended/"


# ── The appeal ──────────────────────────────────────────────────────────────────────────────


def test_an_appeal_waits_for_staff_and_one_at_a_time(suspended, fan_client, judge_client):
    """ACC-9"""
    assert fan_client.post("/suspended/", {"text": "short"}).status_code == 422
    assert fan_client.post("/suspended/", {"text": WORD})["Location"] == "/suspended/"
    page = fan_client.get("/suspended/").content.decode()
    assert WORD in page
    assert "Send the appeal" not in page
    again = fan_client.post("/suspended/", {"text": WORD + " Again."})
    assert again.status_code == 422
    assert "is with our staff already" in again.content.decode()
    assert Appeal.objects.count() == 1
    assert "<b>1</b> appeals to answer" in judge_client.get("/admin/").content.decode()


def test_granting_an_appeal_lifts_the_suspension_and_tells_why(suspended, fan_client, judge_client):
    """MOD-5"""
    appeal = services.send_appeal(person=suspended, text=WORD)
    act(judge_client, appeal, "grant", reason="")
    assert User.objects.get(pk=suspended.pk).is_suspended, "an answer needs its reason"
    act(judge_client, appeal, "grant", reason="The phone was stolen.")
    assert not User.objects.get(pk=suspended.pk).is_suspended
    appeal.refresh_from_db()
    assert (appeal.status, appeal.answer, appeal.suspension_reason) == ("granted", "The phone was stolen.", REASON)
    letter = make.mail_to(suspended)[-1]
    assert letter.subject == "Your account is open again"
    assert "The phone was stolen." in letter.body
    assert fan_client.get("/explore/").status_code == 200
    assert AuditEntry.objects.filter(action="accounts.appeal_granted").exists()


def test_a_declined_appeal_says_why_and_another_may_follow(suspended, fan_client, judge_client):
    """MOD-5"""
    appeal = services.send_appeal(person=suspended, text=WORD)
    act(judge_client, appeal, "decline", reason="Three people told us the same.")
    assert User.objects.get(pk=suspended.pk).is_suspended
    assert "Three people told us the same." in make.mail_to(suspended)[-1].body
    page = fan_client.get("/suspended/").content.decode()
    assert "Three people told us the same." in page
    assert "Appeal again" in page
    assert fan_client.post("/suspended/", {"text": WORD}).status_code == 303


def test_whoever_suspended_does_not_answer_the_appeal(suspended, moderator):
    """MOD-5"""
    appeal = services.send_appeal(person=suspended, text=WORD)
    browser = make.sign_in_staff(Client(), moderator)
    page = browser.get(reverse("admin:accounts_appeal_change", args=[appeal.pk])).content.decode()
    assert WORD in page
    assert f"/{appeal.pk}/act/" not in page
    act(browser, appeal, "grant", reason="I was right and wrong.")
    assert User.objects.get(pk=suspended.pk).is_suspended
    with pytest.raises(services.suspensions.SameReviewer):
        services.answer_appeal(appeal_id=appeal.pk, staff=moderator, is_granted=False, answer="No.")
    with pytest.raises(IntegrityError, match="accounts_appeal_other_staff"), transaction.atomic():
        Appeal.objects.filter(pk=appeal.pk).update(status="declined", answer="No.", answered_by=moderator)


def test_staff_without_the_right_cannot_answer(suspended):
    """ACC-5"""
    appeal = services.send_appeal(person=suspended, text=WORD)
    clerk = make.sign_in_staff(Client(), make.make_staff("clerk", groups=["finance"]))
    assert act(clerk, appeal, "grant", reason="Because").status_code == 403
    assert User.objects.get(pk=suspended.pk).is_suspended


def test_lifting_a_suspension_settles_the_appeal_that_waits(suspended, moderator):
    appeal = services.send_appeal(person=suspended, text=WORD)
    services.unsuspend(person=suspended, staff=moderator, reason="My mistake.")
    appeal.refresh_from_db()
    assert (appeal.status, appeal.answered_by) == ("lifted", moderator)


def test_six_months_later_a_suspension_stands(suspended, clock):
    """MOD-5"""
    browser = Client()
    browser.force_login(suspended)
    User.objects.filter(pk=suspended.pk).update(suspended_at=clock.now() - timedelta(days=184))
    page = browser.get("/suspended/").content.decode()
    assert "Those have passed." in page
    assert "Send the appeal" not in page
    assert browser.post("/suspended/", {"text": WORD}).status_code == 422
    assert not Appeal.objects.exists()


def test_an_earlier_suspensions_appeal_is_not_shown_in_the_next(suspended, fan_client, judge, moderator):
    appeal = services.send_appeal(person=suspended, text=WORD)
    services.answer_appeal(appeal_id=appeal.pk, staff=judge, is_granted=True, answer="Fine.")
    services.suspend(person=suspended, staff=judge, reason="Again.")
    page = fan_client.get("/suspended/").content.decode()
    assert WORD not in page
    assert "Send the appeal" in page


# ── The copy ────────────────────────────────────────────────────────────────────────────────


def test_a_suspended_person_takes_a_copy_after_proving_who_they_are(suspended, fan_client, creator):
    """ACC-3, ACC-9, LAW-9"""
    asked = fan_client.post("/settings/export/")
    assert asked["Location"].startswith("/reauthenticate/?next=")
    assert fan_client.get("/reauthenticate/").status_code == 200
    confirm(fan_client)
    page = fan_client.get("/settings/export/")
    assert page.status_code == 200
    assert 'href="/settings/profile/"' not in page.content.decode()
    answer = fan_client.post("/settings/export/")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="digis-fan-')
    assert json.loads(answer.content)["handle"] == "fan"


def test_the_copy_holds_everything_registered_and_no_secret(ana, creator, stranger, clock):
    """LAW-9"""
    browser = Client()
    assert browser.post("/sign-in/", {"login": "ana", "password": PASSWORD}).status_code == 303
    browser.get("/settings/sessions/")
    services.follow(follower=ana, followed=creator)
    services.block(blocker=ana, blocked=stranger)
    services.note_presence(user=ana)
    text = browser.post("/settings/export/").content.decode()
    found = json.loads(text)
    assert found["data"].keys() == dict(registry.personal_data.items()).keys()
    kinds: dict[str, list[dict[str, Any]]] = {}
    for row in found["data"]["accounts"]:
        kinds.setdefault(row["kind"], []).append(row)
    [profile] = kinds["profile"]
    assert (profile["email"], profile["birth_date"]) == ("ana@example.com", "1990-01-01")
    assert [row["followed__username"] for row in kinds["follows"]] == ["creator"]
    assert [row["blocked__username"] for row in kinds["blocks"]] == ["stranger"]
    assert kinds["presence"]
    assert kinds["session"][0]["ip"] == "127.0.0.1"
    ana.refresh_from_db()
    for secret in (ana.password, "password", "secret", "hash", browser.session.session_key, stranger.email):
        assert secret not in text
    assert AuditEntry.objects.filter(action="accounts.exported", actor_id=ana.pk).exists()


def test_what_is_old_is_forgotten(fan, clock):
    """LAW-11: devices and presence after 90 days."""
    from accounts.models import Device, Presence

    services.note_sign_in(person=fan, device_token="one", user_agent="", ip="")
    services.note_presence(user=fan)
    clock.advance(days=89)
    services.prune_sessions()
    assert (Device.objects.count(), Presence.objects.count()) == (1, 1)
    clock.advance(days=2)
    services.prune_sessions()
    assert (Device.objects.count(), Presence.objects.count()) == (0, 0)
