"""The tokens group of the API, as api.md writes it."""

import pytest

from economy import services
from economy.models import Purchase
from economy.selectors import list_packs
from tests import make

pytestmark = pytest.mark.django_db

BASE = "/api/v1/tokens"


def test_the_balance_names_what_was_bought_granted_spent_and_earned(fan, fan_client, creator, creator_client):
    make.buy_tokens(fan, 100)
    make.grant_tokens(fan, 20)
    services.charge(
        payer=fan, payee=creator, amount=50, kind="tip", key="t", source_type="", source_id="", fee_bp=2_000
    )
    assert fan_client.get(f"{BASE}/balance").json() == {
        "balance": 70,
        "purchased": 70,
        "promotional": 0,
        "held": 0,
        "debt": 0,
        "lifetime_spent": 50,
        "lifetime_earned": 0,
        "earnings": {"pending": 0, "available": 0},
    }
    earned = creator_client.get(f"{BASE}/balance").json()
    assert (earned["lifetime_earned"], earned["earnings"]) == (40, {"pending": 24, "available": 0})


def test_packs_are_a_bare_array_anyone_may_read(client, db):
    packs = client.get(f"{BASE}/packs").json()
    assert [(pack["tokens"], pack["bonus_tokens"], pack["price"], pack["currency"]) for pack in packs][1] == (
        500,
        15,
        "25.00",
        "USD",
    )


def test_a_purchase_by_key_is_one_purchase(fan_client, stripe):
    """LEDGER-4."""
    order = {"pack_id": str(list_packs()[0].pk)}
    header = {"Idempotency-Key": "abc"}
    first = fan_client.post(f"{BASE}/purchase", order, content_type="application/json", headers=header)
    again = fan_client.post(f"{BASE}/purchase", order, content_type="application/json", headers=header)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert first.json()["checkout_url"].startswith(stripe.url)
    other = fan_client.post(f"{BASE}/purchase", {"tokens": 300}, content_type="application/json", headers=header)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "IDEMPOTENCY_CONFLICT")
    stripe.pay(Purchase.objects.get().stripe_session_id)
    assert fan_client.get(f"{BASE}/purchase/{first.json()['purchase_id']}").json()["status"] == "paid"


@pytest.mark.parametrize("order", [{}, {"tokens": 5}, {"tokens": 200, "return_url": "https://elsewhere.example/"}])
def test_an_order_that_cannot_be_is_a_validation_error(fan_client, stripe, order):
    answer = fan_client.post(f"{BASE}/purchase", order, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VALIDATION_ERROR")


def test_transactions_are_seen_from_both_sides(fan, fan_client, creator, creator_client):
    make.buy_tokens(fan, 100)
    services.charge(
        payer=fan, payee=creator, amount=50, kind="tip", key="t", source_type="", source_id="", fee_bp=2_000
    )
    rows = fan_client.get(f"{BASE}/transactions").json()["results"]
    assert [(row["type"], row["amount"], row["balance_after"], row["counterparty"]) for row in rows] == [
        ("deduction", -50, 50, "creator"),
        ("purchase", 100, 100, None),
    ]
    (row,) = creator_client.get(f"{BASE}/transactions", {"type": "earning"}).json()["results"]
    assert (row["type"], row["amount"], row["counterparty"]) == ("earning", 40, "fan")
    assert fan_client.get(f"{BASE}/transactions", {"type": "x"}).status_code == 400
    assert fan_client.get(f"{BASE}/transactions", {"since": "tomorrow"}).status_code == 400
    assert fan_client.get(f"{BASE}/transactions", {"until": "2020-01-01T00:00:00Z"}).json()["results"] == []


def test_strangers_and_visitors_see_nothing(fan, stranger_client, client, stripe):
    purchase = services.start_purchase(person=fan, tokens=200, key="k")
    assert stranger_client.get(f"{BASE}/purchase/{purchase.pk}").status_code == 404
    assert client.get(f"{BASE}/balance").status_code == 401


def test_purchases_are_counted_by_address_as_well_as_by_person(fan_client, stranger_client):
    """Ten a minute (rules §8), however many accounts stand behind one address."""
    for client in [fan_client] * 5 + [stranger_client] * 5:
        assert client.post("/api/v1/tokens/purchase", {}, content_type="application/json").status_code == 400
    refused = stranger_client.post("/api/v1/tokens/purchase", {}, content_type="application/json")
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "RATE_LIMIT_EXCEEDED"
