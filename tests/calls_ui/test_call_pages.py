"""The pages of calls by plain HTTP: what they say, and that every form posts without a script."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.calls_ui import scenes

pytestmark = pytest.mark.django_db


def browser_of(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_the_price_page_says_rate_money_minutes_and_policy():
    """CALL-2, LEDGER-7: the price shown is the price charged, in tokens and money."""
    fan, creator = scenes.pair(tokens=500)
    page = browser_of(fan).get(reverse("calls:prepare", args=[creator.username]))
    words = text_of(page)
    assert page.status_code == 200
    assert "20 token s" in words.replace("tokens", "token s") or "20" in words
    for expected in ("≈ $1.00", "25 minutes", "Under 20 seconds", "Held when Ana Ferreira picks up", "≈ $2.00"):
        assert expected in words, expected


def test_a_short_balance_becomes_a_top_up_that_comes_back(settings: Any):
    """CALL-3: two minutes are needed to ring; the page says how many are missing and where they are bought."""
    settings.SIGNUP_GRANT = 0
    fan, creator = scenes.pair(tokens=25)
    page = browser_of(fan).get(reverse("calls:prepare", args=[creator.username]))
    assert "15 tokens short" in text_of(page).replace("  ", " ")
    assert f"{reverse('economy:buy')}?need=15&amp;next=/calls/with/ana/" in page.content.decode()
    assert 'action="/calls/invite/"' in page.content.decode()


def test_a_creator_who_does_not_pick_up_keeps_a_button_that_says_why():
    fan, creator = scenes.pair(available=False)
    page = browser_of(fan).get(reverse("calls:prepare", args=[creator.username]))
    html = page.content.decode()
    assert 'aria-disabled="true" aria-describedby="refusal"' in html
    assert 'id="refusal"' in html


def test_ringing_works_without_a_script_from_the_button_to_the_room():
    """CALL-4: every step is a form."""
    fan, creator = scenes.pair()
    caller, called = browser_of(fan), browser_of(creator)
    page = caller.get(reverse("calls:prepare", args=[creator.username])).content.decode()
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    answer = caller.post(reverse("calls:invite"), fields)
    assert answer.status_code == 303
    waiting = caller.get(answer.url)
    assert "Calling Ana Ferreira" in text_of(waiting)
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in waiting.content.decode()
    studio = called.get(reverse("discovery:studio")).content.decode()
    assert "Dev Anand is calling" in studio
    action = re.search(r'action="(/calls/ring/[^"]+/accept/)"', studio)
    assert action is not None
    room = called.post(action[1])
    assert room.status_code == 303
    assert called.get(room.url).status_code == 200
    assert caller.get(answer.url).url == room.url


@pytest.mark.parametrize("role", ["fan", "creator"])
def test_the_room_shows_each_side_its_own_meter(role: str, clock: Any):
    fan, creator = scenes.pair()
    running = scenes.call(fan, creator)
    scenes.talk(running, clock, seconds=65)
    page = browser_of(fan if role == "fan" else creator).get(reverse("calls:room", args=[running.pk]))
    words = text_of(page)
    running.refresh_from_db()
    assert f"01:{running.seconds - 60:02d}" in words
    assert (f"{20 * running.seconds // 60} tokens" in words) == (role == "fan")
    assert ("earned" in words) == (role == "creator")


def test_both_receipts_show_equal_figures(clock: Any):
    """CALL-5: the same figures on both pages: paid = fee + earned."""
    fan, creator = scenes.pair()
    done = scenes.finished(fan, creator, clock, seconds=250)
    charged = 20 * done.billed_seconds // 60
    expected = {"charged": str(charged), "fee": str(charged // 5), "earned": str(charged - charged // 5)}
    figures = []
    for person in (fan, creator):
        html = browser_of(person).get(reverse("calls:summary", args=[done.pk])).content.decode()
        figures.append(dict(re.findall(r'data-(charged|fee|earned)="(\d+)"', html)))
    assert figures[0] == figures[1] == expected


def test_a_free_call_says_that_it_was(clock: Any):
    fan, creator = scenes.pair()
    done = scenes.finished(fan, creator, clock, seconds=10)
    assert "Nothing was charged" in text_of(browser_of(fan).get(reverse("calls:summary", args=[done.pk])))


def test_history_and_studio_list_the_call_for_each_side(clock: Any):
    fan, creator = scenes.pair()
    scenes.finished(fan, creator, clock, seconds=120)
    assert "Ana Ferreira" in text_of(browser_of(fan).get(reverse("calls:history")))
    maker = browser_of(creator)
    for name in ("calls:history", "calls:studio_calls", "discovery:studio"):
        assert "Dev Anand" in text_of(maker.get(reverse(name))), name


def test_empty_lists_say_why_and_what_to_do():
    fan, creator = scenes.pair()
    assert "No calls yet" in text_of(browser_of(fan).get(reverse("calls:history")))
    maker = browser_of(creator)
    assert "No calls yet" in text_of(maker.get(reverse("calls:studio_calls")))
    assert "Nothing earned in the last 14 days" in text_of(maker.get(reverse("discovery:studio")))


def test_rates_are_set_and_refused_on_the_same_page():
    _, creator = scenes.pair()
    maker = browser_of(creator)
    address = reverse("calls:studio_rates")
    page = maker.get(address)
    assert "A fan pays ≈ $1.00 a minute. You get $0.80 of it." in text_of(page)
    refused = maker.post(address, {"video_rate": "0", "voice_rate": ""})
    assert refused.status_code == 422
    assert 'aria-invalid="true"' in refused.content.decode()
    assert maker.post(address, {"video_rate": "40", "voice_rate": "25"}).status_code == 303
    assert 'value="40"' in maker.get(address).content.decode()


def test_availability_is_one_press_and_comes_back_to_its_page():
    _, creator = scenes.pair(available=False)
    maker = browser_of(creator)
    answer = maker.post(reverse("calls:availability"), {"on": "1", "next": "/studio/"})
    assert (answer.status_code, answer.url) == (303, "/studio/")
    assert "Picking up calls" in text_of(maker.get("/studio/"))


def test_the_studio_sends_those_who_are_no_creators_to_the_application():
    """ACC-6."""
    fan, _ = scenes.pair()
    answer = browser_of(fan).get(reverse("discovery:studio"))
    assert (answer.status_code, answer.url) == (303, reverse("accounts:become_creator"))


def test_the_studio_costs_a_fixed_number_of_queries(clock: Any, django_assert_max_num_queries: Any):
    fan, creator = scenes.pair(tokens=5000)
    maker = browser_of(creator)
    scenes.finished(fan, creator, clock, seconds=60)
    maker.get("/studio/")  # what is cached once for all
    counts = []
    for _ in range(2):
        with django_assert_max_num_queries(80) as seen:
            maker.get("/studio/")
        counts.append(len(seen))
        for _ in range(3):
            scenes.finished(fan, creator, clock, seconds=60)
    assert counts[0] == counts[1]
