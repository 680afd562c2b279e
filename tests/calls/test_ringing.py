"""CALL-1 to CALL-4: who may ring whom, and the three answers."""

from __future__ import annotations

from datetime import date

import pytest

from accounts import services as accounts
from accounts.errors import StaffStandApart, TooYoung
from calls import errors, selectors, services
from calls.models import CallInvitation
from digis.core.errors import EmailUnverified, IdempotencyConflict, NotFound
from digis.core.idempotency import form_key
from economy import selectors as economy
from economy.errors import InsufficientTokens
from tests import make
from tests.calls import cast

pytestmark = pytest.mark.django_db


def test_nothing_is_held_while_it_rings_and_twice_the_rate_once_picked_up(fan, creator):
    """CALL-3: request and accept both require 2 × the rate; the hold is taken at accept."""
    invitation = cast.ring(fan, creator)
    assert economy.get_balance(fan).held == 0
    services.accept_ring(creator=creator, invitation_id=invitation.pk)
    assert economy.get_balance(fan).held == 40


@pytest.mark.parametrize(("tokens", "rings"), [(39, False), (40, True)])
def test_a_ring_needs_twice_the_rate(clock, creator, tokens, rings):
    """CALL-3: else 402."""
    fan = cast.make_person("fan", tokens=tokens)
    if rings:
        assert cast.ring(fan, creator).is_pending
        return
    with pytest.raises(InsufficientTokens):
        cast.ring(fan, creator)


def test_picking_up_needs_twice_the_rate_again(clock, creator):
    """CALL-3: what the fan had is gone meanwhile: the ring is over, free, and stays so."""
    fan = cast.make_person("fan", tokens=40)
    invitation = cast.ring(fan, creator)
    spend(fan, 1)
    with pytest.raises(errors.FanShort):
        services.accept_ring(creator=creator, invitation_id=invitation.pk)
    invitation.refresh_from_db()
    assert invitation.status == "expired"
    assert economy.get_balance(fan).held == 0


def spend(fan, amount):
    from economy import services as tokens

    tokens.charge(
        payer=fan, payee=cast.make_creator("otto"), amount=amount, kind="tip", key=form_key(), source_type="tip",
        source_id="1", fee_bp=2000,
    )  # fmt: skip


def test_the_quote_is_a_snapshot(fan, creator):
    """CALL-2: rate, policy and minutes stay as they were when the fan rang."""
    invitation = cast.ring(fan, creator)
    services.set_offering(creator=creator, video_rate=99, voice_rate=1, bill_whole_minutes=True)
    call = services.accept_ring(creator=creator, invitation_id=invitation.pk)
    assert (call.invitation.rate, call.invitation.voice_rate, call.whole_minutes) == (20, 12, False)
    assert call.invitation.minutes_quoted == 50
    assert selectors.get_terms(call).steps[0].rate == 20


def test_a_ring_goes_unanswered_after_30_seconds(clock, fan, creator):
    """CALL-4: then `missed`, free."""
    invitation = cast.ring(fan, creator)
    clock.to(29)
    assert services.sweep_calls().rings == 0
    clock.to(31)
    assert services.sweep_calls().rings == 1
    invitation.refresh_from_db()
    assert invitation.status == "missed"
    with pytest.raises(errors.RingOver):
        services.accept_ring(creator=creator, invitation_id=invitation.pk)


def test_a_late_answer_is_refused_before_any_sweep_has_come(clock, fan, creator):
    """CALL-4: the 30 seconds are the server's, whether or not a worker runs."""
    invitation = cast.ring(fan, creator)
    clock.to(31)
    with pytest.raises(errors.RingOver):
        services.accept_ring(creator=creator, invitation_id=invitation.pk)
    invitation.refresh_from_db()
    assert invitation.status == "missed"


@pytest.mark.parametrize(("act", "status"), [("decline", "declined"), ("cancel", "cancelled")])
def test_declining_and_canceling_are_free_and_repeatable(fan, creator, act, status):
    """CALL-4: decline free; caller cancels free."""
    invitation = cast.ring(fan, creator)
    for _ in range(2):
        if act == "decline":
            services.decline_ring(creator=creator, invitation_id=invitation.pk)
        else:
            services.cancel_ring(fan=fan, invitation_id=invitation.pk)
    invitation.refresh_from_db()
    assert invitation.status == status
    assert economy.get_balance(fan).spendable == 1_000


def test_at_most_three_unanswered_rings_an_hour(clock, fan, creator):
    """CALL-4: the fourth is refused, and an hour later they may ring again."""
    for second in (0, 40, 80):
        clock.to(second)
        cast.ring(fan, creator)
    clock.to(120)
    with pytest.raises(errors.TooManyRings):
        cast.ring(fan, creator)
    assert cast.ring(fan, cast.make_creator("otto")).is_pending, "others may be rung"
    clock.to(3_700)
    assert cast.ring(fan, creator).is_pending


def test_an_answered_ring_does_not_count_as_unanswered(clock, fan, creator):
    for _ in range(4):
        services.decline_ring(creator=creator, invitation_id=cast.ring(fan, creator).pk)
    assert cast.ring(fan, creator).is_pending


def test_the_same_form_sent_twice_rings_once(fan, creator):
    """LEDGER-4: a repeated key is the first ring; the same key for somebody else is refused."""
    key = form_key()
    first = services.ring_creator(fan=fan, creator=creator, call_type="video", key=key)
    again = services.ring_creator(fan=fan, creator=creator, call_type="video", key=key)
    assert first.pk == again.pk
    with pytest.raises(IdempotencyConflict):
        services.ring_creator(fan=fan, creator=creator, call_type="voice", key=key)


# ── CALL-1, at the request ──────────────────────────────────────────────────────────────────
def refuse_blocked(fan, creator):
    accounts.block(blocker=creator, blocked=fan)


def refuse_unavailable(fan, creator):
    services.set_availability(creator=creator, is_available=False)


def refuse_busy_creator(fan, creator):
    cast.open_call(cast.make_person("other", tokens=500), creator)


def refuse_ringing_creator(fan, creator):
    cast.ring(cast.make_person("other", tokens=500), creator)


def refuse_busy_fan(fan, creator):
    cast.open_call(fan, cast.make_creator("otto"))


def refuse_young_creator(fan, creator):
    creator.birth_date = date(2015, 1, 1)
    creator.save()


def refuse_unapproved(fan, creator):
    creator.creator.approved_at = None
    creator.creator.save()


@pytest.mark.parametrize(
    ("arrange", "error"),
    [
        (refuse_blocked, NotFound),
        (refuse_unapproved, NotFound),
        (refuse_unavailable, errors.NotAvailable),
        (refuse_busy_creator, errors.CreatorBusy),
        (refuse_ringing_creator, errors.CreatorBusy),
        (refuse_busy_fan, errors.YouAreBusy),
        (refuse_young_creator, errors.CreatorTooYoung),
    ],
)
def test_what_stands_between_two_people_is_said(fan, creator, arrange, error):
    """CALL-1: eligibility at the request, and the same sentence on the button."""
    arrange(fan, creator)
    with pytest.raises(error):
        cast.ring(fan, creator)
    refusal = selectors.can_call(fan, creator)
    assert refusal is not None
    assert (refusal.code, refusal.sentence) == (error.code, str(selectors.find_refusal(fan, creator)))


@pytest.mark.parametrize(
    ("fields", "error"),
    [({"birth_date": date(2015, 1, 1)}, TooYoung), ({"verified": False}, EmailUnverified)],
)
def test_the_fan_must_be_of_age_and_proven(clock, creator, fields, error):
    """CALL-1: both 18 or older; no spending before the address is proven."""
    with pytest.raises(error):
        cast.ring(cast.make_person("young", **fields), creator)


def test_staff_cannot_call(clock, creator):
    """ACC-5: staff accounts have no wallet."""
    with pytest.raises(StaffStandApart):
        cast.ring(make.make_staff("clerk"), creator)


def test_nobody_calls_themself(creator):
    with pytest.raises(errors.NotYourself):
        cast.ring(creator, creator)


def test_a_kind_that_is_not_offered_is_refused(fan, clock):
    with pytest.raises(errors.NotOffered):
        cast.ring(fan, cast.make_creator("otto", voice=None), "voice")


# ── CALL-1, at the answer ───────────────────────────────────────────────────────────────────
def test_a_block_while_it_rings_ends_the_ring(fan, creator):
    """CALL-1: checked again at accept; the block itself already ends it."""
    invitation = cast.ring(fan, creator)
    accounts.block(blocker=fan, blocked=creator)
    invitation.refresh_from_db()
    assert invitation.status == "expired"


def test_one_seat_each(fan, creator):
    """CALL-1: a fan who picked up another's ring meanwhile cannot be in two calls."""
    fan_too = cast.make_creator("fanny")
    cast.give_tokens(fan_too, 500)
    mine = cast.ring(fan_too, creator)
    theirs = cast.ring(fan, fan_too)
    services.accept_ring(creator=fan_too, invitation_id=theirs.pk)
    mine.refresh_from_db()
    assert mine.status == "expired"
    with pytest.raises(errors.RingOver):
        services.accept_ring(creator=creator, invitation_id=mine.pk)


def test_picking_up_twice_is_one_call(fan, creator):
    invitation = cast.ring(fan, creator)
    first = services.accept_ring(creator=creator, invitation_id=invitation.pk)
    assert services.accept_ring(creator=creator, invitation_id=invitation.pk) == first
    assert economy.get_balance(fan).held == 40


def test_strangers_answer_nothing(fan, creator, clock):
    """A ring belongs to two people; for others it does not exist."""
    invitation = cast.ring(fan, creator)
    stranger = cast.make_creator("otto")
    for act in (services.accept_ring, services.decline_ring):
        with pytest.raises(NotFound):
            act(creator=stranger, invitation_id=invitation.pk)
    with pytest.raises(NotFound):
        services.cancel_ring(fan=creator, invitation_id=invitation.pk)
    assert CallInvitation.objects.get().is_pending


def test_busy_people_are_known_in_one_query(fan, creator, django_assert_num_queries):
    """DISC-2: in a call is not online."""
    cast.open_call(fan, creator)
    with django_assert_num_queries(1):
        assert selectors.busy_ids([fan.pk, creator.pk]) == {fan.pk, creator.pk}
