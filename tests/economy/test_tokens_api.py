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
        "earnings": {"pending": 0, "available": 0, "non_withdrawable": 0},
    }
    earned = creator_client.get(f"{BASE}/balance").json()
    assert earned["lifetime_earned"] == 40
    assert earned["earnings"] == {"pending": 24, "available": 0, "non_withdrawable": 16}


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


def test_long_keys_are_told_apart_and_too_long_ones_refused(fan_client, stripe):
    """api.md: any string up to 255 is honored; LEDGER-4: two keys that begin alike are two purchases."""
    order = {"tokens": 200}
    keys = ["k" * 200 + end for end in ("a", "b")] + ["k" * 255]
    bought = [post(fan_client, "purchase", order, key).json()["purchase_id"] for key in keys]
    assert len(set(bought)) == 3
    again = post(fan_client, "purchase", order, keys[2])
    assert (again.json()["purchase_id"], again["Idempotent-Replayed"]) == (bought[2], "true")
    refused = post(fan_client, "purchase", order, "k" * 256)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "VALIDATION_ERROR")


def test_the_same_key_with_another_return_address_is_a_conflict(fan_client, stripe, settings):
    """api.md: the same key with another body."""
    order = {"tokens": 200, "return_url": f"{settings.SITE_URL}/wallet/"}
    assert post(fan_client, "purchase", order, "k").status_code == 201
    other = post(fan_client, "purchase", order | {"return_url": f"{settings.SITE_URL}/explore/"}, "k")
    assert (other.status_code, other.json()["error"]["code"]) == (409, "IDEMPOTENCY_CONFLICT")
    assert post(fan_client, "purchase", order, "k")["Idempotent-Replayed"] == "true"


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


def post(client, path, body, key=""):
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(f"{BASE}/{path}", body, content_type="application/json", headers=headers)


def test_a_tip_by_key_is_one_tip(fan, fan_client, creator):
    """LEDGER-4; api.md: the same key and body gives the committed answer again, another body is a conflict."""
    make.buy_tokens(fan, 100)
    wish = {"to_username": "creator", "amount": 20, "message": "Well thrown"}
    refused = post(fan_client, "tip", {**wish, "amount": 2_000}, "one")
    assert (refused.status_code, refused.json()["error"]["code"]) == (402, "INSUFFICIENT_TOKENS")
    first, again = post(fan_client, "tip", wish, "one"), post(fan_client, "tip", wish, "one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    tip = first.json()
    assert (tip["type"], tip["kind"], tip["amount"], tip["balance_after"]) == ("deduction", "tip", -20, 80)
    assert (tip["counterparty"], tip["description"]) == ("creator", "Tip to Creator")
    other = post(fan_client, "tip", {**wish, "amount": 21}, "one")
    assert (other.status_code, other.json()["error"]["code"]) == (409, "IDEMPOTENCY_CONFLICT")
    assert post(fan_client, "transfer", {"to_username": "creator", "amount": 20}, "one").status_code != 409


def test_tokens_given_to_somebody(fan, fan_client, stranger, clock):
    """LAW-13."""
    make.buy_tokens(fan, 100)
    wish = {"to_username": "stranger", "amount": 20, "note": "For a call"}
    assert post(fan_client, "transfer", wish).json()["error"]["code"] == "LIMIT_REACHED"
    clock.advance(days=8)
    given = post(fan_client, "transfer", wish, "k")
    assert (given.status_code, given.json()["type"], given.json()["amount"]) == (201, "transfer", -20)
    assert given.json()["counterparty"] == "stranger"
    assert post(fan_client, "transfer", wish, "k")["Idempotent-Replayed"] == "true"
    assert post(fan_client, "transfer", {**wish, "amount": 200}).json()["error"]["code"] == "INSUFFICIENT_TOKENS"


@pytest.mark.parametrize("path", ["tip", "transfer"])
def test_who_may_not_be_known_is_not_found(fan, fan_client, creator, moderator, moderator_client, client, path):
    """api.md: a user who blocked the caller is 404."""
    from accounts import services as accounts

    make.buy_tokens(fan, 100)
    accounts.block(blocker=creator, blocked=fan)
    for name in ("creator", "nobody.here", "moderator"):
        answer = post(fan_client, path, {"to_username": name, "amount": 20})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")
    own = post(fan_client, path, {"to_username": "fan", "amount": 20}).json()["error"]
    assert "to_username" in own["fields"]
    wrong = post(fan_client, path, {"amount": "many"}).json()["error"]
    assert set(wrong["fields"]) == {"to_username", "amount"}
    assert post(moderator_client, path, {"to_username": "fan", "amount": 20}).status_code == 403
    assert post(client, path, {}).status_code == 401
