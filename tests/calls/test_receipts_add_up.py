"""What a receipt says: held = paid + gone back, however the call ended, and what of it may be withdrawn."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts import services as accounts
from calls import services
from calls.models import Call
from economy import selectors as economy
from economy.models import Hold
from economy.services.past import record_past_purchase
from tests.calls import cast

pytestmark = pytest.mark.django_db


def hold_of(call: Call) -> Hold:
    return economy.get_hold(id=call.hold_id)


def summary_of(call: Call, person) -> str:
    client = Client()
    client.force_login(person)
    return " ".join(client.get(reverse("calls:summary", args=[call.pk])).content.decode().split())


def assert_adds_up(call: Call) -> None:
    assert call.held_tokens == hold_of(call).amount == call.charged_tokens + call.released_tokens


@pytest.mark.parametrize("seconds", [0, 10, 19, 20, 45, 61, 119, 121, 185, 250, 310])
def test_what_was_held_is_what_was_paid_and_what_went_back(talk, seconds):
    """CALL-3, CALL-5: for every length of call, to the token."""
    if seconds:
        talk.beat()
        talk.until(seconds)
    call = talk.hang_up()
    assert_adds_up(call)
    said = summary_of(call, talk.fan)
    assert f"{call.held_tokens} tokens were held for this call; {call.released_tokens} of them went back" in said


@pytest.mark.parametrize(
    "end", ["not joined", "dropped", "both dropped", "blocked", "suspended", "funds", "late sweep"]
)
def test_it_adds_up_for_every_kind_of_end(clock, creator, end):
    """CALL-5 to CALL-7, CALL-14."""
    fan = cast.make_person("fan", tokens=130)
    talk = cast.Talk(clock, cast.open_call(fan, creator))
    if end != "not joined":
        talk.beat()
        talk.until(130)
    if end == "funds":
        talk.until(450)
    elif end == "dropped":
        talk.until(215, "creator")
    elif end == "blocked":
        accounts.block(blocker=creator, blocked=fan)
    elif end == "suspended":
        services.end_calls_of(person=fan)
    elif end == "late sweep":
        talk.until(380, sweep=False)
        services.sweep_calls()
        talk.hang_up()
    talk.at(900)
    services.sweep_calls()
    assert talk.call.is_over
    assert_adds_up(talk.call)


def test_it_adds_up_where_the_rate_went_up_faster_than_the_hold(clock, fan):
    """CALL-2: a switch to a far dearer kind, and the end comes before a heartbeat could set more aside."""
    creator = cast.make_creator(video=600, voice=6)
    talk = cast.Talk(clock, cast.open_call(fan, creator, "voice"))
    talk.beat()
    talk.until(58)
    services.ask_for_video(person=fan, call_id=talk.call_id)
    services.answer_video(person=creator, call_id=talk.call_id, is_accepted=True)
    talk.at(72)
    call = talk.hang_up()
    assert (call.billed_seconds, call.charged_tokens) == (72, 126)
    assert_adds_up(call)


def test_a_bill_that_is_being_checked_promises_no_return(talk):
    """CALL-5: the hold of a parked call is kept, and the page says so."""
    talk.beat()
    talk.until(70)
    Call.objects.filter(pk=talk.call_id).update(fee_bp=2_000_000)  # no ledger takes that
    call = talk.hang_up()
    assert call.parked_at is not None
    said = summary_of(call, talk.fan)
    assert "went back" not in said
    assert f"{hold_of(call).remaining} tokens stay set aside until we have checked this bill." in said
    Call.objects.filter(pk=talk.call_id).update(fee_bp=2_000)
    services.retry_parked_call(call_id=call.pk, staff=cast.make_person("clerk"), reason="mended")
    assert_adds_up(talk.call)


# ── Free grants (LEDGER-9) ──────────────────────────────────────────────────────────────────


def rich_fan(tokens: int, *, granted: int = 0):
    """A fan with bought tokens, and so many of a free grant besides."""
    fan = cast.make_person("buyer", tokens=granted)
    record_past_purchase(person=fan, tokens=tokens, bonus=0, minor=tokens * 5, currency="usd", key="past")
    return fan


def test_the_creator_reads_what_of_it_cannot_be_withdrawn(clock, creator):
    """LEDGER-9: 30 of 42 tokens were a free grant."""
    fan = rich_fan(500, granted=30)
    talk = cast.Talk(clock, cast.open_call(fan, creator))
    talk.beat()
    talk.until(126)
    call = talk.hang_up()
    earned = economy.get_earnings(creator)
    assert (call.charged_tokens, call.earned_tokens) == (42, 34)
    assert (earned.pending, earned.non_withdrawable) == (10, 24)
    said = summary_of(call, creator)
    assert 'data-withdrawable="10"' in said
    assert 'data-granted="24"' in said
    assert "cannot be withdrawn" in said
    assert "data-granted" not in summary_of(call, fan), "what a creator may withdraw is theirs to know"


def test_a_call_all_paid_with_a_grant_promises_nothing(talk, creator):
    """LEDGER-9: nothing of it is on its way."""
    talk.beat()
    talk.until(126)
    said = summary_of(talk.hang_up(), creator)
    assert "on its way" not in said
    assert 'data-withdrawable="0"' in said
    client = Client()
    client.force_login(creator)
    studio = " ".join(client.get(reverse("discovery:studio")).content.decode().split())
    assert 'data-not-withdrawable="34"' in studio
    assert 'data-today-not-withdrawable="34"' in studio
    for page in ("calls:history", "calls:studio_calls"):
        listed = " ".join(client.get(reverse(page)).content.decode().split())
        assert "not withdrawable" in listed
    balance = client.get("/api/v1/tokens/balance").json()
    assert balance["earnings"] == {"pending": 0, "available": 0, "non_withdrawable": 34}
    moved = client.get("/api/v1/tokens/transactions?type=earning").json()["results"]
    assert sum(line["non_withdrawable"] for line in moved) == 34


def test_bought_tokens_are_on_their_way(clock, creator):
    """LEDGER-9: no flag where there is no grant."""
    fan = rich_fan(500)
    ring = cast.ring(fan, creator)
    assert ring.granted_tokens == 0
    client = Client()
    client.force_login(creator)
    sheet = client.get(reverse("calls:ring", args=[ring.pk])).content.decode()
    assert "cannot be withdrawn" not in sheet
    talk = cast.Talk(clock, services.accept_ring(creator=creator, invitation_id=ring.pk))
    talk.beat()
    talk.until(60)
    said = summary_of(talk.hang_up(), creator)
    assert "on its way to your available earnings" in said
    assert "cannot be withdrawn" not in said


@pytest.mark.parametrize(("granted", "said"), [(30, "up to"), (600, "nothing of it")])
def test_the_ring_says_so_before_it_is_picked_up(clock, creator, granted, said):
    """LEDGER-9: the creator sees that before accepting, with how much as far as it is known."""
    fan = rich_fan(500, granted=granted) if granted < 100 else cast.make_person("free", tokens=granted)
    ring = cast.ring(fan, creator)
    assert ring.granted_tokens == granted
    client = Client()
    client.force_login(creator)
    for path in (reverse("calls:ring", args=[ring.pk]), reverse("discovery:studio")):
        sheet = " ".join(client.get(path).content.decode().split())
        assert "free tokens" in sheet
        assert said in sheet.lower()
