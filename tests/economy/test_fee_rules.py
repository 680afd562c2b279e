"""What we take of a sale: rules that finance makes in the admin, from a day on, and what creators hear of it (LEDGER-11)."""

from __future__ import annotations

from datetime import UTC, timedelta
from itertools import count

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.errors import OwnAccount
from digis.core import clock as times
from digis.core.errors import InvalidState, ValidationFailed
from digis.core.models import AuditEntry
from economy import selectors, services
from economy.models import FeeRule, LedgerTransaction
from economy.services import fees
from notifications.kinds import get_kind
from tests import make
from tests.economy.payees import words

pytestmark = pytest.mark.django_db
ADD = "/admin/economy/feerule/add/"
LIST = "/admin/economy/feerule/"
_tip = count(1)


def fill_in(**typed):
    return {"handle": "", "kind": "", "percent": "15", "starts_at": "", "reason": "A fair summer.", **typed}


def tip(fan, creator, amount=100):
    """Tip, and return what we took of it."""
    sent = services.send_tip(payer=fan, payee=creator, amount=amount, key=f"tip-{next(_tip)}")
    return LedgerTransaction.objects.get(pk=sent.transaction_id).fee


def tell():
    while make.handle_outbox("economy.fee_rule"):
        pass


def news(creator):
    return [row for row in creator.notifications.all() if row.kind == "economy.fee_changed"]


def test_finance_makes_a_rule_for_one_creator_that_the_next_sale_carries(fan, creator, staff_client):
    """LEDGER-11: to the token; what was sold before keeps its fee."""
    make.buy_tokens(fan, 500)
    assert tip(fan, creator) == 20
    answer = staff_client.post(ADD, fill_in(handle="@creator", kind="tip", percent="12.5"))
    assert (answer.status_code, answer.headers["Location"]) == (302, LIST)
    assert tip(fan, creator) == 12
    assert tip(fan, make.make_creator("other")) == 20
    assert sorted(LedgerTransaction.objects.filter(payee=creator).values_list("fee", flat=True)) == [12, 20]
    rule = FeeRule.objects.get()
    assert (rule.creator_id, rule.kind, rule.fee_bp, rule.reason) == (creator.pk, "tip", 1_250, "A fair summer.")
    entry = AuditEntry.objects.get(action="economy.fee_rule_made")
    assert (entry.actor_label, entry.reason, entry.target_id) == ("@cashier", "A fair summer.", str(rule.pk))
    assert entry.data["fee_bp"] == 1_250


@pytest.mark.parametrize(
    ("typed", "fee_bp"),
    [("15", 1_500), ("12.5", 1_250), ("12,5", 1_250), ("0.07", 7), ("0", 0), ("100", 10_000), ("8.29 %", 829)],
)
def test_a_percent_is_read_exactly(staff_client, typed, fee_bp):
    """LEDGER-1: 8.29 times a hundred is 828 and a bit to a machine that counts in halves."""
    staff_client.post(ADD, fill_in(percent=typed))
    assert FeeRule.objects.get().fee_bp == fee_bp
    assert typed.rstrip(" %").replace(",", ".") + " %" in words(staff_client.get(LIST))


def test_staff_are_told_which_packs_a_rule_makes_a_loss_of(staff_client):
    """PAY-9: 2,700 tokens cost $125.00; at 7 % creators are paid $125.55 for them."""
    assert "than they cost" not in words(staff_client.post(ADD, fill_in(percent="7.41"), follow=True))
    said = words(staff_client.post(ADD, fill_in(percent="7"), follow=True))
    assert "than they cost (2500 + 200: 125.00 USD)." in said


@pytest.mark.parametrize("typed", ["", "100.01", "101", "-1", "12.345", "1e2", "٥", "a fifth", "999.99"])
def test_what_is_no_percent_is_refused_beside_its_field(staff_client, typed):
    answer = staff_client.post(ADD, fill_in(percent=typed))
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors.keys() == {"percent"}
    assert not FeeRule.objects.exists()


def test_a_rule_begins_at_its_moment_in_utc_and_the_next_takes_its_place(fan, creator, staff_client, clock):
    """LEDGER-11: dated; the newest begun of its like is the one in force."""
    make.buy_tokens(fan, 500)
    start = (times.now() + timedelta(days=3)).astimezone(UTC).replace(second=0, microsecond=0)
    staff_client.post(ADD, fill_in(kind="tip", percent="30"))
    staff_client.post(ADD, fill_in(kind="tip", percent="10", starts_at=f"{start:%Y-%m-%dT%H:%M}"))
    late = FeeRule.objects.get(fee_bp=1_000)
    assert late.starts_at == start
    staff_client.get(LIST)  # says that they were made
    shown = [words(staff_client.get(f"{LIST}?state={state}")) for state in ("in_force", "coming", "over")]
    assert [("30 %" in page, "10 %" in page) for page in shown] == [(True, False), (False, True), (False, False)]
    clock.advance(days=2, hours=23)
    assert tip(fan, creator) == 30
    clock.advance(hours=2)
    assert tip(fan, creator) == 10
    staff_client = make.sign_in_staff(Client(), make.make_staff("later", groups=["finance"]))
    shown = [words(staff_client.get(f"{LIST}?state={state}")) for state in ("in_force", "coming", "over")]
    assert [("30 %" in page, "10 %" in page) for page in shown] == [(False, True), (False, False), (True, False)]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"starts_at": "2020-01-01T00:00"}, "starts_at"),
        ({"starts_at": "tomorrow"}, "starts_at"),
        ({"kind": "transfer"}, "kind"),
        ({"kind": "boats"}, "kind"),
        ({"handle": "nobody.here"}, "handle"),
        ({"handle": "fan"}, "handle"),
        ({"reason": " "}, "reason"),
    ],
    ids=str,
)
def test_what_cannot_be_a_rule_is_refused_beside_its_field(fan, staff_client, typed, field):
    answer = staff_client.post(ADD, fill_in(**typed))
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors.keys() == {field}
    assert not FeeRule.objects.exists()
    assert not AuditEntry.objects.filter(action="economy.fee_rule_made").exists()


def refusal_of(**given):
    asked = {"kind": "", "creator": None, "fee_bp": 1_500, "starts_at": None, "reason": "Fair.", **given}
    with pytest.raises(ValidationFailed) as refused:
        services.save_fee_rule(**asked)
    return set(refused.value.fields)


def test_the_service_refuses_by_itself_what_the_form_does_not_offer(desk, fan, creator):
    """LEDGER-11: nothing but the service stands between a caller and what is sold."""
    moment = times.now() - timedelta(seconds=1)
    assert refusal_of(staff=desk, starts_at=moment) == {"starts_at"}
    assert refusal_of(staff=desk, kind="transfer") == {"kind"}
    assert refusal_of(staff=desk, fee_bp=10_001) == {"percent"}
    assert refusal_of(staff=desk, fee_bp=-1) == {"percent"}
    assert refusal_of(staff=desk, creator=fan) == {"handle"}
    assert refusal_of(staff=desk, reason=" ") == {"reason"}
    with pytest.raises(OwnAccount):
        services.save_fee_rule(staff=creator, kind="", creator=creator, fee_bp=0, starts_at=None, reason="Mine.")
    assert not FeeRule.objects.exists()


def test_the_same_form_sent_twice_and_a_second_rule_for_one_moment_are_refused(desk, creator, staff_client):
    """LEDGER-4."""
    staff_client.post(ADD, fill_in())
    again = staff_client.post(ADD, fill_in())
    assert "says 15 % by then already" in words(again)
    start = times.now() + timedelta(days=1)
    for who in (None, creator):
        services.save_fee_rule(staff=desk, kind="", creator=who, fee_bp=500, starts_at=start, reason="Fair.")
        assert refusal_of(staff=desk, creator=who, fee_bp=600, starts_at=start) == {"starts_at"}
    assert FeeRule.objects.count() == 3


def test_a_rule_once_made_is_never_changed_nor_deleted(staff_client):
    """LEDGER-11: what was sold refers to it."""
    staff_client.post(ADD, fill_in())
    rule = FeeRule.objects.get()
    page = f"{LIST}{rule.pk}/change/"
    assert "A fair summer." in words(staff_client.get(page))
    assert staff_client.post(page, fill_in(percent="1")).status_code == 403
    assert staff_client.post(f"{LIST}{rule.pk}/delete/", {"post": "yes"}).status_code == 403
    chief = make.sign_in_staff(Client(), make.make_staff("chief", is_superuser=True))
    assert chief.post(page, fill_in(percent="1")).status_code == 403
    assert chief.post(f"{LIST}{rule.pk}/delete/", {"post": "yes"}).status_code == 403
    assert FeeRule.objects.get().fee_bp == 1_500


def test_only_finance_makes_rules():
    """ACC-5: roles are capabilities."""
    browser = make.sign_in_staff(Client(), make.make_staff("warden", groups=["moderator"]))
    assert browser.get(LIST).status_code == 403
    assert browser.post(ADD, fill_in()).status_code == 403
    assert not FeeRule.objects.exists()


def test_creators_whose_fee_changes_are_told_once_with_the_day(creator, fan, desk, creator_client, monkeypatch):
    """NOT-5: in parts, however many; those whom a narrower rule stands before hear nothing."""
    monkeypatch.setattr(fees, "PART", 1)
    other, third = make.make_creator("other"), make.make_creator("third")
    services.save_fee_rule(staff=desk, kind="tip", creator=other, fee_bp=500, starts_at=None, reason="Early.")
    tell()
    assert (len(news(other)), news(creator)) == (1, [])
    start = times.now() + timedelta(days=2)
    services.save_fee_rule(staff=desk, kind="tip", creator=None, fee_bp=1_250, starts_at=start, reason="For all.")
    tell()
    make.handle_outbox("economy.fee_rule")
    assert [len(news(person)) for person in (creator, other, third, fan)] == [1, 1, 1, 0]
    said = words(creator_client.get("/notifications/"))
    assert f"at {start.astimezone(UTC):%H:%M} UTC" in said
    assert "12.5 % of tips instead of 20 %" in said
    make.handle_outbox("notifications.deliver")
    assert any("12.5 %" in mail.body for mail in make.mail_to(creator))


# ── Withdrawing ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def coming(desk, creator):
    """For this creator 10 percent of tips, from the day after tomorrow."""
    start = times.now() + timedelta(days=2)
    return services.save_fee_rule(
        staff=desk, kind="tip", creator=creator, fee_bp=1_000, starts_at=start, reason="Early."
    )


def withdraw(browser, rule, reason="A slip."):
    return browser.post(f"{LIST}{rule.pk}/act/withdraw/", {"reason": reason})


def test_a_rule_still_to_come_is_withdrawn_with_a_reason_and_never_begins(fan, creator, coming, staff_client, clock):
    """LEDGER-11: what is in force at its moment goes on; it stays on the list, and another may begin at its moment."""
    make.buy_tokens(fan, 500)
    page = f"{LIST}{coming.pk}/change/"
    assert "It never begins" in words(staff_client.get(page))
    assert withdraw(staff_client, coming, reason=" ").status_code == 422
    assert FeeRule.objects.get().withdrawn_at is None
    assert withdraw(staff_client, coming).status_code in {302, 303}
    rule = FeeRule.objects.get()
    assert (rule.withdrawn_by.username, rule.withdrawal, rule.fee_bp) == ("cashier", "A slip.", 1_000)
    entry = AuditEntry.objects.get(action="economy.fee_rule_withdrawn")
    assert (entry.actor_label, entry.reason, entry.target_id) == ("@cashier", "A slip.", str(rule.pk))
    shown = words(staff_client.get(page))
    assert "A slip." in shown
    assert "It never begins" not in shown
    staff_client.get(LIST)
    assert "10 %" in words(staff_client.get(f"{LIST}?state=withdrawn"))
    assert "10 %" not in words(staff_client.get(f"{LIST}?state=coming"))
    again = services.save_fee_rule(
        staff=rule.created_by, kind="tip", creator=creator, fee_bp=500, starts_at=rule.starts_at, reason="Right."
    )
    withdraw(staff_client, again)
    clock.advance(days=3)
    assert tip(fan, creator) == 20
    browser = make.sign_in_staff(Client(), make.make_staff("later", groups=["finance"]))
    assert "10 %" not in words(browser.get(f"{LIST}?state=in_force"))
    assert "10 %" not in words(browser.get(f"{LIST}?state=over"))


def test_what_has_begun_or_is_withdrawn_already_is_not_withdrawn(desk, coming, staff_client, clock):
    services.withdraw_fee_rule(rule_id=coming.pk, staff=desk, reason="A slip.")
    with pytest.raises(InvalidState):
        services.withdraw_fee_rule(rule_id=coming.pk, staff=desk, reason="Again.")
    begun = services.save_fee_rule(staff=desk, kind="", creator=None, fee_bp=1_500, starts_at=None, reason="Now.")
    with pytest.raises(InvalidState):
        services.withdraw_fee_rule(rule_id=begun.pk, staff=desk, reason="A slip.")
    assert "act/withdraw" not in staff_client.get(f"{LIST}{begun.pk}/change/").content.decode()
    withdraw(staff_client, begun)
    assert FeeRule.objects.get(pk=begun.pk).withdrawn_at is None
    with pytest.raises(IntegrityError), transaction.atomic():  # the database does not take it either
        FeeRule.objects.filter(pk=begun.pk).update(withdrawn_at=times.now(), withdrawal="A slip.")


def test_nobody_else_withdraws_a_rule_and_nobody_their_own(creator, coming):
    """ACC-5."""
    browser = make.sign_in_staff(Client(), make.make_staff("warden", groups=["moderator"]))
    assert withdraw(browser, coming).status_code == 403
    with pytest.raises(OwnAccount):
        services.withdraw_fee_rule(rule_id=coming.pk, staff=creator, reason="Mine.")
    assert FeeRule.objects.get().withdrawn_at is None


def test_who_heard_of_a_rule_hears_that_it_is_withdrawn_and_nobody_else(creator, coming, desk, monkeypatch):
    """NOT-1: once, however often it is promised; of one that nobody had heard of, nobody hears."""
    monkeypatch.setattr(fees, "PART", 1)
    other = make.make_creator("other")
    tell()
    services.withdraw_fee_rule(rule_id=coming.pk, staff=desk, reason="A slip.")
    tell()
    services.announce_fee_rule(rule_id=coming.pk, after=None)
    (said,) = creator.notifications.filter(kind="economy.fee_change_withdrawn")
    assert "10 % of tips instead of 20 %" in get_kind(said.kind).render([said]).body
    start = times.now() + timedelta(days=3)
    quick = services.save_fee_rule(staff=desk, kind="", creator=None, fee_bp=500, starts_at=start, reason="All.")
    services.withdraw_fee_rule(rule_id=quick.pk, staff=desk, reason="A slip.")
    tell()
    assert [row.kind for row in other.notifications.all()] == []
    assert creator.notifications.count() == 2


def test_creators_read_what_we_take_of_them(creator, creator_client, desk):
    """LEDGER-7, features 1.3: before they sell."""
    assert "Our part: 20 % of calls, 20 % of tips" in words(creator_client.get("/studio/earnings/"))
    services.save_fee_rule(staff=desk, kind="tip", creator=creator, fee_bp=725, starts_at=None, reason="Early.")
    assert "Our part: 20 % of calls, 7.25 % of tips" in words(creator_client.get("/studio/earnings/"))
    assert [(fee.kind, fee.fee_bp) for fee in selectors.list_fees(creator)] == [("call", 2_000), ("tip", 725)]
