"""Every page and form of a call, by plain HTTP and without JavaScript."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calls import services
from calls.models import Call, CallInvitation
from digis.core.idempotency import form_key
from economy import selectors as economy
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


def ring_by_form(client, creator, **fields):
    return client.post(
        reverse("calls:invite"),
        {"creator": creator.pk, "call_type": "video", "idempotency_key": form_key(), **fields},
    )


def test_the_whole_call_by_forms_and_reloads(clock, fan, creator, fans, creators):
    """Every form works without JavaScript: ring, pick up, heartbeat, hang up, bill; the bill is the same for both."""
    assert fans.get(reverse("calls:prepare", args=[creator.username])).status_code == 200
    answer = ring_by_form(fans, creator, message="A glaze that crawls")
    assert answer.status_code == 303
    ring = CallInvitation.objects.get()
    assert answer.url == reverse("calls:ring", args=[ring.pk])
    assert fans.get(answer.url).status_code == 200
    assert b"A glaze that crawls" in creators.get(answer.url).content

    picked = creators.post(reverse("calls:accept", args=[ring.pk]))
    call = Call.objects.get()
    room = reverse("calls:room", args=[call.pk])
    assert (picked.status_code, picked.url) == (303, room)
    assert fans.get(answer.url).url == room
    for second in range(0, 126, 5):
        clock.to(second)
        for client in (fans, creators):
            beat = client.post(reverse("calls:beat", args=[call.pk]), {"connected": "1"})
            assert beat.status_code == 200
    for client in (fans, creators):
        page = client.get(room)
        assert page.status_code == 200
        assert page.context["config"]["provider"] == {
            "name": "embedded",
            "room": str(call.pk),
            "ice_servers": [],
        }

    ended = fans.post(reverse("calls:end", args=[call.pk]))
    summary = reverse("calls:summary", args=[call.pk])
    assert (ended.status_code, ended.url) == (303, summary)
    bills = [client.get(summary).context["summary"] for client in (fans, creators)]
    figures = [(b.seconds, b.charged, b.fee, b.earned, b.held, b.released, b.minutes, b.number) for b in bills]
    assert figures[0] == figures[1]
    assert bills[0].charged == bills[0].fee + bills[0].earned == 41
    assert bills[0].charged == economy.sum_charged(source_type="call", source_id=str(call.pk)).amount
    assert bills[0].reason == "You hung up."
    assert bills[1].reason == f"{fan.display_name} hung up."
    assert creators.post(reverse("calls:end", args=[call.pk])).url == summary, "hanging up again is harmless"
    assert creators.get(room).url == summary
    assert fans.post(reverse("calls:beat", args=[call.pk])).status_code in {302, 303}


def test_too_few_tokens_bring_the_page_back_with_402(clock, creator):
    """CALL-3: the same page says what is missing; nothing rings."""
    poor = browser(cast.make_person("fan", tokens=5))
    answer = ring_by_form(poor, creator)
    assert answer.status_code == 402
    assert answer.context["refusal"].code == "INSUFFICIENT_TOKENS"
    assert answer.context["quote"].shortfall == 35
    assert not CallInvitation.objects.exists()


def test_a_refused_ring_brings_the_page_back_with_the_reason(fans, creator):
    services.set_availability(creator=creator, is_available=False)
    answer = ring_by_form(fans, creator)
    assert answer.status_code == 409
    assert "does not pick up" in answer.context["refusal"].sentence


def test_a_form_without_its_key_is_422_and_offers_a_new_one(fans, creator):
    """LEDGER-4: a money form without a key rings nobody."""
    answer = ring_by_form(fans, creator, idempotency_key="")
    assert answer.status_code == 422
    assert "lost its key" in answer.context["refusal"].sentence
    assert answer.context["form"]["idempotency_key"].value()
    assert not CallInvitation.objects.exists()


def test_a_double_click_rings_once(fans, creator):
    key = form_key()
    answers = [ring_by_form(fans, creator, idempotency_key=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].url == answers[1].url


def test_a_block_hides_the_page_of_the_call(fan, fans, creator):
    """MOD-1: 404, as for somebody who is not there."""
    from accounts import services as accounts

    accounts.block(blocker=creator, blocked=fan)
    assert fans.get(reverse("calls:prepare", args=[creator.username])).status_code == 404
    assert ring_by_form(fans, creator).status_code == 404


def test_declining_and_canceling_lead_on(fan, fans, creator, creators):
    ring = cast.ring(fan, creator)
    assert fans.post(reverse("calls:cancel", args=[ring.pk])).url == reverse("calls:prepare", args=[creator.username])
    ring = cast.ring(fan, creator)
    assert creators.post(reverse("calls:decline", args=[ring.pk])).url == reverse("calls:studio_calls")
    assert fans.get(reverse("calls:ring", args=[ring.pk])).status_code == 200
    assert creators.post(reverse("calls:accept", args=[ring.pk])).status_code == 409


@pytest.mark.parametrize("name", ["room", "meter", "summary"])
def test_other_peoples_calls_do_not_exist(talk, name):
    """API-3: 404 for everybody but the two."""
    stranger = browser(cast.make_person("stranger"))
    assert stranger.get(reverse(f"calls:{name}", args=[talk.call_id])).status_code == 404


@pytest.mark.parametrize("name", ["beat", "leave", "end", "voice", "video"])
def test_nobody_else_acts_in_a_call(talk, name):
    stranger = browser(cast.make_person("stranger"))
    before = Call.objects.values().get()
    assert stranger.post(reverse(f"calls:{name}", args=[talk.call_id])).status_code == 404
    assert Call.objects.values().get() == before


@pytest.mark.parametrize("name", ["ring", "accept", "decline", "cancel"])
def test_nobody_else_sees_or_answers_a_ring(fan, creator, name):
    ring = cast.ring(fan, creator)
    stranger = browser(cast.make_person("stranger"))
    url = reverse(f"calls:{name}", args=[ring.pk])
    assert (stranger.get(url) if name == "ring" else stranger.post(url)).status_code == 404


def test_opening_the_room_joins_nobody(talk):
    """A page may be fetched ahead or by a link check: reading never starts a meter."""
    for person in (talk.fan, talk.creator):
        assert browser(person).get(reverse("calls:room", args=[talk.call_id])).status_code == 200
    assert talk.call.status == "joining"


def test_switching_to_voice_and_back_by_forms(talk):
    """CALL-2: one form each; the other side's yes is a form, too."""
    fans, creators = browser(talk.fan), browser(talk.creator)
    talk.beat()
    assert fans.post(reverse("calls:voice", args=[talk.call_id])).status_code == 303
    assert fans.post(reverse("calls:video", args=[talk.call_id])).status_code == 303
    page = creators.get(reverse("calls:room", args=[talk.call_id]))
    assert page.context["switch"].asked_by_peer
    creators.post(reverse("calls:video", args=[talk.call_id]), {"answer": "accept"})
    assert talk.call.call_type == "video"


def test_leaving_by_beacon_pauses(talk):
    """CALL-6."""
    talk.beat()
    answer = browser(talk.fan).post(reverse("calls:leave", args=[talk.call_id]))
    assert answer.status_code == 204
    assert talk.call.status == "paused"


def test_rates_are_set_by_a_form_and_wrong_ones_come_back(creator, creators):
    page = reverse("calls:studio_rates")
    assert creators.get(page).status_code == 200
    assert creators.post(page, {"video_rate": "0", "voice_rate": ""}).status_code == 422
    answer = creators.post(page, {"video_rate": "44", "voice_rate": "", "bill_whole_minutes": "on"})
    assert answer.status_code == 303
    creator.call_offering.refresh_from_db()
    assert (creator.call_offering.video_rate, creator.call_offering.voice_rate) == (44, None)


def test_rates_are_for_creators(fans):
    assert fans.get(reverse("calls:studio_rates")).status_code == 403
    assert fans.get(reverse("calls:studio_calls")).status_code == 403
    assert fans.post(reverse("calls:availability"), {"on": "1"}).status_code == 403


def test_availability_is_a_button(creator, creators):
    """DISC-2."""
    for on in ("0", "1"):
        answer = creators.post(reverse("calls:availability"), {"on": on})
        assert answer.status_code == 303
        creator.call_offering.refresh_from_db()
        assert creator.call_offering.is_available == (on == "1")
    assert creators.post(reverse("calls:availability"), {"on": "maybe"}).status_code == 422


def test_lists_cost_the_same_however_long_they_are(clock, fan, creator):
    """Architecture §10: a page costs a fixed number of queries whatever the number of rows."""

    def add_calls(how_many):
        for _ in range(how_many):
            clock.forward(60)
            talk = cast.Talk(clock, cast.open_call(fan, creator))
            talk.beat()
            talk.until(25, sweep=False)
            talk.hang_up()

    def count(person, name):
        client = browser(person)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse(f"calls:{name}")).status_code == 200
        return len(captured)

    add_calls(1)
    before = [count(fan, "history"), count(creator, "studio_calls"), count(creator, "history")]
    add_calls(4)
    assert [count(fan, "history"), count(creator, "studio_calls"), count(creator, "history")] == before
