"""The demo data: whole, believable, the same everywhere, and never where it does not belong."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from digis.stack.demo_accounts import DEMO_ACCOUNTS, DEMO_PASSWORD
from discovery.demo import load
from discovery.demo.art import draw_portrait
from discovery.demo.creators import CREATORS
from discovery.demo.people import CATEGORIES, FANS


def run() -> str:
    out = StringIO()
    call_command("load_demo", stdout=out)
    return out.getvalue()


def test_it_refuses_a_database_that_we_did_not_start(db: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DIGIS_EMBEDDED_DATABASE", raising=False)
    with pytest.raises(CommandError, match="only loaded into the database"):
        run()
    assert not User.objects.exists()


def test_everything_comes_once_and_the_ledger_is_clean(
    db: None, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
):
    settings.MEDIA_ROOT = tmp_path
    settings.SIGNUP_GRANT = 60
    monkeypatch.setenv("DIGIS_EMBEDDED_DATABASE", "1")
    assert "28 creators" in run()
    assert "already" in run()

    people = {person.email: person for person in User.objects.select_related("creator")}
    assert {account.email for account in DEMO_ACCOUNTS} <= set(people)
    assert all(person.check_password(DEMO_PASSWORD) for person in list(people.values())[:2])
    assert people["creator@digis.test"].is_approved_creator
    assert people["creator@digis.test"].pk == load.demo_id("ana")
    assert people["admin@digis.test"].is_superuser
    assert sum(person.is_approved_creator for person in people.values()) >= 24
    assert all(
        person.avatar and person.banner and person.creator.portrait
        for person in people.values()
        if person.is_approved_creator
    )

    from economy import selectors as economy

    earnings = economy.get_earnings(people["creator@digis.test"])
    assert earnings.pending + earnings.available > 0
    assert all(economy.get_balance(people[fan.email]).spendable > 0 for fan in FANS)

    home = Client().get("/").content.decode()
    assert "Picks up now" in home
    page = Client().get("/@ana/")
    assert page.status_code == 200
    assert "Ceramics and glaze rescue" in page.content.decode()
    check_the_past_of_money()


def check_the_past_of_money() -> None:
    """Look at months of payouts, one with our staff, one dispute won and one lost, all in the ledger."""
    from economy import invariants
    from economy import selectors as economy
    from economy import services as acts
    from economy.models import Dispute, Payout, SaleReview

    assert invariants.broken() == []
    ana = User.objects.get(username="ana")
    paid = [(payout.tokens, payout.state) for payout in economy.list_payouts(ana)]
    assert paid == [(640, "paid"), (960, "paid"), (1_000, "paid"), (832, "paid")]
    assert economy.sum_paid_out(ana) == 3_432
    sheet = economy.get_earnings(ana)
    assert sheet.available > 0
    assert sheet.pending > 0
    assert list(Payout.objects.exclude(state="paid").values_list("creator__username", "state")) == [
        ("lucia", "in_review")
    ]
    disputes = Dispute.objects.order_by("opened_at").values_list(
        "status", "purchase__status", "purchase__credited_tokens"
    )
    assert list(disputes) == [("lost", "disputed", 0), ("won", "paid", 500)]
    states = [line.state for line in economy.present_adjustments(list(economy.list_adjustments(ana)), viewer=ana)]
    assert set(states) == {"restored", "lost"}
    assert acts.screen_sales() == 0
    assert not SaleReview.objects.exists()
    days = [payout.created_at for payout in economy.list_payouts(ana)]
    assert days == sorted(days, reverse=True)


def test_the_cast_is_consistent():
    assert len(CREATORS) >= 24
    assert len({creator.handle for creator in CREATORS} | {fan.handle for fan in FANS}) == len(CREATORS) + len(FANS)
    known = {category.slug for category in CATEGORIES}
    assert all(set(creator.categories) <= known for creator in CREATORS)
    assert known == {slug for creator in CREATORS for slug in creator.categories}
    assert all(len(creator.headline.split()) <= 6 and len(creator.bio) <= 500 for creator in CREATORS)
    assert len({creator.look for creator in CREATORS}) == len(CREATORS)


def test_a_portrait_is_the_same_whenever_it_is_drawn():
    creator = CREATORS[0]
    first = draw_portrait(creator.handle, creator.look)
    assert first == draw_portrait(creator.handle, creator.look)
    assert "<script" not in first
    assert len(first) < 9_000
