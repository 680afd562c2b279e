"""The admin: who gets in, what opens, what staff can do to people (ACC-5)."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.signals import person_suspended
from digis.core import outbox
from digis.core.models import AuditEntry, OutboxEntry
from tests import make
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def chief(db):
    return make.make_staff("chief", is_superuser=True)


@pytest.fixture
def chief_client(chief):
    return make.sign_in_staff(Client(), chief)


@pytest.fixture
def moderator_browser(moderator):
    return make.sign_in_staff(Client(), moderator)


def test_a_visitor_is_led_to_our_own_sign_in_and_back(client, chief):
    answer = client.get("/admin/accounts/user/", follow=True)
    assert answer.redirect_chain[-1][0] == "/sign-in/?next=/admin/accounts/user/"


def test_a_fan_finds_no_door(fan_client):
    assert fan_client.get("/admin/", follow=True).status_code == 403


def test_staff_without_a_second_factor_get_no_further_than_setting_one_up(client, chief):
    """ACC-5."""
    chief.set_password(PASSWORD)
    chief.save()
    client.post("/sign-in/", {"login": "chief", "password": PASSWORD})
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == "/settings/security/"
    assert "need a second factor" in answer.content.decode()
    page = client.get("/settings/security/app/")
    client.post("/settings/security/app/", {"code": make.totp_code(page.context["secret"].replace(" ", ""))})
    assert client.get("/admin/").status_code == 200


def test_a_session_that_showed_no_second_factor_does_not_open_the_admin(client, chief):
    """ACC-5."""
    make.give_second_factor(chief)
    client.force_login(chief)
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/sign-in/")


def test_every_page_that_is_registered_opens(chief_client):
    """Each list, each empty form, each search: no page crashes, dj-stripe's among them."""
    assert chief_client.get("/admin/").status_code == 200
    for model in admin.site._registry:
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        answer = chief_client.get(reverse(f"{base}_changelist"), {"q": "x"}, follow=True)
        assert answer.status_code == 200, model
        assert chief_client.get(reverse(f"{base}_add")).status_code in {200, 403}, model


def test_the_pages_carry_no_inline_code(chief_client):
    """The strict content policy holds here too."""
    for page in ["/admin/", "/admin/accounts/user/", "/admin/accounts/category/add/"]:
        answer = chief_client.get(page)
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        text = answer.content.decode()
        assert " style=" not in text
        assert " onclick=" not in text
        assert "<script>" not in text


def test_secrets_are_not_on_show(chief_client):
    registered = {model._meta.label for model in admin.site._registry}
    assert not registered & {
        "mfa.Authenticator",
        "usersessions.UserSession",
        "account.EmailAddress",
        "djstripe.APIKey",
        "accounts.EmailCode",
    }


def test_people_are_read_and_never_edited(moderator_browser, fan):
    page = reverse("admin:accounts_user_change", args=[fan.pk])
    assert moderator_browser.get(page).status_code == 200
    assert moderator_browser.post(page, {"email": "x@example.com"}).status_code == 403
    assert moderator_browser.get(reverse("admin:accounts_user_add")).status_code == 403
    assert moderator_browser.get(reverse("admin:accounts_user_delete", args=[fan.pk])).status_code == 403


def act(browser, person, name, **data):
    return browser.post(reverse("admin:accounts_user_act", args=[person.pk, name]), data)


def test_staff_suspend_with_a_reason_the_person_reads_and_lift_it_again(moderator, moderator_browser, fan, fan_client):
    heard = []
    person_suspended.connect(lambda person, **_: heard.append(person.username), weak=False, dispatch_uid="test")
    try:
        act(moderator_browser, fan, "suspend", reason="")
        assert not User.objects.get(pk=fan.pk).is_suspended
        act(moderator_browser, fan, "suspend", reason="Asked people to pay elsewhere.")
        act(moderator_browser, fan, "suspend", reason="Twice")
    finally:
        person_suspended.disconnect(dispatch_uid="test")
    person = User.objects.get(pk=fan.pk)
    assert (person.is_suspended, person.suspension_reason) == (True, "Asked people to pay elsewhere.")
    assert heard == ["fan"]
    assert "Asked people to pay elsewhere." in make.mail_to(fan)[-1].body
    entry = AuditEntry.objects.get(action="accounts.suspended")
    assert (entry.actor_id, entry.target_id, entry.reason) == (
        moderator.pk,
        str(fan.pk),
        "Asked people to pay elsewhere.",
    )
    act(moderator_browser, fan, "unsuspend", reason="Appeal upheld.")
    assert not User.objects.get(pk=fan.pk).is_suspended


def test_staff_cannot_act_on_their_own_account(moderator, moderator_browser):
    """ACC-5."""
    act(moderator_browser, moderator, "suspend", reason="Holiday")
    assert not User.objects.get(pk=moderator.pk).is_suspended


def test_staff_without_the_right_cannot_act(fan):
    """ACC-5: roles are capabilities."""
    clerk = make.sign_in_staff(Client(), make.make_staff("clerk", groups=["finance"]))
    assert clerk.get(reverse("admin:accounts_user_change", args=[fan.pk])).status_code == 200
    assert act(clerk, fan, "suspend", reason="Because").status_code == 403
    assert not User.objects.get(pk=fan.pk).is_suspended


def test_the_audit_log_is_shown_and_cannot_be_touched(chief_client):
    entry = AuditEntry.objects.latest("id")
    page = reverse("admin:core_auditentry_change", args=[entry.pk])
    assert chief_client.get(page).status_code == 200
    assert chief_client.post(page, {"reason": "x"}).status_code == 403
    assert chief_client.get(reverse("admin:core_auditentry_delete", args=[entry.pk])).status_code == 403


def test_a_parked_promise_is_tried_again_from_the_admin_and_its_payload_is_not_shown(chief_client, clock):
    entry = OutboxEntry.objects.create(
        kind="core.mail", payload={"text": "the code is 123456"}, parked_at=clock.now(), tries=10
    )
    page = chief_client.get(reverse("admin:core_outboxentry_change", args=[entry.pk]))
    assert "123456" not in page.content.decode()
    chief_client.post(reverse("admin:core_outboxentry_act", args=[entry.pk, "retry"]))
    entry.refresh_from_db()
    assert (entry.parked_at, entry.tries) == (None, 0)
    assert AuditEntry.objects.filter(action="core.outbox_unparked").exists()
    assert outbox.MAX_TRIES > 0


def test_roles_hold_what_the_list_says(db):
    from django.apps import apps
    from django.contrib.auth.models import Group

    from moderation.roles import ROLES

    for name in ROLES:
        group = Group.objects.get(name=name)
        held = {f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.select_related("content_type")}
        coming = {permission for permission in ROLES[name] if permission.split(".")[0] not in apps.app_configs}
        assert held == set(ROLES[name]) - coming  # a misspelled permission would be held by nobody
        assert "accounts.view_user" in held
