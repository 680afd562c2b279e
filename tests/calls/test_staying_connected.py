"""CALL-6 and CALL-7: what happens when a side goes away, or the tokens do."""

from __future__ import annotations

import pytest

from calls import services
from calls.models import Call, CallPause, CallSeat
from economy import selectors as economy
from economy import services as economy_services
from tests.calls import cast

pytestmark = pytest.mark.django_db


def test_a_call_that_not_both_join_ends_free(talk):
    """CALL-6: not both joined within 60 s of the accept: ended, free, the hold released."""
    talk.at(5)
    talk.beat("creator")
    assert economy.get_balance(talk.fan).held == 40
    talk.at(61)
    services.sweep_calls()
    call = talk.call
    assert (call.end_reason, call.charged_tokens) == ("not_joined", 0)
    assert (economy.get_balance(talk.fan).held, economy.get_balance(talk.fan).spendable) == (0, 1_000)
    assert not CallSeat.objects.filter(released_at__isnull=True).exists()


def test_a_call_whose_media_never_connects_is_free(talk):
    """CALL-6: a heartbeat that says media is not connected is no presence."""
    for second in range(0, 60, 5):
        talk.at(second)
        talk.beat(connected=False)
    talk.at(61)
    services.sweep_calls()
    assert talk.call.end_reason == "not_joined"


def test_a_drop_pauses_and_a_return_resumes(talk):
    """CALL-6: one side drops, the meter pauses with a countdown of 60 s; back again, it goes on."""
    talk.beat()
    talk.until(30)
    talk.until(47, "creator")
    call = talk.call
    assert call.status == "paused"
    assert call.seconds == 30
    talk.at(60)
    talk.beat("creator", "fan")
    assert talk.call.status == "active"
    talk.until(90)
    assert talk.hang_up().billed_seconds == 60
    assert CallPause.objects.filter(ended_at__isnull=False).count() == 1


def test_a_side_that_does_not_come_back_ends_the_call(talk):
    """CALL-6: lost at 30 + 15 s, and 60 s later it is over, by the one who dropped."""
    talk.beat()
    talk.until(80, "fan", "creator")
    talk.until(150, "creator")
    assert talk.call.status == "paused"
    talk.until(156, "creator")
    call = talk.call
    assert (call.end_reason, call.ended_by) == ("dropped_by", talk.fan)
    assert (call.billed_seconds, call.charged_tokens) == (80, 26)


def test_both_gone_ends_at_the_last_second_they_shared(talk):
    """CALL-6: nobody is heard any more: an orphan the sweep ends, also after a restart."""
    talk.beat()
    talk.until(50)
    talk.at(600)
    services.sweep_calls()
    call = talk.call
    assert (call.end_reason, call.ended_by) == ("both_dropped", None)
    assert call.billed_seconds == 50
    assert (call.ended_at - call.started_at).total_seconds() == pytest.approx(50, abs=1)


def test_the_fourth_drop_ends_the_call(talk):
    """CALL-6: at most 3 pauses a call."""
    talk.beat()
    second = 0.0
    for _ in range(4):
        second += 10
        talk.until(second)
        second += 17
        talk.until(second, "creator")
        talk.beat("fan")
    assert talk.call.pauses == 3
    assert (talk.call.end_reason, talk.call.ended_by) == ("dropped_by", talk.fan)


def test_closing_the_page_pauses_at_once(talk):
    """CALL-6: leaving counts to that moment, then the meter stops."""
    talk.beat()
    talk.until(30)
    talk.at(33)
    services.leave_call(person=talk.fan, call_id=talk.call_id)
    assert talk.call.status == "paused"
    talk.at(35)
    talk.beat("creator")
    assert talk.call.seconds == 33
    talk.at(38)
    talk.beat("fan")
    assert talk.call.status == "active"


def test_warnings_come_once_at_three_minutes_and_at_one(clock, creator, heard):
    """CALL-7: notices at 180 s and 60 s left."""
    fan = cast.make_person("fan", tokens=100)  # five minutes
    talk = cast.Talk(clock, cast.open_call(fan, creator))
    talk.beat()
    talk.until(290)
    warned = [event["data"]["threshold"] for event in heard(fan) if event["name"] == "call.warned"]
    assert warned == [180, 60]


def test_at_zero_there_is_a_grace_and_then_the_end(clock, creator):
    """CALL-7: 20 s unbilled, once, then `funds`; never a negative balance."""
    fan = cast.make_person("fan", tokens=40)
    talk = cast.Talk(clock, cast.open_call(fan, creator))
    talk.beat()
    talk.until(130)
    assert talk.call.status == "grace"
    talk.until(150)
    call = talk.call
    assert (call.end_reason, call.charged_tokens) == ("funds", 40)
    assert economy.get_balance(fan).spendable == 0
    assert economy.get_earnings(creator).total == 32


def test_a_call_ends_at_the_fans_own_limit_with_the_same_warnings(clock, creator, heard):
    """LEDGER-10: a call ends at the limit with the same warnings as low balance."""
    fan = cast.make_person("fan", tokens=1_000)
    economy_services.set_limit(person=fan, period="day", tokens=80)
    talk = cast.Talk(clock, cast.open_call(fan, creator))
    talk.beat()
    talk.until(265)
    call = talk.call
    assert (call.end_reason, call.charged_tokens) == ("funds", 80)
    assert [event["data"]["threshold"] for event in heard(fan) if event["name"] == "call.warned"] == [180, 60, 0]
    assert economy.get_balance(fan).spendable == 920


def test_tokens_that_come_in_the_grace_carry_the_call_on_and_the_grace_is_free(clock, creator):
    """CALL-7: topping up inside the grace resumes the meter."""
    fan = cast.make_person("fan", tokens=40)
    talk = cast.Talk(clock, cast.open_call(fan, creator))
    talk.beat()
    talk.until(130)
    before = talk.call.seconds
    cast.give_tokens(fan, 100)
    talk.at(135)
    talk.beat()
    assert talk.call.status == "active"
    talk.until(195)
    call = talk.hang_up()
    assert call.billed_seconds == pytest.approx(before + 60, abs=1)


def test_the_grace_comes_once(clock, creator):
    """CALL-7: the second time there is nothing left, the call ends at once."""
    fan = cast.make_person("fan", tokens=40)
    talk = cast.Talk(clock, cast.open_call(fan, creator))
    talk.beat()
    talk.until(130)
    cast.give_tokens(fan, 20)
    talk.until(200)
    call = talk.call
    assert (call.end_reason, call.charged_tokens) == ("funds", 60)


def test_the_next_minute_is_held_as_far_as_the_balance_reaches(clock, creator):
    """CALL-3: held tokens are not spendable elsewhere; the rest comes back at the end."""
    fan = cast.make_person("fan", tokens=90)
    talk = cast.Talk(clock, cast.open_call(fan, creator))
    assert (economy.get_balance(fan).held, economy.get_balance(fan).spendable) == (40, 50)
    talk.beat()
    talk.until(185)
    assert talk.call.charged_tokens == 60
    assert (economy.get_balance(fan).held, economy.get_balance(fan).spendable) == (30, 0)
    talk.hang_up()
    assert (economy.get_balance(fan).held, economy.get_balance(fan).spendable) == (0, 29)  # 185 s: 61


def test_a_block_ends_the_call_to_the_second(talk):
    """CALL-14: and neither side is told who it was."""
    from accounts import services as accounts

    talk.beat()
    talk.until(60)
    talk.at(66)
    accounts.block(blocker=talk.creator, blocked=talk.fan)
    call = talk.call
    assert (call.status, call.end_reason, call.ended_by) == (Call.Status.ENDED, "blocked", None)
    assert (call.billed_seconds, call.charged_tokens) == (66, 22)


def test_a_suspension_ends_rings_and_calls_at_once(talk):
    """ACC-9: billed to this second; what rings is over, free."""
    from accounts.signals import person_suspended

    talk.beat()
    talk.until(60)
    person_suspended.send(sender=type(talk.creator), person=talk.creator)
    call = talk.call
    assert (call.end_reason, call.charged_tokens) == ("suspended", 20)


def test_a_join_checks_again_who_may_talk(talk):
    """CALL-1: checked at request, at accept and at join: approval was withdrawn in between."""
    profile = talk.creator.creator
    profile.approved_at = None
    profile.save()
    talk.at(5)
    talk.beat("fan")
    call = talk.call
    assert (call.status, call.charged_tokens) == ("ended", 0)
    assert economy.get_balance(talk.fan).held == 0


def test_the_wallet_names_the_calls_behind_its_lines(talk, django_assert_num_queries):
    """One query for however many calls; a stranger learns nothing."""
    from economy.sources import describe

    with django_assert_num_queries(1):
        named = describe([("call", str(talk.call_id))], viewer=talk.fan)
    assert named["call", str(talk.call_id)].url == f"/calls/{talk.call_id}/summary/"
    assert describe([("call", str(talk.call_id))], viewer=cast.make_person("stranger")) == {}


# ── Who vanished (CALL-6): a page that is heard is there, also when it has nobody to talk to ──


def left_alone(talk, from_second: float, until: float) -> None:
    """The creator's page stays and says that its line is gone, as a browser does a few seconds after the other went."""
    second = from_second
    while second < until:
        talk.at(second)
        talk.beat("creator", connected=second < from_second + 6)
        services.sweep_calls()
        second += 5


def test_the_one_who_vanished_is_the_one_no_longer_heard(talk, heard):
    """CALL-6: the fan's machine dies at 30 s; the creator stays, without a line. It is the fan who dropped."""
    talk.beat()
    talk.until(30)
    left_alone(talk, 33, 70)
    call = talk.call
    assert call.status == "paused"
    assert CallPause.objects.get().missing == talk.fan
    seen = {
        side: [event["data"]["missing"] for event in heard(getattr(talk, side), "call.meter")][-1]
        for side in ("fan", "creator")
    }
    assert seen == {"fan": "me", "creator": "peer"}
    left_alone(talk, 73, 120)
    call = talk.call
    assert (call.end_reason, call.ended_by) == ("dropped_by", talk.fan)
    assert (call.billed_seconds, call.charged_tokens) == (30, 20), "only seconds with both, and a line, count"


def test_a_side_whose_line_breaks_first_is_not_blamed(talk):
    """CALL-6: the creator's page loses its line at once when the fan's machine dies, and goes on being heard."""
    talk.beat()
    talk.until(30)
    for second in range(31, 130, 5):
        talk.at(second)
        talk.beat("creator", connected=False)
        services.sweep_calls()
    call = talk.call
    assert (call.end_reason, call.ended_by) == ("dropped_by", talk.fan)


def test_the_fourth_break_names_the_one_who_vanished(talk):
    """CALL-6: also where the pauses are used up."""
    talk.beat()
    Call.objects.filter(pk=talk.call_id).update(pauses=3)
    talk.until(30)
    left_alone(talk, 33, 60)
    call = talk.call
    assert (call.end_reason, call.ended_by) == ("dropped_by", talk.fan)


def test_a_broken_line_with_both_heard_is_nobodys_drop(talk):
    """CALL-6: both pages are there and find no way to each other: nothing is counted, and nobody is named."""
    talk.beat()
    talk.until(30)
    for second in range(33, 130, 5):
        talk.at(second)
        talk.beat(connected=False)
        services.sweep_calls()
    call = talk.call
    assert (call.end_reason, call.ended_by) == ("both_dropped", None)
    assert call.billed_seconds == 30


def test_who_left_and_is_heard_no_more_has_dropped(talk):
    """CALL-6: a page that said it closes is gone at once, the other one is not."""
    talk.beat()
    talk.until(30)
    talk.at(32)
    services.leave_call(person=talk.creator, call_id=talk.call_id)
    for second in range(35, 110, 5):
        talk.at(second)
        talk.beat("fan", connected=False)
        services.sweep_calls()
    call = talk.call
    assert (call.end_reason, call.ended_by) == ("dropped_by", talk.creator)


# ── The join (CALL-1) ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("side", ["fan", "creator"])
@pytest.mark.parametrize("change", ["age", "address", "block", "suspension"])
@pytest.mark.parametrize("connected", [True, False])
def test_a_join_asks_again_all_that_a_ring_asked(talk, side, change, connected):
    """CALL-1: 18+ and blocks either way are asked at the join as at the request; nothing is taken."""
    from accounts.models import Block, User
    from digis.core import clock

    person, other = (talk.fan, talk.creator) if side == "fan" else (talk.creator, talk.fan)
    if change == "age":
        User.objects.filter(pk=person.pk).update(birth_date=clock.now().date())
    elif change == "address" and side == "fan":
        User.objects.filter(pk=person.pk).update(email_verified_at=None)
    elif change == "suspension":
        User.objects.filter(pk=person.pk).update(suspended_at=clock.now())
    else:
        Block.objects.create(blocker=person, blocked=other)
    talk.at(3)
    talk.beat("creator" if side == "fan" else "fan", connected=connected)
    call = talk.call
    assert (call.status, call.charged_tokens) == ("ended", 0)
    assert economy.get_balance(talk.fan).held == 0
