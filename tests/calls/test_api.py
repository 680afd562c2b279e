"""The `calls` group of the REST API (api.md), as other people's programs use it."""

from __future__ import annotations

import pytest
from django.test import Client

from digis.core import clock as times
from tests.calls import cast

pytestmark = pytest.mark.django_db


def browser(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def fans(fan):
    return browser(fan)


@pytest.fixture
def creators(creator):
    return browser(creator)


def invite(client, creator, message="", **headers):
    body = {"creator_id": str(creator.pk), "call_type": "video", "message": message}
    return client.post("/api/v1/calls/invite", body, content_type="application/json", headers=headers)


def test_a_call_from_invite_to_history(clock, fan, creator, fans, creators):
    asked = invite(fans, creator)
    assert asked.status_code == 201
    ring = asked.json()
    assert (ring["status"], ring["rate_per_minute"], ring["call_type"]) == ("pending", 20, "video")

    session = creators.post(f"/api/v1/calls/accept/{ring['id']}").json()["session"]
    assert (session["status"], session["creator"]["id"], session["fan"]["id"]) == (
        "scheduled",
        str(creator.pk),
        str(fan.pk),
    )
    joined = fans.post("/api/v1/calls/start", {"session_id": session["id"]}, content_type="application/json")
    assert joined.json() == {"provider": "embedded", "room": session["id"], "params": {"ice_servers": []}}

    talk = cast.Talk(clock, cast.Call.objects.get(pk=session["id"]))
    talk.beat()
    talk.until(90)
    moment = times.now()
    for client in (fans, creators):
        with times.at(moment):  # a busy machine may take a second to answer, which would be billed
            ended = client.post(f"/api/v1/calls/end/{session['id']}").json()
        assert (ended["status"], ended["duration_seconds"], ended["tokens_charged"]) == ("completed", 90, 30)
        listed = client.get("/api/v1/calls").json()["results"]
        assert listed == [client.get(f"/api/v1/calls/{session['id']}").json()]
    over = fans.post("/api/v1/calls/start", {"session_id": session["id"]}, content_type="application/json")
    assert (over.status_code, over.json()["error"]["code"]) == (409, "INVALID_STATE")


def test_too_few_tokens_are_402(clock, creator):
    """CALL-3."""
    answer = invite(browser(cast.make_person("fan", tokens=10)), creator)
    assert (answer.status_code, answer.json()["error"]["code"]) == (402, "INSUFFICIENT_TOKENS")


def test_a_repeated_key_is_the_first_ring(fans, creator):
    """LEDGER-4."""
    answers = [invite(fans, creator, **{"Idempotency-Key": "same"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert "Idempotent-Replayed" not in answers[0]
    assert answers[1]["Idempotent-Replayed"] == "true"


def test_a_key_stands_for_its_whole_body(fans, creator):
    """api.md: another message is another body; a key of 255 is honored, a longer one refused."""
    key = {"Idempotency-Key": "k" * 255}
    assert invite(fans, creator, "A glaze that crawls", **key).status_code == 201
    other = invite(fans, creator, "Something else", **key)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "IDEMPOTENCY_CONFLICT")
    refused = invite(fans, creator, **{"Idempotency-Key": "k" * 256})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "VALIDATION_ERROR")


def test_rings_are_declined_and_canceled(fans, creator, creators):
    first = invite(fans, creator).json()["id"]
    assert fans.post(f"/api/v1/calls/cancel/{first}").json()["status"] == "cancelled"
    second = invite(fans, creator).json()["id"]
    assert creators.post(f"/api/v1/calls/decline/{second}").json()["status"] == "declined"
    assert creators.post(f"/api/v1/calls/accept/{second}").status_code == 409


def test_other_peoples_calls_are_404(talk):
    """API-3."""
    stranger = browser(cast.make_person("stranger"))
    assert stranger.get(f"/api/v1/calls/{talk.call_id}").status_code == 404
    assert stranger.post(f"/api/v1/calls/end/{talk.call_id}").status_code == 404
    assert Client().get("/api/v1/calls").status_code in {401, 403}
