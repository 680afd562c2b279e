"""Becoming a creator (ACC-5, ACC-6)."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from accounts import permissions, selectors, services
from accounts.models import Category, CreatorApplication, User
from accounts.signals import creator_approved
from digis.core.errors import CreatorOnly
from tests import make

pytestmark = pytest.mark.django_db

PAGE = "/become-a-creator/"
ABOUT = "People bring a lump of clay and a question. They leave with a bowl and a plan."


@pytest.fixture(autouse=True)
def _categories(db):
    Category.objects.create(slug="clay", name="Clay")
    Category.objects.create(slug="music", name="Music")


@pytest.fixture
def staff_client(moderator):
    return make.sign_in_staff(Client(), moderator)


def fill_in(browser, *, send=True):
    browser.post(PAGE, {"begin": "1"})
    browser.post(PAGE, {"step": "work", "headline": "Clay, from lump to bowl", "categories": ["clay"]})
    browser.post(PAGE, {"step": "about", "about": ABOUT, "links": "https://clay.example"})
    if send:
        return browser.post(PAGE, {"step": "send", "is_truthful": "on", "accepts_terms": "on"})
    return None


def act(browser, application, name, **data):
    return browser.post(f"/admin/accounts/creatorapplication/{application.pk}/act/{name}/", data)


def test_each_step_is_saved_and_can_be_resumed_another_day(fan, fan_client, client_two):
    assert fan_client.post(PAGE, {"begin": "1"})["Location"] == f"{PAGE}?step=work"
    answer = fan_client.post(PAGE, {"step": "work", "headline": "Clay, from lump to bowl", "categories": ["clay"]})
    assert answer["Location"] == f"{PAGE}?step=about"
    client_two.force_login(fan)
    page = client_two.get(PAGE)
    assert page.context["step"] == "about"
    assert client_two.get(f"{PAGE}?step=work").context["form"].initial["headline"] == "Clay, from lump to bowl"
    client_two.post(PAGE, {"step": "about", "about": ABOUT})
    assert client_two.get(PAGE).context["step"] == "send"
    draft = selectors.find_open_application(fan)
    assert (draft.status, draft.about) == ("draft", ABOUT)


def test_a_step_that_is_not_right_is_shown_again_with_its_errors(fan_client):
    fan_client.post(PAGE, {"begin": "1"})
    answer = fan_client.post(PAGE, {"step": "work", "headline": "", "categories": []})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"headline", "categories"}
    assert fan_client.post(PAGE, {"step": "about", "about": "too short"}).status_code == 422


def test_an_incomplete_draft_cannot_be_sent(fan, fan_client):
    fan_client.post(PAGE, {"begin": "1"})
    answer = fan_client.post(PAGE, {"step": "send", "is_truthful": "on", "accepts_terms": "on"})
    assert answer.status_code == 422
    assert selectors.find_open_application(fan).status == "draft"


def test_staff_approve_and_the_gate_opens(fan, fan_client, moderator, staff_client):
    """ACC-6: before the approval nothing may be sold; after it everything may."""
    heard = []
    creator_approved.connect(lambda creator, **_: heard.append(creator.username), weak=False, dispatch_uid="test")
    try:
        assert fill_in(fan_client).status_code == 303
        application = selectors.find_open_application(fan)
        assert application.status == "pending"
        assert "is with us" in fan_client.get(PAGE).content.decode()
        with pytest.raises(CreatorOnly):
            permissions.require_creator(User.objects.get(pk=fan.pk))
        assert fan not in selectors.visible_creators(make.make_person())
        page = staff_client.get(f"/admin/accounts/creatorapplication/{application.pk}/change/")
        assert ABOUT.encode() in page.content
        assert act(staff_client, application, "approve").status_code == 303
        assert heard == ["fan"]
    finally:
        creator_approved.disconnect(dispatch_uid="test")
    person = User.objects.get(pk=fan.pk)
    permissions.require_creator(person)
    assert person.creator.headline == "Clay, from lump to bowl"
    assert [category.slug for category in person.creator.categories.all()] == ["clay"]
    assert person in selectors.visible_creators(make.make_person())
    application.refresh_from_db()
    assert application.decided_by == moderator
    assert make.mail_to(fan)[-1].subject == "You are a creator now"
    assert "You are a creator" in fan_client.get(PAGE).content.decode()


def test_a_refusal_needs_a_reason_which_the_applicant_reads_with_the_day_to_try_again(
    fan, fan_client, staff_client, clock
):
    """ACC-6: rejection has a reason and a re-apply date."""
    fill_in(fan_client)
    application = selectors.find_open_application(fan)
    act(staff_client, application, "refuse", reason="  ")
    application.refresh_from_db()
    assert application.status == "pending"
    act(staff_client, application, "refuse", reason="The picture is not of you.")
    application.refresh_from_db()
    assert (application.status, application.reason) == ("refused", "The picture is not of you.")
    assert (application.reapply_on - clock.now().date()).days == 30
    assert "The picture is not of you." in make.mail_to(fan)[-1].body
    page = fan_client.get(PAGE).content.decode()
    assert "The picture is not of you." in page
    assert "Apply again" not in page
    assert fan_client.post(PAGE, {"again": "1"}).status_code == 403
    clock.advance(days=31)
    assert "Apply again" in fan_client.get(PAGE).content.decode()
    assert fan_client.post(PAGE, {"again": "1"}).status_code == 303
    draft = selectors.find_open_application(fan)
    assert (draft.status, draft.about) == ("draft", ABOUT), "what was written is kept"


def test_a_decision_is_made_once_and_is_in_the_audit_log(fan, fan_client, moderator, staff_client):
    """ACC-6."""
    from digis.core.models import AuditEntry

    fill_in(fan_client)
    application = selectors.find_open_application(fan)
    act(staff_client, application, "approve")
    act(staff_client, application, "refuse", reason="Too late")
    application.refresh_from_db()
    assert application.status == "approved"
    entry = AuditEntry.objects.get(action="accounts.application_approved")
    assert (entry.actor_id, entry.target_id) == (moderator.pk, str(application.pk))


def test_nobody_under_18_becomes_a_creator():
    """ACC-6, ACC-10."""
    young = make.make_person("young", birth_date=date(2012, 1, 1))
    browser = Client()
    browser.force_login(young)
    assert "18 or older" in browser.get(PAGE).content.decode()
    assert browser.post(PAGE, {"begin": "1"}).status_code == 403
    assert not CreatorApplication.objects.exists()


def test_the_address_is_proven_before_an_application_is_sent(client):
    person = make.make_person("eve", verified=False)
    client.force_login(person)
    assert fill_in(client).status_code == 403
    assert selectors.find_open_application(person).status == "draft"


def test_staff_cannot_apply_nor_be_made_creators(moderator, staff_client):
    """ACC-5: staff accounts cannot sell."""
    from accounts.errors import StaffStandApart

    assert staff_client.post(PAGE, {"begin": "1"}).status_code == 403
    with pytest.raises(StaffStandApart):
        services.make_creator(person=moderator, headline="x", categories=[])
    with pytest.raises(StaffStandApart):
        permissions.require_not_staff(moderator)


def test_staff_do_not_decide_about_themselves(fan, fan_client):
    """ACC-5: not even somebody who became staff after applying."""
    fill_in(fan_client)
    application = selectors.find_open_application(fan)
    User.objects.filter(pk=fan.pk).update(is_staff=True, is_superuser=True)
    browser = make.sign_in_staff(Client(), User.objects.get(pk=fan.pk))
    act(browser, application, "approve")
    application.refresh_from_db()
    assert application.status == "pending"
    from accounts.errors import OwnAccount

    with pytest.raises(OwnAccount):
        services.approve_application(application=application, staff=User.objects.get(pk=fan.pk))
