"""Lists cost the same number of queries however long they are: each list of the admin, and a person's own devices."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from django.contrib import admin
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from accounts import services as accounts
from accounts.models import Category, User
from calls import services as calls
from digis.core import clock
from economy import services as economy
from economy.models import (
    Adjustment,
    Dispute,
    DisputeStanding,
    ExchangeRate,
    Finding,
    Gift,
    Pack,
    PackPrice,
    Payout,
    PurchasePlace,
    Reconciliation,
    SaleReview,
    Statement,
    VoucherCode,
)
from economy.services.payouts import open_payout
from tests import make
from tests.access.places import STORY
from tests.accounts.conftest import PASSWORD
from tests.calls import cast
from tests.calls_ui import scenes

pytestmark = pytest.mark.django_db
_number = count(1)
STRIPE_SAID = {
    "amount": 100, "net": 90, "fee": 10, "currency": "usd", "type": "charge", "reason": "general",
    "available_on": 1_800_000_000, "arrival_date": 1_800_000_000, "created": 1_800_000_000, "paid": True,
}  # fmt: skip
STATES = {"balancetransaction": "available", "payout": "paid", "dispute": "won", "session": "complete"}


def make_a_round() -> None:
    """Let a bit of everything happen that our own lists show."""
    number = next(_number)
    Category.objects.create(slug=f"field-{number}", name=f"Field {number}")
    judge, other = make.make_staff(), make.make_staff()
    fan, creator = cast.make_person("reader", tokens=500), cast.make_creator("maker", video=20, voice=10)
    make.buy_tokens(fan, 100)
    running = scenes.call(fan, creator)
    calls.hang_up(person=fan, call_id=running.pk)
    give_a_round(fan, creator, judge)
    accounts.rename_handle(person=fan, handle=f"other{number}.name")
    begun = accounts.start_application(person=make.make_person(birth_date=cast.BORN))
    accounts.save_application(application=begun, headline="Turns bowls", categories=[f"field-{number}"])
    accounts.save_application(application=begun, about=STORY, links="")
    accounts.submit_application(application=begun)
    accounts.refuse_application(application=begun, staff=judge, reason="Tell us more.")
    accounts.suspend(person=fan, staff=judge, reason="Spam")
    appeal = accounts.send_appeal(person=fan, text="It was somebody else on my phone.")
    accounts.answer_appeal(appeal_id=appeal.pk, staff=other, is_granted=True, answer="So it was.")


def give_a_round(fan: Any, creator: Any, staff: Any) -> None:
    friend = make.make_person()
    Gift.objects.create(name=f"Gift {next(_number)}", tokens=10, picture="star")
    economy.send_tip(payer=fan, payee=creator, amount=10, key="tip")
    User.objects.filter(pk=fan.pk).update(created_at=clock.now() - timedelta(days=30))
    fan.refresh_from_db()
    economy.transfer(giver=fan, receiver=friend, amount=10, key="present")
    code = economy.save_code(staff=staff, code=VoucherCode(amount=5, note="Spring fair"))
    economy.redeem_code(person=friend, code=code.code, key="code")
    economy.give_bonus(staff=staff, person=friend, amount=5, reason="Sorry", key="bonus")
    make.earn_available(creator, 1_000)
    open_payout(creator=creator, tokens=1_000, kind=Payout.Kind.MANUAL, key="payout")
    DisputeStanding.objects.create(creator=creator, payments=30, disputed=1)
    Adjustment.objects.create(
        kind="credit_creator", person=creator, tokens=5, reason="Ours", requested_by=staff, key=f"x{next(_number)}"
    )
    Dispute.objects.create(
        stripe_id=f"dp_{next(_number)}",
        purchase=make.buy_tokens(friend, 100),
        status="won",
        reason="fraudulent",
        amount_minor=500,
        currency="USD",
        opened_at=clock.now(),
    )
    SaleReview.objects.create(
        cause="velocity",
        payer=fan,
        payee=creator,
        state="released",
        decided_at=clock.now(),
        decided_by=staff,
        reason="Ours",
    )
    now = clock.now()
    day = clock.today() - timedelta(days=next(_number))
    ExchangeRate.objects.create(currency="EUR", day=day, micros=900_000, source="staff", created_by=make.make_staff())
    pack = Pack.objects.create(tokens=100 + next(_number), amount_minor=1_000)
    PackPrice.objects.create(pack=pack, currency="EUR", amount_minor=900)
    Reconciliation.objects.create(kind="recent", since=now - timedelta(hours=2), until=now)
    Finding.objects.create(
        key=f"unknown_charge:{next(_number)}",
        kind="unknown_charge",
        subject="ch_x",
        stripe_minor=500,
        currency="USD",
        resolved_at=now,
        resolved_by=make.make_staff(),
    )
    economy.save_fee_rule(staff=staff, kind="tip", creator=creator, fee_bp=1_500, starts_at=None, reason="Early.")
    PurchasePlace.objects.create(purchase=make.buy_tokens(friend, 5), state="open")
    economy.save_tax_rate(
        staff=make.make_staff(),
        country="DE",
        region="",
        name="VAT",
        rate_ppm=190_000,
        is_inclusive=True,
        starts_on=clock.today() + timedelta(days=next(_number)),
        reason="Law",
    )
    economy.issue_invoices()
    facts = {"opening": 0, "change": 0, "closing": 0, "lines": 0, "payout_micros": 50_000}
    Statement.objects.create(person=friend, role="fan", month=date(2020, 1, 1), **facts)
    economy.note_referral(person=friend, code=economy.open_referral_code(person=fan).code)


def fill(model: type[models.Model], *, depth: int = 3) -> Any:
    """Make a row of a table that no act of ours fills: something in every field, and a row at the end of every key."""
    if model is PeriodicTask:  # takes one schedule out of four
        return PeriodicTask.objects.create(name=f"x_{next(_number)}", interval=fill(IntervalSchedule))
    values: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if field.name == "stripe_data":
            values[field.name] = {**STRIPE_SAID, "status": STATES.get(model._meta.model_name, "succeeded")}
        elif isinstance(field, models.ForeignKey):
            if depth or not field.null:
                values[field.name] = fill(field.related_model, depth=max(0, depth - 1))
        elif not (field.has_default() or field.null or getattr(field, "db_returning", False)) or field.unique:
            values[field.name] = value_for(field)
    row = model(**{name: value for name, value in values.items() if value is not None})
    row.save(force_insert=True)
    return row


def value_for(field: Any) -> Any:
    number = next(_number)
    if field.choices:
        return field.choices[0][0]
    plain: list[tuple[type[models.Field[Any, Any]] | tuple[type[models.Field[Any, Any]], ...], Any]] = [
        (models.AutoField, None),
        (models.DateTimeField, clock.now()),
        (models.DateField, clock.today() + timedelta(days=number)),
        (models.JSONField, {}),
        (models.UUIDField, uuid4()),
        (models.BooleanField, False),
        ((models.IntegerField, models.DecimalField), number % 89),
        (models.GenericIPAddressField, "127.0.0.1"),
        (models.CharField, f"x_{number}"[-(field.max_length or 9) :]),
    ]
    return next((value for kind, value in plain if isinstance(field, kind)), None)


@pytest.fixture
def chief_client(db: None) -> Client:
    return make.sign_in_staff(Client(), make.make_staff("chief", is_superuser=True))


def queries(browser: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert browser.get(url).status_code == 200, url
    return len(seen)


def test_each_list_of_the_admin_costs_the_same_queries_however_long(chief_client: Client):
    lists = list(admin.site._registry)
    assert len(lists) > 25

    def rows() -> dict[type[models.Model], int]:
        return {model: model._base_manager.count() for model in lists}

    def grow(rounds: int) -> dict[type[models.Model], int]:
        before = rows()
        for _ in range(rounds):
            make_a_round()
        for model, now in rows().items():
            if now == before[model]:  # not of our own doing: another package's, or a table that staff fill
                for _ in range(rounds):
                    fill(model)
        return rows()

    def measure() -> dict[type[models.Model], int]:
        return {
            model: queries(chief_client, reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
            for model in lists
        }

    few = grow(1)
    queries(chief_client, reverse("admin:accounts_user_changelist"))  # what is kept once read, is kept from here on
    before = measure()
    many = grow(3)
    after = measure()
    still = [model._meta.label for model in lists if many[model] <= few[model]]
    assert not still, f"these lists did not grow: {still}"
    dearer = {m._meta.label: (before[m], after[m]) for m in lists if after[m] > before[m]}
    assert not dearer, f"name the keys these lists show in list_select_related: {dearer}"


def test_the_list_of_devices_costs_the_same_queries_however_many_there_are(ana: Any):
    def browser() -> Client:
        client = Client()
        assert client.post("/sign-in/", {"login": "ana", "password": PASSWORD}).status_code == 303
        client.get("/settings/account/")
        return client

    here = browser()
    browser()
    here.get("/settings/sessions/")
    few = queries(here, "/settings/sessions/")
    for _ in range(4):
        browser()
    assert len(here.get("/settings/sessions/").context["sessions"]) == 6
    assert queries(here, "/settings/sessions/") == few
