"""Codes and links by e-mail (ACC-1, ACC-2)."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import EmailCode
from tests import make
from tests.accounts.test_sign_in import plain

pytestmark = pytest.mark.django_db


def ask(client, email="ana@example.com", **extra):
    return client.post("/sign-in/code/", {"email": email, **extra})


def enter(client, code):
    return client.post("/sign-in/code/enter/", {"code": code})


def newest(email="ana@example.com"):
    return make.mail_to(email)[-1]


def wrong(code):
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_the_code_signs_in_once(client, client_two, ana):
    """ACC-2: single use."""
    ask(client, next="/settings/blocks/")
    code = make.code_in(newest())
    answer = enter(client, f" {code[:3]} {code[3:]} ")
    assert (answer.status_code, answer["Location"]) == (303, "/settings/blocks/")
    ask_again = client_two.session
    ask_again["code_email"] = "ana@example.com"
    ask_again.save()
    assert enter(client_two, code).status_code == 422


def test_the_code_is_kept_only_as_a_hash(client, ana):
    """ACC-2."""
    ask(client)
    [row] = EmailCode.objects.all()
    code = make.code_in(newest())
    assert code not in (row.code_hash, row.link_hash)
    assert len(row.code_hash) == 64


def test_the_code_dies_after_fifteen_minutes(client, ana, clock):
    """ACC-2."""
    ask(client)
    code = make.code_in(newest())
    clock.advance(minutes=15, seconds=1)
    assert enter(client, code).status_code == 422


def test_the_code_lives_for_just_under_fifteen_minutes(client, ana, clock):
    """ACC-2."""
    ask(client)
    code = make.code_in(newest())
    clock.advance(minutes=14, seconds=55)
    assert enter(client, code).status_code == 303


def test_five_wrong_tries_use_the_code_up(client, ana):
    """ACC-2."""
    ask(client)
    code = make.code_in(newest())
    for _ in range(5):
        assert enter(client, wrong(code)).status_code == 422
    assert enter(client, code).status_code == 422
    assert "_auth_user_id" not in client.session


def test_four_wrong_tries_leave_one(client, ana):
    """ACC-2."""
    ask(client)
    code = make.code_in(newest())
    for _ in range(4):
        enter(client, wrong(code))
    assert enter(client, code).status_code == 303


def test_a_new_code_voids_the_older(client, ana):
    """ACC-2."""
    ask(client)
    older = newest()
    ask(client)
    newer = newest()
    assert enter(client, make.code_in(older)).status_code == 422 or make.code_in(older) == make.code_in(newer)
    assert client.get(make.path_in(older)).status_code == 410
    assert enter(client, make.code_in(newer)).status_code == 303


def test_an_address_gets_five_mails_an_hour_and_not_six(client, ana, clock):
    """ACC-2."""
    assert [ask(client).status_code for _ in range(6)] == [303] * 5 + [429]
    assert len(make.mail_to(ana)) == 5
    clock.advance(minutes=61)
    assert ask(client).status_code == 303


def test_one_browser_address_gets_twenty_tries_a_minute(client, db):
    """ACC-2: 20 a minute per IP; the allowance flows back at one in three seconds."""
    answers = []
    while len(answers) < 60 and 429 not in answers:
        answers.append(ask(client, email=f"person{len(answers)}@example.com").status_code)
    assert answers[:20] == [303] * 20
    assert answers[-1] == 429


def test_after_ten_wrong_codes_in_a_day_only_the_link_works(client, ana, clock):
    """ACC-2."""
    for _ in range(2):
        ask(client)
        code = make.code_in(newest())
        for _ in range(5):
            enter(client, wrong(code))
        clock.advance(minutes=2)
    ask(client)
    mail = newest()
    answer = enter(client, make.code_in(mail))
    assert answer.status_code == 422
    assert "Open the link" in answer.content.decode()
    assert client.post(make.path_in(mail)).status_code == 303
    clock.advance(hours=25)
    client.post("/sign-out/")
    ask(client)
    assert enter(client, make.code_in(newest())).status_code == 303


def test_after_ten_wrong_codes_the_links_of_the_other_mails_work_too(client, clock):
    """ACC-2: the address is confirmed, a step-up passed and an address changed by a press after opening the link."""
    person = make.make_person("eva", verified=False)
    client.force_login(person)

    def waste():
        for _ in range(2):
            client.post("/verify/", {"act": "send"})
            code = make.code_in(newest(person))
            for _ in range(5):
                client.post("/verify/", {"code": wrong(code)})
            clock.advance(minutes=2)

    waste()
    client.post("/verify/", {"act": "send", "next": "/wallet/"})
    mail = newest(person)
    assert "Open the link" in client.post("/verify/", {"code": make.code_in(mail)}).content.decode()
    path = make.path_in(mail)
    for _ in range(2):  # a scanner opens it
        page = client.get(path).content.decode()
        assert "One press confirms" in page
    long = re.search(r'name="code" value="([^"]+)"', page)[1]
    assert client.post("/verify/", {"code": long[:-2] + "xx"}).status_code == 422
    person.refresh_from_db()
    assert not person.is_email_verified
    assert client.post("/verify/", {"code": long}).status_code == 303
    person.refresh_from_db()
    assert person.is_email_verified


def test_opening_the_link_signs_nobody_in_pressing_its_button_does(client, client_two, ana):
    """ACC-2: mail scanners open links; GET never signs in, POST does, also on another device."""
    ask(client)
    path = make.path_in(newest())
    for _ in range(3):
        answer = client_two.get(path)
        assert answer.status_code == 200
        assert "Sign me in" in answer.content.decode()
        assert "_auth_user_id" not in client_two.session
    client_two.head(path)
    answer = client_two.post(path)
    assert answer.status_code == 303
    assert client_two.get("/settings/account/").status_code == 200
    assert client.post(path).status_code == 410, "once"


def test_a_link_with_a_wrong_secret_or_a_foreign_purpose_opens_nothing(client, ana):
    """ACC-2."""
    ask(client)
    path = make.path_in(newest())
    assert client.post(path[:-2] + "/").status_code == 410
    assert client.get(path.replace("/sign-in/link/", "/recover/")).status_code == 410


def test_known_and_unknown_addresses_get_the_same_pages(client, client_two, ana):
    """ACC-1: sign-in by code and reset."""
    for page in ["/sign-in/code/", "/recover/"]:
        known = client.post(page, {"email": "ana@example.com"}, follow=True)
        unknown = client_two.post(page, {"email": "nobody@example.com"}, follow=True)
        assert known.redirect_chain == unknown.redirect_chain
        assert plain(known) == plain(unknown)
    assert plain(enter(client, "000000")) == plain(enter(client_two, "000000"))


def test_known_and_unknown_addresses_cost_the_same_queries_and_one_mail_each(client, client_two, ana):
    """ACC-1: similar time, counted in what takes it."""
    costs = {}
    for browser, email in [(client, "ana@example.com"), (client_two, "nobody@example.com")]:
        with CaptureQueriesContext(connection) as asked:
            browser.post("/sign-in/code/", {"email": email})
        with CaptureQueriesContext(connection) as entered:
            enter(browser, "000000")
        costs[email] = (len(asked), len(entered), len(make.mail_to(email)))
    assert costs["ana@example.com"] == costs["nobody@example.com"]
    assert "no account" in newest("nobody@example.com").body.lower()


def test_a_code_for_an_address_without_an_account_signs_nobody_in(client, db):
    """ACC-1: the mail to a stranger holds no code; even the right digits would open nothing."""
    ask(client, email="nobody@example.com")
    assert make.mail_to("nobody@example.com")[0].body.count("/sign-in/link/") == 0


def test_an_address_that_changed_since_takes_its_codes_along(client, ana):
    ask(client)
    mail = newest()
    type(ana).objects.filter(pk=ana.pk).update(email="new@example.com")
    assert client.post(make.path_in(mail)).status_code == 410
