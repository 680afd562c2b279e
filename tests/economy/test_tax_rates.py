"""What sales are taxed at: arithmetic that always sums, and rates that finance writes down once (LAW-10)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.checks import run_checks
from django.db import DatabaseError, connection, transaction
from hypothesis import example, given
from hypothesis import strategies as some

from digis.core import clock as times
from digis.core.models import AuditEntry
from economy.models import TaxRate
from economy.taxing import MILLION, Assessment, Place, get_engine, part_of_tax, split_gross, tax_upon, write_rate
from tests.economy.payees import words

LIST, ADD = "/admin/economy/taxrate/", "/admin/economy/taxrate/add/"
amounts = some.integers(min_value=0, max_value=10**12)
rates = some.integers(min_value=0, max_value=MILLION - 1)


def fill_in(**typed):
    return {
        "country": "DE", "region": "", "name": "VAT", "percent": "19", "is_inclusive": "on", "starts_on": "",
        "reason": "The law says so.", **typed,
    }  # fmt: skip


def assess(place, amount, *, day=None):
    return get_engine().assess(place=place, day=day or times.today(), amount=amount, currency="USD")


# ── The arithmetic ──────────────────────────────────────────────────────────────────────────


@given(gross=amounts, rate=rates)
@example(gross=3, rate=200_000)
def test_law_10_net_and_tax_of_a_price_with_its_tax_make_the_price_and_round_to_the_nearest(gross, rate):
    net, tax = split_gross(gross, rate)
    assert net + tax == gross
    assert 0 <= tax <= gross
    # Never further from the exact net than a half, and a half goes up.
    assert -(MILLION + rate) < 2 * (gross * MILLION - net * (MILLION + rate)) < (MILLION + rate) or (
        2 * (net * (MILLION + rate) - gross * MILLION) == MILLION + rate
    )
    assert split_gross(-gross, rate) == (-net, -tax)


@given(net=amounts, rate=rates)
@example(net=1_000, rate=88_750)
def test_law_10_tax_on_top_rounds_to_the_nearest_and_a_half_up(net, rate):
    tax = tax_upon(net, rate)
    assert -MILLION <= 2 * (net * rate - tax * MILLION) < MILLION
    assert tax_upon(-net, rate) == -tax


@given(
    gross=some.integers(min_value=1, max_value=10**9),
    rate=rates,
    is_inclusive=some.booleans(),
    steps=some.lists(some.integers(min_value=0, max_value=10**9), max_size=6),
)
def test_law_10_credit_notes_in_any_parts_carry_back_exactly_the_tax_of_the_invoice(gross, rate, is_inclusive, steps):
    tax = split_gross(gross, rate)[1] if is_inclusive else tax_upon(gross, rate)
    whole = gross if is_inclusive else gross + tax
    kept, carried = whole, 0
    for step in [*(step % (whole + 1) for step in steps), 0]:  # what is kept goes up and down; in the end nothing is
        note = part_of_tax(tax, part=step, whole=whole) - part_of_tax(tax, part=kept, whole=whole)
        assert abs(note) <= abs(step - kept)
        assert note * (step - kept) >= 0
        carried, kept = carried + note, step
    assert carried == -tax


@pytest.mark.parametrize(
    ("gross", "rate", "parts"),
    [(500, 200_000, (417, 83)), (1_190, 190_000, (1_000, 190)), (1, 999_999, (1, 0)), (1_000, 0, (1_000, 0))],
)
def test_a_price_with_its_tax_splits_as_written_on_paper(gross, rate, parts):
    assert split_gross(gross, rate) == parts


@pytest.mark.parametrize(("net", "tax"), [(1_000, 89), (10_000, 888), (40, 4), (39, 3), (0, 0)])
def test_eight_and_seven_eighths_of_a_percent_on_top(net, tax):
    """8.875 % of 40 is 3.55, of 39 is 3.46."""
    assert tax_upon(net, 88_750) == tax


@pytest.mark.parametrize(
    ("ppm", "written"), [(200_000, "20"), (88_750, "8.875"), (1, "0.0001"), (85_000, "8.5"), (0, "0")]
)
def test_a_rate_is_written_in_whole_digits(ppm, written):
    assert write_rate(ppm) == written


# ── Which rate ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_law_10_a_regions_rate_stands_before_its_countrys_and_a_place_without_one_is_not_taxed(desk):
    from economy import services

    common = {"staff": desk, "starts_on": None, "reason": "Law"}
    services.save_tax_rate(country="US", region="", name="duty", rate_ppm=10_000, is_inclusive=True, **common)
    services.save_tax_rate(
        country="US", region="US-NY", name="sales tax", rate_ppm=88_750, is_inclusive=False, **common
    )
    assert assess(Place("US", "US-NY"), 1_000) == Assessment(
        Place("US", "US-NY"), 1_000, 89, "sales tax", 88_750, is_inclusive=False
    )
    assert assess(Place("US", "US-OR"), 1_010).tax == 10
    assert assess(Place("US"), 1_010).gross == 1_010
    assert assess(Place("CH"), 1_000) == Assessment(Place("CH"), 1_000, 0)
    assert get_engine().list_regions(day=times.today()) == ["US-NY"]


@pytest.mark.django_db
def test_law_10_a_rate_holds_from_its_day_until_the_next_and_zero_ends_it(staff_client, clock):
    today = times.today()
    staff_client.post(ADD, fill_in())
    staff_client.post(ADD, fill_in(percent="16", starts_on=f"{today + timedelta(days=2):%Y-%m-%d}"))
    staff_client.post(ADD, fill_in(percent="0", starts_on=f"{today + timedelta(days=4):%Y-%m-%d}"))
    assert TaxRate.objects.count() == 3
    days = [assess(Place("DE"), 11_600, day=today + timedelta(days=n)).rate_ppm for n in range(-1, 5)]
    assert days == [0, 190_000, 190_000, 160_000, 160_000, 0]
    staff_client.get(LIST)  # says that they were made
    shown = [words(staff_client.get(f"{LIST}?state={state}")) for state in ("in_force", "coming", "over")]
    assert [("19 %" in page, "16 %" in page) for page in shown] == [(True, False), (False, True), (False, False)]


# ── In the admin ────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
@pytest.mark.parametrize(("typed", "ppm"), [("19", 190_000), ("8.875", 88_750), ("8,875 %", 88_750), ("0.0001", 1)])
def test_finance_writes_down_a_rate_that_is_read_exactly(staff_client, typed, ppm):
    answer = staff_client.post(ADD, fill_in(percent=typed, country="US", region="us-ny", name="sales tax"))
    assert (answer.status_code, answer.headers["Location"]) == (302, LIST)
    rate = TaxRate.objects.get()
    assert (rate.country, rate.region, rate.rate_ppm, rate.starts_on) == ("US", "US-NY", ppm, times.today())
    entry = AuditEntry.objects.get(action="economy.tax_rate_made")
    assert (entry.actor_label, entry.reason, entry.data["rate_ppm"]) == ("@cashier", "The law says so.", ppm)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"country": ""}, "country"),
        ({"country": "ZZ"}, "country"),
        ({"region": "US-NY"}, "region"),
        ({"region": "NY"}, "region"),
        ({"name": " "}, "name"),
        ({"percent": "100"}, "percent"),
        ({"percent": "8.87501"}, "percent"),
        ({"percent": "-1"}, "percent"),
        ({"percent": "1e2"}, "percent"),
        ({"starts_on": "2020-01-01"}, "starts_on"),
        ({"starts_on": "soon"}, "starts_on"),
        ({"reason": " "}, "reason"),
    ],
    ids=str,
)
def test_what_cannot_be_a_rate_is_refused_beside_its_field(staff_client, typed, field):
    answer = staff_client.post(ADD, fill_in(**typed))
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors.keys() == {field}
    assert not TaxRate.objects.exists()


@pytest.mark.django_db
def test_the_same_form_sent_twice_makes_one_rate(staff_client):
    staff_client.post(ADD, fill_in())
    again = staff_client.post(ADD, fill_in())
    assert again.context["adminform"].form.errors.keys() == {"starts_on"}
    assert TaxRate.objects.count() == 1


@pytest.mark.django_db
def test_law_10_the_database_keeps_rates_as_they_were_written(staff_client):
    staff_client.post(ADD, fill_in())
    for change in ("UPDATE economy_taxrate SET rate_ppm = 1", "DELETE FROM economy_taxrate"):
        with pytest.raises(DatabaseError, match="written once"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
    facts = {"name": "VAT", "rate_ppm": 1, "is_inclusive": True, "reason": "x", "created_by": make_clerk()}
    for wrong in (
        {"country": "de"}, {"country": "DE", "region": "US-NY"}, {"country": "DE", "rate_ppm": MILLION},
        {"country": "DE", "name": ""},
    ):  # fmt: skip
        with pytest.raises(DatabaseError), transaction.atomic():
            TaxRate.objects.create(**{**facts, "starts_on": date(2030, 1, 1), **wrong})


# ── Withdrawn ───────────────────────────────────────────────────────────────────────────────


def withdraw(browser, rate, reason="A slip of the pen."):
    return browser.post(f"{LIST}{rate.pk}/act/withdraw/", {"reason": reason})


@pytest.mark.django_db
def test_law_10_a_mistyped_rate_is_withdrawn_and_put_right_on_its_day(staff_client):
    assert "Germany: 91 %" in words(staff_client.post(ADD, fill_in(percent="91"), follow=True))
    wrong = TaxRate.objects.get()
    assert withdraw(staff_client, wrong, reason=" ").status_code == 422
    assert assess(Place("DE"), 11_900).rate_ppm == 910_000
    assert withdraw(staff_client, wrong).status_code in {302, 303}
    assert assess(Place("DE"), 11_900).rate_ppm == 0
    staff_client.post(ADD, fill_in())
    assert assess(Place("DE"), 11_900).rate_ppm == 190_000
    wrong.refresh_from_db()
    assert (wrong.withdrawn_by.username, wrong.withdrawal, wrong.rate_ppm) == ("cashier", "A slip of the pen.", 910_000)
    entry = AuditEntry.objects.get(action="economy.tax_rate_withdrawn")
    assert (entry.actor_label, entry.reason, entry.data["rate_ppm"]) == ("@cashier", "A slip of the pen.", 910_000)
    staff_client.get(LIST)  # says what was done
    shown = [words(staff_client.get(f"{LIST}?state={state}")) for state in ("in_force", "withdrawn", "over")]
    assert [("91 %" in page, "19 %" in page) for page in shown] == [(False, True), (True, False), (False, False)]
    assert "A slip of the pen." in words(staff_client.get(f"{LIST}{wrong.pk}/change/"))
    withdraw(staff_client, wrong, reason="Again.")
    wrong.refresh_from_db()
    assert wrong.withdrawal == "A slip of the pen."


@pytest.mark.django_db
def test_law_10_without_a_withdrawn_rate_the_one_before_goes_on_and_its_region_is_asked_for_no_more(desk, clock):
    from economy import services

    common = {"staff": desk, "starts_on": None, "reason": "Law", "is_inclusive": True}
    services.save_tax_rate(country="US", region="", name="duty", rate_ppm=10_000, **common)
    clock.advance(days=1)
    later = services.save_tax_rate(country="US", region="", name="duty", rate_ppm=20_000, **common)
    state = services.save_tax_rate(country="US", region="US-NY", name="sales tax", rate_ppm=88_750, **common)
    for rate in (later, state):
        services.withdraw_tax_rate(rate_id=rate.pk, staff=desk, reason="A slip.")
    assert assess(Place("US", "US-NY"), 1_010).rate_ppm == 10_000
    assert get_engine().list_regions(day=times.today()) == []


@pytest.mark.django_db
def test_nobody_but_finance_withdraws_a_rate(staff_client):
    from django.test import Client

    from tests import make

    staff_client.post(ADD, fill_in())
    browser = make.sign_in_staff(Client(), make.make_staff("warden", groups=["moderator"]))
    assert withdraw(browser, TaxRate.objects.get()).status_code == 403
    assert TaxRate.objects.get().withdrawn_at is None


@pytest.mark.django_db
def test_law_10_the_database_lets_a_rate_be_withdrawn_once_and_nothing_else(staff_client):
    staff_client.post(ADD, fill_in())
    staff_client.post(ADD, fill_in(country="FR"))
    withdraw(staff_client, TaxRate.objects.get(country="FR"))
    end = "withdrawn_at = now(), withdrawal = 'x', withdrawn_by_id = created_by_id"
    for change in (
        f"UPDATE economy_taxrate SET {end}, rate_ppm = 1 WHERE country = 'DE'",  # noqa: S608  ours
        f"UPDATE economy_taxrate SET {end} WHERE country = 'FR'",  # noqa: S608  ours
        "UPDATE economy_taxrate SET withdrawn_at = NULL, withdrawn_by_id = NULL, withdrawal = '' WHERE country = 'FR'",
        "DELETE FROM economy_taxrate WHERE country = 'FR'",
    ):
        with pytest.raises(DatabaseError, match="written once"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
    for change in ("withdrawn_at = now()", "withdrawn_at = now(), withdrawn_by_id = created_by_id"):
        with (
            pytest.raises(DatabaseError, match="tax_rate_withdrawn"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"UPDATE economy_taxrate SET {change} WHERE country = 'DE'")  # noqa: S608  ours


def make_clerk():
    from tests import make

    return make.make_staff()


# ── Settings ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("setting", "value", "fault"),
    [
        ("TAX_POINT", "never", "economy.E001"),
        ("TAX_POINT", "", "economy.E001"),
        ("TAX_ENGINE", "economy.nowhere.Engine", "economy.E002"),
        ("TAX_ENGINE", "economy.models.TaxRate", "economy.E002"),
    ],
)
def test_a_word_that_decides_nothing_stops_the_start(settings, setting, value, fault):
    setattr(settings, setting, value)
    assert fault in {found.id for found in run_checks(tags=["economy"])}


@pytest.mark.parametrize("point", ["spend", "purchase"])
def test_both_tax_points_may_be_chosen(settings, point):
    settings.TAX_POINT = point
    assert run_checks(tags=["economy"]) == []
