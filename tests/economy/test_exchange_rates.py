"""Exchange rates: dated, written once, from the central bank's page or by staff; what looks wrong changes nothing."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from structlog.testing import capture_logs

from digis.core import clock, currencies
from economy import selectors, services
from economy.models import ExchangeRate
from tests import make
from tests.economy.money_pages import keep_rate, page_of, running_bank

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank(settings):
    with running_bank() as found:
        settings.RATES_URL = found.url
        yield found


def fetch():
    """Ask the bank, and return how many rates were new and what was logged as an error."""
    with capture_logs() as logs:
        count = services.fetch_rates()
    return count, [line["fault"] for line in logs if line["log_level"] == "error"]


def rates():
    return dict(ExchangeRate.objects.values_list("currency", "micros"))


def test_the_banks_rates_of_the_euro_become_rates_of_the_dollar(bank):
    bank.say(page_of(clock.today(), USD="1.25", JPY="160.00", GBP="0.8", XYZ="3"))
    assert fetch() == (3, [])
    assert rates() == {"EUR": 800_000, "JPY": 128_000_000, "GBP": 640_000}
    assert selectors.find_rate("EUR") == currencies.Rate("EUR", 800_000, clock.today())


@pytest.mark.parametrize(
    ("pounds", "micros"), [("0.0000005", 0), ("0.0000015", 2), ("0.0000025", 2), ("1.0000035", 1_000_004)]
)
def test_a_rate_between_two_millionths_goes_to_the_even_one(bank, pounds, micros):
    bank.say(page_of(clock.today(), USD="1", GBP=pounds))
    count, faults = fetch()
    if micros:
        assert rates()["GBP"] == micros
    else:
        assert (count, len(faults)) == (0, 1)  # a currency worth nothing is no rate


def test_a_day_that_was_taken_over_stays_as_it_is(bank):
    bank.say(page_of(clock.today(), USD="1.25", GBP="0.8"))
    assert fetch() == (2, [])
    bank.say(page_of(clock.today(), USD="1.26", GBP="0.81", JPY="160"))
    assert fetch() == (1, [])
    assert (rates()["EUR"], rates()["GBP"]) == (800_000, 640_000)


TODAY = "{today}"
BROKEN = [
    ("", "no XML"),
    ("<html><body>Maintenance</body></html>", "0 days"),
    (page_of(TODAY, GBP="0.8"), "no rate of USD"),
    (page_of(TODAY, USD="1.25", GBP="-0.8"), "no rate"),
    (page_of(TODAY, USD="1.25", GBP="1e9"), "no rate"),
    (page_of(TODAY, USD="1.25", GBP="0"), "no rate"),
    (page_of(TODAY, USD="0"), "no rate"),
    (page_of("yesterday", USD="1.25"), "no day"),
    (page_of("2026-02-30", USD="1.25"), "no day"),
    (page_of(TODAY, USD="1.25").replace("</Cube>", "<Cube currency='USD' rate='2'/></Cube>", 1), "twice"),
    ('<!DOCTYPE x [<!ENTITY a "aaaa">]>' + page_of(TODAY, USD="1.25").partition("?>")[2], "document type"),
    (page_of(TODAY, USD="1.25") + " " * 70_000, "longer than"),
]


@pytest.mark.parametrize(
    ("page", "fault"), BROKEN, ids=[f"{number} {fault}" for number, (_, fault) in enumerate(BROKEN)]
)
def test_a_broken_page_changes_nothing_and_is_told(bank, page, fault):
    bank.say(page.replace(TODAY, str(clock.today())))
    count, faults = fetch()
    assert (count, rates()) == (0, {})
    assert [fault in said for said in faults] == [True]


def test_a_bank_that_is_away_changes_nothing_and_is_told(bank, settings):
    bank.say("no", status=503)
    assert fetch() == (0, ["status 503"])
    bank.say("", status=302)
    bank.location = bank.url.replace("stats", "elsewhere")
    assert fetch() == (0, ["status 302"])
    assert bank.asked == 2  # a redirect is not followed
    settings.RATES_URL = "http://127.0.0.1:9/"
    count, faults = fetch()
    assert (count, len(faults), rates()) == (0, 1, {})


@pytest.mark.parametrize("days", [-1, 8])
def test_a_page_of_another_time_changes_nothing(bank, days):
    bank.say(page_of(clock.today() - timedelta(days=days), USD="1.25"))
    count, faults = fetch()
    assert (count, len(faults), rates()) == (0, 1, {})


@pytest.mark.parametrize(
    ("days_ago", "dollars", "is_taken"), [(1, "1.126", False), (1, "1.14", True), (2, "1.126", True)]
)
def test_rates_that_moved_more_than_a_tenth_a_day_are_all_refused(bank, days_ago, dollars, is_taken):
    keep_rate("EUR", 800_000, days_ago=days_ago)
    keep_rate("GBP", 640_000, days_ago=days_ago)
    pounds = str(Decimal("0.64") * Decimal(dollars))  # the pound keeps to the dollar, the euro moves
    bank.say(page_of(clock.today(), USD=dollars, GBP=pounds))
    count, faults = fetch()
    assert (count, len(faults)) == ((2, 0) if is_taken else (0, 1))
    assert ExchangeRate.objects.count() == (4 if is_taken else 2)


def test_developments_fixed_rates_are_no_measure_of_the_banks(bank):
    ExchangeRate.objects.create(currency="EUR", day=clock.today() - timedelta(days=1), micros=400_000, source="fixed")
    bank.say(page_of(clock.today(), USD="1.25"))
    assert fetch() == (1, [])


def test_without_an_address_nobody_is_asked(settings):
    settings.RATES_URL = ""
    assert fetch() == (0, [])
    settings.RATES_FIXED = True
    assert fetch() == (28, [])
    assert fetch() == (0, [])


def test_a_rate_is_used_for_a_week_and_never_from_the_future():
    keep_rate("EUR", 800_000, days_ago=8)
    assert selectors.find_rate("EUR") is None
    keep_rate("EUR", 850_000, days_ago=7)
    keep_rate("EUR", 870_000, days_ago=-1)
    assert selectors.find_rate("EUR").micros == 850_000
    keep_rate("EUR", 860_000)
    assert selectors.find_rate("EUR").micros == 860_000


def test_a_rate_is_never_changed_or_deleted_and_a_day_has_one():
    rate = keep_rate("EUR", 800_000)
    for attempt in (
        lambda: ExchangeRate.objects.update(micros=1),
        rate.delete,
        lambda: keep_rate("EUR", 800_001),
        lambda: keep_rate("GBP", 0),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()
    assert rates() == {"EUR": 800_000}


def test_the_currencies_have_the_digits_that_money_is_written_with():
    from babel.numbers import get_currency_precision

    assert {code: get_currency_precision(code) for code in currencies.EXPONENTS} == currencies.EXPONENTS


# ── By hand ─────────────────────────────────────────────────────────────────────────────────
ADD = "/admin/economy/exchangerate/add/"


@pytest.fixture
def finance(client, db):
    return make.sign_in_staff(client, make.make_staff("finn", groups=["finance"]))


def test_staff_add_a_rate_without_a_float(finance):
    today = str(clock.today())
    assert finance.post(ADD, {"currency": "EUR", "day": today, "micros": "0.862801"}).status_code == 302
    assert rates() == {"EUR": 862_801}
    page = finance.get(f"/admin/economy/exchangerate/{ExchangeRate.objects.get().pk}/change/").content.decode()
    assert "0.862801" in page
    assert "_save" not in page


def test_staff_are_told_what_is_wrong_with_a_rate(finance):
    keep_rate("EUR", 862_801, days_ago=1)
    today, tomorrow, yesterday = (str(clock.today() + timedelta(days=days)) for days in (0, 1, -1))
    for typed, words in [
        ({"day": today, "micros": "about 0.9"}, "Write a number"),
        ({"day": today, "micros": "0.00000001"}, "Write a number"),
        ({"day": today, "micros": "0"}, "above zero"),
        ({"day": tomorrow, "micros": "0.9"}, "still to come"),
        ({"day": yesterday, "micros": "0.9"}, "has a rate already"),
        ({"day": today, "micros": "1.9"}, "far from the last rate"),
        ({"day": today, "micros": "1", "currency": "USD"}, "no rate of this currency"),
    ]:
        answer = finance.post(ADD, {"currency": "EUR", **typed})
        assert words in answer.content.decode(), typed
    assert len(rates()) == 1
    typed = {"currency": "EUR", "day": today, "micros": "1.9", "is_confirmed": "on"}
    assert finance.post(ADD, typed).status_code == 302
    assert selectors.find_rate("EUR").micros == 1_900_000
