"""Money beside tokens is in the reader's currency, by a rate of these days, and rounded up (LEDGER-11)."""

import re

import pytest
from django.db import connection
from django.template import Context, Template
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import services as accounts
from digis.core import currencies, mail
from digis.core.money import Money, money_for, shown_price
from digis.core.realtime.publish import frame_of
from economy.events import BalanceChanged
from notifications.letters import in_words_of
from tests import make
from tests.economy.money_pages import keep_rate

pytestmark = pytest.mark.django_db

WALLET, SETTINGS = "/wallet/", "/settings/appearance/"


def words_of(text):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text.replace("\N{NO-BREAK SPACE}", " ")))


def text_of(response):
    assert response.status_code == 200
    return words_of(response.content.decode())


def write(source, **context):
    return Template(source).render(Context(context))


@pytest.fixture
def euro():
    return keep_rate("EUR", 862_801)


@pytest.mark.parametrize(
    ("tokens", "currency", "micros", "minor"),
    [
        (1, "EUR", 800_000, 4),  # 0.04 exactly
        (1, "EUR", 800_001, 5),  # a millionth above it
        (7, "EUR", 862_801, 31),  # 0.3019…
        (1_000_000, "EUR", 862_801, 4_314_005),
        (1, "JPY", 152_340_000, 8),  # 7.617 yen: there is nothing smaller than one
        (20, "JPY", 150_000_000, 150),
        (0, "EUR", 862_801, 0),
    ],
)
def test_ledger_11_a_shown_price_is_rounded_up_to_the_smallest_unit(tokens, currency, micros, minor):
    keep_rate(currency, micros)
    with currencies.shown_to(currency):
        assert shown_price(tokens) == Money(minor, currency)


def test_prices_are_written_with_the_digits_of_their_currency(euro):
    keep_rate("JPY", 150_000_000)
    with currencies.shown_to("EUR"):
        assert write("{{ 1000|money }}") == "€43.15"
        assert "≈ €43.15" in write("{% price 1000 %}")
        assert "≈ €43.15" in write('{% pay_label "Buy" 1000 %}')
    with currencies.shown_to("JPY"):
        assert write("{{ 1000|money }}") == "¥7,500"
    assert write("{{ yen|cents }}", yen=Money(7_500, "JPY")) == "¥7,500"
    assert (Money(7_500, "JPY").decimal, Money(7_500, "EUR").decimal) == ("7500", "75.00")
    assert (Money(7_500, "JPY").two_places, Money(-7_505, "EUR").two_places) == ("7500.00", "-75.05")


def test_real_amounts_stay_in_the_currency_they_were_paid_in(euro):
    with currencies.shown_to("EUR"):
        assert write("{{ 1000|earned }}") == "$50.00"
        assert write("{{ 1250|cents }}") == "$12.50"
        assert money_for(1_000) == Money(5_000, "USD")


@pytest.mark.parametrize("days_ago", [8, -1, None])
def test_without_a_fresh_rate_the_dollar_is_shown_never_a_wrong_figure(fan_client, fan, days_ago):
    make.buy_tokens(fan, 1_000)
    if days_ago is not None:
        keep_rate("EUR", 862_801, days_ago=days_ago)
    accounts.save_currency(person=fan, currency="EUR")
    page = text_of(fan_client.get(WALLET))
    assert "tokens ≈ $50.00" in page
    assert "Rates of" not in page
    assert "€" not in page


# ── Whose currency ──────────────────────────────────────────────────────────────────────────
def test_a_person_chooses_the_currency_and_every_page_follows(fan_client, fan, euro, creator):
    make.buy_tokens(fan, 1_000)
    assert "tokens ≈ $50.00" in text_of(fan_client.get(WALLET))
    assert fan_client.post(SETTINGS, {"currency": "EUR"}).status_code == 303
    page = text_of(fan_client.get(WALLET))
    assert "tokens ≈ €43.15" in page
    assert f"Rates of {euro.day:%-d %b}" in page
    tip = fan_client.get("/@creator/tip/").content.decode()
    assert 'data-token-pico="43140050000" data-currency="EUR" data-exponent="2"' in tip
    assert f"by the rate of {euro.day:%-d %B %Y}" in text_of(fan_client.get(SETTINGS))


def test_a_currency_that_there_is_not_is_refused(fan_client, fan):
    for typed in ({"currency": "ZZZ"}, {"currency": ""}, {}):
        assert fan_client.post(SETTINGS, typed).status_code == 422
    fan.refresh_from_db()
    assert fan.currency == ""


@pytest.mark.parametrize(
    ("header", "sign"),
    [
        ("de-AT,de;q=0.9,en-US;q=0.8", "€"),
        ("en-US", "$"),
        ("de", "$"),  # a language is no region
        ("de,en-IE;q=0.5", "$"),  # what is liked less says nothing of where somebody is
        ("en;q=0.5,en-IE;q=0.9", "€"),
        ("zh-Hant-TW", "$"),  # a currency we do not show
        ("", "$"),
        ("x" * 4_000, "$"),
        ("de-DE-AT-\0", "$"),
    ],
)
def test_visitors_see_the_currency_of_their_browsers_region(client, euro, header, sign):
    page = text_of(client.get("/help/", headers={"Accept-Language": header}))
    assert f"One token is about {sign}0.05" in page


def test_the_region_at_first_sight_is_kept_for_sockets_and_letters(fan_client, fan, euro):
    german = {"Accept-Language": "de-DE,de;q=0.9"}
    fan_client.get(WALLET, headers=german)
    fan.refresh_from_db()
    assert fan.currency == "EUR"
    accounts.save_currency(person=fan, currency="USD")
    other = Client()
    other.force_login(fan)
    other.get(WALLET, headers=german)
    fan.refresh_from_db()
    assert fan.currency == "USD"
    fan.currency = ""  # as a page that opened before the choice knows it
    accounts.keep_first_currency(person=fan, currency="EUR")
    fan.refresh_from_db()
    assert fan.currency == "USD"


def test_two_people_on_one_thread_never_see_each_others_currency(fan_client, stranger_client, fan, stranger, euro):
    make.buy_tokens(fan, 1_000)
    make.buy_tokens(stranger, 1_000)
    accounts.save_currency(person=fan, currency="EUR")
    for _ in range(2):
        assert "≈ €43.15" in text_of(fan_client.get(WALLET))
        assert currencies.get_shown_rate() is None  # what comes after on this thread is nobody's page
        assert "≈ $50.00" in text_of(stranger_client.get(WALLET))


def test_a_fragment_over_the_socket_is_in_the_currency_of_whom_it_goes_to(fan, stranger, euro):
    make.buy_tokens(fan, 1_000)
    accounts.save_currency(person=fan, currency="EUR")
    with currencies.shown_to("JPY"):  # of whoever caused it
        html = frame_of(BalanceChanged(person_id=fan.pk), f"user:{fan.pk}")["html"]
        assert "€43.15" in html
        html = frame_of(BalanceChanged(person_id=fan.pk), f"user:{stranger.pk}")["html"]
        assert "$50.00" in html
        html = frame_of(BalanceChanged(person_id=fan.pk), f"presence:{fan.pk}")["html"]
        assert "$50.00" in html


def test_letters_and_notifications_are_in_the_currency_of_their_reader(fan, euro, settings, tmp_path):
    accounts.save_currency(person=fan, currency="EUR")
    folder = tmp_path / "probe" / "mail"
    folder.mkdir(parents=True)
    (folder / "money.subject.txt").write_text("{{ 1000|money }}")
    (folder / "money.txt").write_text("{{ 1000|money }}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [*settings.TEMPLATES[0]["DIRS"], tmp_path]}]
    with currencies.shown_to("JPY"):
        mail.send(to=fan, template="probe/money")
        mail.send(to="somebody@example.com", template="probe/money")
        with in_words_of(fan):
            assert write("{{ 1000|money }}") == "€43.15"
    assert make.mail_to(fan)[0].subject == "€43.15"
    assert make.mail_to("somebody@example.com")[0].subject == "$50.00"


def test_the_rate_is_asked_for_once_a_page_and_not_at_all_for_dollars(fan_client, fan, euro):
    def count():
        with CaptureQueriesContext(connection) as seen:
            fan_client.get("/wallet/history/")
        return sum("economy_exchangerate" in query["sql"] for query in seen)

    fan_client.get("/wallet/history/")
    assert count() == 0
    accounts.save_currency(person=fan, currency="EUR")
    assert count() == 1
