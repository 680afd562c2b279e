"""Corrections: one member of staff asks, another decides; debts are written off after their time (PAY-4)."""

from __future__ import annotations

import pytest

from accounts.errors import OwnAccount
from digis.core.errors import InvalidState, ValidationFailed
from digis.core.models import AuditEntry
from economy import selectors, services
from economy.errors import NeedsAnotherPerson
from economy.models import Adjustment, LedgerAccount, Payout
from economy.services.payouts import open_payout
from tests import make

pytestmark = pytest.mark.django_db
Kind = Adjustment.Kind


@pytest.fixture
def desk(db):
    return make.make_staff("desk", groups=["finance"])


@pytest.fixture
def other(db):
    return make.make_staff("other", groups=["finance"])


@pytest.fixture
def owing(fan, creator):
    """A creator who was paid out what a refund took back afterwards: 300 tokens are owed."""
    make.buy_tokens(fan, 1_000)
    charge = make.earn_available(creator, 600, payer=fan)
    open_payout(creator=creator, tokens=None, kind=Payout.Kind.MANUAL, key="out")
    services.refund_charge(transaction_id=charge, key="back", reason="test", amount=300)
    assert selectors.get_payable(creator).owed == 300
    return creator


def ask(staff, person, kind, tokens, key="k"):
    return services.request_adjustment(
        staff=staff, person=person, kind=kind, tokens=tokens, reason="It was our fault.", key=key
    )


def refusal_of(act):
    with pytest.raises(ValidationFailed) as refused:
        act()
    return str(refused.value.fields)


def losses():
    services.fold_earnings()
    return LedgerAccount.objects.get(owner=None, kind="losses").balance


def test_a_creators_debt_is_written_off_after_ninety_days_by_two_people(owing, desk, other, clock):
    """PAY-4."""
    assert "90 days" in refusal_of(lambda: ask(desk, owing, Kind.FORGIVE_CREATOR, 300))
    clock.advance(days=91)
    assert "300 tokens" in refusal_of(lambda: ask(desk, owing, Kind.FORGIVE_CREATOR, 301))
    asked = ask(desk, owing, Kind.FORGIVE_CREATOR, 300)
    assert ask(desk, owing, Kind.FORGIVE_CREATOR, 300).pk == asked.pk
    assert selectors.get_payable(owing).owed == 300
    with pytest.raises(NeedsAnotherPerson):
        services.decide_adjustment(adjustment_id=asked.pk, staff=desk, approve=True)
    services.decide_adjustment(adjustment_id=asked.pk, staff=other, approve=True)
    assert (selectors.get_payable(owing).owed, losses()) == (0, 300)
    with pytest.raises(InvalidState):
        services.decide_adjustment(adjustment_id=asked.pk, staff=other, approve=True)
    actions = AuditEntry.objects.filter(action__startswith="economy.adjustment").values_list("action", "actor_id")
    assert set(actions) == {("economy.adjustment_requested", desk.pk), ("economy.adjustment_posted", other.pk)}


def test_the_ninety_days_begin_anew_once_it_was_paid(owing, desk, clock):
    """PAY-4: negative without a break."""
    first = selectors.find_owed_since(owing)
    assert first is not None
    clock.advance(days=80)
    make.earn_available(owing, 500)  # pays what was owed
    assert (selectors.get_payable(owing).owed, selectors.find_owed_since(owing)) == (0, None)
    assert "0 tokens" in refusal_of(lambda: ask(desk, owing, Kind.FORGIVE_CREATOR, 1))
    other = make.make_staff("clerk")
    asked = ask(other, owing, Kind.DEBIT_CREATOR, 900, key="more")
    services.decide_adjustment(adjustment_id=asked.pk, staff=desk, approve=True)
    clock.advance(days=11)
    assert "90 days" in refusal_of(lambda: ask(desk, owing, Kind.FORGIVE_CREATOR, 1, key="again"))


def test_less_is_owed_by_now_and_nothing_moves(owing, fan, desk, other, clock):
    """PAY-4: later earnings net first; what is gone cannot be forgiven."""
    clock.advance(days=91)
    asked = ask(desk, owing, Kind.FORGIVE_CREATOR, 300)
    make.earn_available(owing, 100, payer=make.make_person("late"))
    services.mature_earnings()
    before = selectors.get_payable(owing).owed
    with pytest.raises(InvalidState):
        services.decide_adjustment(adjustment_id=asked.pk, staff=other, approve=True)
    asked.refresh_from_db()
    assert (asked.state, selectors.get_payable(owing).owed) == ("requested", before)


def test_a_buyers_debt_is_written_off_at_once(fan, creator, desk, other):
    """LEDGER-8: what was spent and then refunded stops blocking them once two people agree."""
    bought = make.buy_tokens(fan, 100)
    services.send_tip(payer=fan, payee=creator, amount=80, key="tip")
    services.post_purchase(purchase_id=bought.pk, kept_minor=0, refunded_minor=500)
    assert selectors.get_balance(fan).debt == 80
    asked = ask(desk, fan, Kind.FORGIVE_FAN, 80)
    services.decide_adjustment(adjustment_id=asked.pk, staff=other, approve=True)
    assert (selectors.get_balance(fan).debt, losses()) == (0, 80)


@pytest.mark.parametrize(("kind", "available", "owed"), [(Kind.CREDIT_CREATOR, 550, 0), (Kind.DEBIT_CREATOR, 250, 0)])
def test_earnings_are_corrected_both_ways(creator, creator_client, desk, other, kind, available, owed):
    make.earn_available(creator, 400)
    asked = ask(desk, creator, kind, 150)
    services.decide_adjustment(adjustment_id=asked.pk, staff=other, approve=True)
    payable = selectors.get_payable(creator)
    assert (payable.tokens, payable.owed) == (available, owed)
    page = creator_client.get("/studio/earnings/").content.decode()
    assert "It was our fault." in page
    assert creator.notifications.filter(kind="economy.adjusted").count() == 1


def test_what_earnings_do_not_cover_is_owed(creator, desk, other):
    """PAY-4."""
    make.earn_available(creator, 100)
    asked = ask(desk, creator, Kind.DEBIT_CREATOR, 150)
    services.decide_adjustment(adjustment_id=asked.pk, staff=other, approve=True)
    assert selectors.get_payable(creator).owed == 50


def test_nobody_asks_for_themselves_and_a_refusal_has_a_reason(creator, fan, desk, other):
    """ACC-5."""
    with pytest.raises(OwnAccount):
        ask(desk, desk, Kind.CREDIT_CREATOR, 5)
    assert "no creator" in refusal_of(lambda: ask(desk, fan, Kind.CREDIT_CREATOR, 5))
    asked = ask(desk, creator, Kind.CREDIT_CREATOR, 5)
    with pytest.raises(ValidationFailed):
        services.decide_adjustment(adjustment_id=asked.pk, staff=other, approve=False)
    services.decide_adjustment(adjustment_id=asked.pk, staff=other, approve=False, note="No.")
    asked.refresh_from_db()
    assert (asked.state, asked.transaction_id) == ("refused", None)


def test_it_is_asked_for_and_decided_in_the_admin(creator, desk, other, client):
    """PAY-4: the form says what is wrong; whoever asked is offered no button."""
    from django.test import Client

    make.sign_in_staff(client, desk)
    add = "/admin/economy/adjustment/add/"
    typed = {
        "handle": "@creator",
        "kind": "credit_creator",
        "tokens": "25",
        "reason": "Lost in a drill.",
        "idempotency_key": "x",
    }
    assert "nobody of this name" in client.post(add, {**typed, "handle": "nobody"}).content.decode()
    assert "They owe 0 tokens" in client.post(add, {**typed, "kind": "forgive_creator"}).content.decode()
    assert client.post(add, typed).status_code == 302
    assert client.post(add, typed).status_code == 302
    row = Adjustment.objects.get()
    url = f"/admin/economy/adjustment/{row.pk}/"
    assert "Agree and post" not in client.get(f"{url}change/").content.decode()
    client.post(f"{url}act/approve/")
    row.refresh_from_db()
    assert row.state == "requested"
    second = make.sign_in_staff(Client(), other)
    assert "Agree and post" in second.get(f"{url}change/").content.decode()
    second.post(f"{url}act/approve/")
    row.refresh_from_db()
    assert (row.state, selectors.get_payable(creator).tokens) == ("posted", 25)
