"""The page of a person's own limits: what is in force, what is coming and when, what is left (LEDGER-10)."""

import re

import pytest

from economy import selectors, services
from tests import make

pytestmark = pytest.mark.django_db
LIMITS = "/wallet/limits/"


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def save(client, **typed):
    return client.post(LIMITS, {"day": "", "week": "", "month": "", "confirm_above": "500", **typed})


def test_lowering_works_at_once_and_raising_says_when(fan, fan_client, creator, clock):
    make.buy_tokens(fan, 1_000)
    assert save(fan_client, day="100", week="1,500").status_code == 303
    services.send_tip(payer=fan, payee=creator, amount=60, key="t")
    words = text_of(fan_client.get(LIMITS))
    assert "Your limits leave you 40 tokens now" in words
    assert "40 of 100 left" in words
    assert "1,440 of 1,500 left" in words
    raised = fan_client.post(LIMITS, {"day": "300", "week": "1500", "month": "", "confirm_above": "500"}, follow=True)
    assert "What you raised waits a day" in text_of(raised)
    assert "then 300." in text_of(raised)
    assert 'value="300"' in raised.content.decode()
    coming = selectors.list_limits(fan)[0].coming_at
    clock.advance(hours=1)
    save(fan_client, day="300", week="1500")
    assert selectors.list_limits(fan)[0].coming_at == coming, "saving again does not start the wait anew"
    lifted = fan_client.post(LIMITS, {"day": "300", "week": "", "month": "", "confirm_above": "500"}, follow=True)
    assert "then no limit." in text_of(lifted)
    clock.advance(hours=25)
    words = text_of(fan_client.get(LIMITS))
    assert "of 300 left" in words


def test_nonsense_is_named_beside_the_field_and_kept(fan_client):
    answer = save(fan_client, day="many", month="-5")
    assert answer.status_code == 422
    assert 'value="many"' in answer.content.decode()
    assert answer.content.decode().count("field-error") == 2


def test_the_wallet_leads_there_and_says_what_is_left(fan, fan_client):
    assert "Your limits None set" in text_of(fan_client.get("/wallet/"))
    services.set_limits(person=fan, limits={"month": 90})
    assert "90 tokens left for now" in text_of(fan_client.get("/wallet/"))


def test_a_zero_is_a_limit(fan, fan_client, creator):
    make.buy_tokens(fan, 100)
    save(fan_client, day="0")
    assert selectors.get_limit_left(fan.pk) == 0


def test_held_tokens_count(fan, fan_client):
    make.buy_tokens(fan, 100)
    save(fan_client, day="50")
    services.place_hold(person=fan, amount=30, key="h", source_type="t", source_id="1")
    assert "20 of 50 left" in text_of(fan_client.get(LIMITS))


def test_where_a_limit_stops_a_call_the_way_to_it_is_shown(fan, fan_client):
    from tests.calls import cast

    make.buy_tokens(fan, 1_000)
    type(fan).objects.filter(pk=fan.pk).update(birth_date=cast.BORN)
    callee = cast.make_creator("callee", video=20, voice=10)
    services.set_limits(person=fan, limits={"day": 5})
    page = fan_client.get(f"/calls/with/{callee.username}/")
    key = re.search(r'name="idempotency_key" value="([^"]+)"', page.content.decode())
    data = {"creator": str(callee.pk), "call_type": "video", "idempotency_key": key[1] if key else "k"}
    answer = fan_client.post("/calls/invite/", data)
    assert answer.status_code in {402, 403}
    assert LIMITS in answer.content.decode()
