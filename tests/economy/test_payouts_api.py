"""Payouts over the API, as api.md writes them."""

import pytest

from economy.models import Payout
from tests import make
from tests.economy.payees import set_up  # noqa: F401

pytestmark = pytest.mark.django_db
URL = "/api/v1/payouts"


def ask(client, body, **headers):
    return client.post(URL, body, content_type="application/json", headers=headers)


def test_a_payout_is_asked_for_once_by_its_key_and_listed(payee, creator_client):
    """LEDGER-4, PAY-3."""
    made = ask(creator_client, {"amount": 600}, **{"Idempotency-Key": "k1"})
    again = ask(creator_client, {"amount": 600}, **{"Idempotency-Key": "k1"})
    assert (made.status_code, again.status_code, again["Idempotent-Replayed"]) == (201, 201, "true")
    assert made.json() == again.json()
    assert (made.json()["tokens"], made.json()["amount"], made.json()["currency"]) == (600, "30.00", "USD")
    assert ask(creator_client, {"amount": 700}, **{"Idempotency-Key": "k1"}).status_code == 409
    listed = creator_client.get(URL).json()["results"]
    assert [row["id"] for row in listed] == [made.json()["id"]]
    assert Payout.objects.count() == 1


def test_without_an_amount_all_that_is_available_is_paid(payee, creator_client):
    """PAY-3."""
    assert ask(creator_client, {}, **{"Idempotency-Key": "all"}).json()["tokens"] == 1_000


def test_what_stands_against_it_is_named(creator, creator_client):
    """PAY-7: a clear task, never silently."""
    make.earn_available(creator, 1_000)
    refused = ask(creator_client, {}, **{"Idempotency-Key": "k"})
    assert refused.status_code == 409
    error = refused.json()["error"]
    assert error["code"] == "INVALID_STATE"
    assert "tax" in error["blockers"]
    assert not Payout.objects.exists()


@pytest.mark.parametrize("amount", [0, -1, "x", 1.5, 10**30])
def test_a_wrong_amount_is_told(payee, creator_client, amount):
    assert ask(creator_client, {"amount": amount}, **{"Idempotency-Key": "k"}).status_code == 400
    assert not Payout.objects.exists()
