"""The way out of mail works signed out, by one press, and never by a link that a scanner follows (NOT-6, RFC 8058)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from django.core import mail as django_mail
from django.test import Client

from notifications import services, unsubscribe
from notifications.models import Delivery, Preference
from tests import make
from tests.notifications import cast

pytestmark = pytest.mark.django_db
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def way_out(person) -> str:
    return urlsplit(unsubscribe.make_url(person=person, category="followers")).path


def is_on(person) -> bool:
    return Preference.objects.get(person=person, category="followers", channel="mail").is_on


@pytest.fixture
def ana(db):
    return cast.listener("ana", "mail", "push")


@pytest.fixture
def stranger_browser() -> Client:
    """A browser, or a mail provider's machine, that has no cookie and is held to every check."""
    return Client(enforce_csrf_checks=True)


def test_a_mail_program_posts_and_it_is_done(ana, stranger_browser):
    """NOT-6: signed out, no cookie, no token of a page; again is fine."""
    cast.follow(ana)
    cast.run()
    (message,) = django_mail.outbox
    path = urlsplit(message.extra_headers["List-Unsubscribe"].strip("<>")).path
    for _ in range(2):
        answer = stranger_browser.post(path, ONE_CLICK)
        assert answer.status_code == 200  # RFC 8058: no redirect
        assert not answer.cookies
    assert not is_on(ana)
    assert Preference.objects.get(person=ana, channel="push").is_on  # the other ways stay
    cast.follow(ana)
    cast.run()
    assert len(django_mail.outbox) == 1


def test_what_is_under_way_is_stopped_too(ana, stranger_browser):
    cast.follow(ana)
    stranger_browser.post(way_out(ana), ONE_CLICK)
    cast.run()
    assert django_mail.outbox == []
    assert cast.delivery_of(ana, "mail").status == Delivery.Status.DROPPED


def test_a_link_that_is_followed_asks_and_changes_nothing(ana, stranger_browser):
    """Mail scanners open links: GET never acts."""
    page = stranger_browser.get(way_out(ana))
    assert page.status_code == 200
    assert "Stop these e-mails?" in page.content.decode()
    assert "@ana" in page.content.decode()
    assert "ana@example.com" not in page.content.decode()  # whoever holds a forwarded letter learns no address
    assert stranger_browser.head(way_out(ana)).status_code == 200
    assert is_on(ana)


def test_the_button_of_the_page_acts_without_an_account(ana, stranger_browser):
    path = way_out(ana)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', stranger_browser.get(path).content.decode())[1]
    answer = stranger_browser.post(path, {"csrfmiddlewaretoken": token})
    assert answer.status_code == 200
    assert "That is done" in answer.content.decode()
    assert not is_on(ana)


def test_another_site_cannot_press_the_button(ana, stranger_browser):
    """Only the one-click post comes without the token of a page of ours."""
    assert stranger_browser.post(way_out(ana), {}).status_code == 403
    assert is_on(ana)


def test_it_acts_for_the_reader_of_the_letter_whoever_is_signed_in(ana, fan, fan_client):
    services.set_preference(person=fan, category="followers", channel="mail", is_on=True)
    fan_client.post(way_out(ana), ONE_CLICK)
    assert not is_on(ana)
    assert is_on(fan)


def test_a_digest_stops_all_mail_that_may_stop(ana, stranger_browser):
    url = unsubscribe.make_url(person=ana, category="digest")
    assert stranger_browser.post(urlsplit(url).path, ONE_CLICK).status_code == 200
    assert not is_on(ana)


def test_mandatory_news_cannot_be_turned_off(ana, stranger_browser):
    """NOT-5: not even with a token for it."""
    url = unsubscribe.make_url(person=ana, category="security")
    assert stranger_browser.post(urlsplit(url).path, ONE_CLICK).status_code == 403
    answer = Client().post(urlsplit(url).path)
    assert answer.status_code == 403
    assert "always come" in answer.content.decode()


@pytest.mark.parametrize(
    "spoil", [lambda t: t[:-4], lambda t: "x" + t[1:], lambda _: "nothing", lambda t: t.replace(".", "")]
)
def test_a_broken_link_says_so_plainly(ana, stranger_browser, spoil):
    path = f"/notifications/unsubscribe/{spoil(unsubscribe.make_token(ana.pk, 'followers'))}/"
    answer = stranger_browser.get(path)
    assert answer.status_code == 404
    assert "This link is not complete" in answer.content.decode()
    assert stranger_browser.post(path, ONE_CLICK).status_code == 404
    assert is_on(ana)


def test_the_link_of_somebody_who_left_is_a_broken_one(stranger_browser):
    person = make.make_person("gone")
    path = way_out(person)
    person.delete()
    assert stranger_browser.get(path).status_code == 404


def test_a_token_says_who_and_what_and_does_not_grow_old(ana, clock):
    token = unsubscribe.make_token(ana.pk, "followers")
    clock.advance(days=4_000)
    assert unsubscribe.read(token) == (ana.pk, "followers")
    assert re.fullmatch(r"[A-Za-z0-9._-]+", token)


def test_tokens_of_an_older_key_are_good_while_it_is_kept(ana, settings):
    token = unsubscribe.make_token(ana.pk, "followers")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-" * 6
    assert unsubscribe.read(token) == (ana.pk, "followers")


def test_no_one_else_writes_such_tokens(ana):
    from django.core import signing

    forged = signing.Signer(salt="something else", sep=".").sign(
        unsubscribe.make_token(ana.pk, "followers").split(".")[0]
    )
    with pytest.raises(unsubscribe.BadToken):
        unsubscribe.read(forged)
