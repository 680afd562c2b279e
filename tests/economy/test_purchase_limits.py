"""What an account may buy at once and in a day, by its age: told with what to change, and when more fits (LEDGER-10)."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.models import User
from digis.core.errors import EmailUnverified, ValidationFailed
from economy import services
from economy.errors import PurchaseDayLimitReached
from economy.models import Purchase
from tests import make

pytestmark = pytest.mark.django_db
BUY = "/wallet/buy/"


def buy(person, tokens, key):
    return services.start_purchase(person=person, tokens=tokens, key=key)


def refusal_of(person, tokens, key="refused"):
    with pytest.raises(PurchaseDayLimitReached) as refused:
        buy(person, tokens, key)
    return refused.value


def test_one_purchase_has_a_least_and_a_most(fan, stripe):
    """LEDGER-10: limits per purchase."""
    for wrong in (99, 20_001):
        with pytest.raises(ValidationFailed):
            buy(fan, wrong, "k")


@pytest.mark.parametrize(("days", "most"), [(0, 4_000), (6.9, 4_000), (7, 20_000), (29.9, 20_000), (30, 40_000)])
def test_what_a_day_allows_rises_with_the_age_of_the_account(fan, stripe, clock, days, most):
    """LEDGER-10: per day by account age; 200.00 in the first week."""
    User.objects.filter(pk=fan.pk).update(created_at=clock.now() - timedelta(days=days))
    fan.refresh_from_db()
    half = most // 2
    buy(fan, half, "a")
    buy(fan, half - 100, "b")
    refused = refusal_of(fan, 101)
    assert (refused.data["most"], refused.data["left"]) == (most, 100)
    buy(fan, 100, "c")
    assert Purchase.objects.count() == 3


def test_creators_whom_staff_approved_have_the_highest_step_at_once(creator, stripe):
    """LEDGER-10: by verification."""
    buy(creator, 20_000, "a")
    buy(creator, 20_000, "b")
    assert refusal_of(creator, 100).data["most"] == 40_000


def test_nobody_buys_before_their_address_is_proven(db, stripe):
    """LEDGER-10: by verification."""
    with pytest.raises(EmailUnverified):
        buy(make.make_person("new", verified=False), 100, "k")


def test_a_day_begins_with_each_purchase_and_what_failed_does_not_count(fan, stripe, clock):
    first = buy(fan, 4_000, "a")
    refusal_of(fan, 100)
    Purchase.objects.filter(pk=first.pk).update(status="expired")
    buy(fan, 3_000, "b")
    clock.advance(hours=23)
    buy(fan, 1_000, "c")
    refusal_of(fan, 100)
    clock.advance(hours=1, minutes=1)
    buy(fan, 3_000, "d")
    assert refusal_of(fan, 100).data["left"] == 0


def test_the_refusal_says_from_when_so_many_fit(fan, stripe, clock):
    """LEDGER-10: what to change and when: the moment it names is the first at which the same purchase goes through."""
    buy(fan, 1_000, "a")
    clock.advance(hours=5)
    buy(fan, 2_500, "b")
    soon, later = refusal_of(fan, 1_200).data["at"], refusal_of(fan, 3_900).data["at"]
    assert datetime.fromisoformat(later) - datetime.fromisoformat(soon) >= timedelta(hours=4, minutes=59)
    clock.move_to(datetime.fromisoformat(soon) - timedelta(seconds=5))
    refusal_of(fan, 1_200)
    clock.move_to(datetime.fromisoformat(soon))
    buy(fan, 1_200, "c")


def test_what_no_day_of_a_young_account_allows_fits_once_it_is_older(fan, stripe, clock):
    at = datetime.fromisoformat(refusal_of(fan, 5_000).data["at"])
    assert at == fan.created_at + timedelta(days=7)
    clock.move_to(at)
    buy(fan, 5_000, "k")


def test_what_never_fits_is_said_without_a_day(fan, stripe, settings):
    settings.PURCHASE_DAY_TOKENS = ((0, 1_000),)
    refused = refusal_of(fan, 1_100)
    assert refused.data["at"] is None
    assert str(refused) == (
        "This account can buy 1,000 tokens in 24 hours, and 1,000 of them are left. Choose a smaller amount."
    )


def test_the_page_says_it_beside_the_form_in_the_persons_own_time(fan, fan_client, stripe, clock):
    """LEDGER-10: 422, what is left, what to do, and when; nothing is bought."""
    User.objects.filter(pk=fan.pk).update(time_zone="Pacific/Auckland")
    buy(fan, 3_900, "a")
    page = fan_client.get(BUY)
    form = page.context["form"]
    sent = {"tokens": "200", "idempotency_key": form["idempotency_key"].value(), "shown": form["shown"].value()}
    answer = fan_client.post(BUY, sent)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "This account can buy 4,000 tokens in 24 hours for now, and 100 of them are left." in text
    at = datetime.fromisoformat(refusal_of(User.objects.get(pk=fan.pk), 200).data["at"])
    there = (at + timedelta(seconds=59)).astimezone(ZoneInfo("Pacific/Auckland"))
    assert f"come back on {there.day} {there:%B}, {there:%H:%M}." in text
    assert Purchase.objects.count() == 1


def test_the_api_says_it_in_the_envelope(fan, fan_client, stripe):
    """api.md: LIMIT_REACHED, with what is left and when."""
    buy(fan, 3_900, "a")
    answer = fan_client.post(
        "/api/v1/tokens/purchase", {"tokens": 200}, content_type="application/json", headers={"Idempotency-Key": "k"}
    )
    assert answer.status_code == 403
    error = answer.json()["error"]
    assert (error["code"], error["left"], error["most"]) == ("LIMIT_REACHED", 100, 4_000)
    assert datetime.fromisoformat(error["at"])
    assert "Choose a smaller amount" in error["message"]
