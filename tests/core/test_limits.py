"""How often is too often, with Valkey and without it."""

import socket
import threading

import pytest
from django.core.exceptions import ImproperlyConfigured

from digis.core import limits, valkey
from digis.core.errors import RateLimited
from digis.core.models import LimitHit
from digis.core.tasks import prune

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.urls")]


@pytest.fixture
def no_valkey(settings):
    """Valkey is gone: its port answers nobody."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.REDIS_URL = f"redis://127.0.0.1:{taken.getsockname()[1]}/0"
        valkey.reset()
        yield
    valkey.reset()


def test_the_table_holds_the_numbers_of_the_rules():
    auth, payments = limits.LIMITS["auth"], limits.LIMITS["payments"]
    assert (auth.rate, auth.seconds, auth.closed, auth.by_address) == (20, 60, True, True)
    assert (payments.rate, payments.seconds, payments.closed, payments.by_address) == (10, 60, True, True)


def test_the_eleventh_payment_in_a_minute_waits(client, clock):
    for _ in range(10):
        assert client.post("/probe/pay/").status_code == 200
    refused = client.post("/probe/pay/")
    assert refused.status_code == 429
    wait = int(refused["Retry-After"])
    assert 1 <= wait <= 60
    clock.advance(seconds=wait)
    assert client.post("/probe/pay/").status_code == 200
    assert client.post("/probe/pay/").status_code == 429  # one came free, not ten


def test_reading_is_not_counted(client):
    for _ in range(30):
        assert client.get("/probe/pay/").status_code == 200


def test_addresses_are_counted_apart(client):
    for _ in range(10):
        client.post("/probe/pay/", REMOTE_ADDR="203.0.113.1")
    assert client.post("/probe/pay/", REMOTE_ADDR="203.0.113.1").status_code == 429
    assert client.post("/probe/pay/", REMOTE_ADDR="203.0.113.2").status_code == 200


def test_a_person_is_counted_wherever_they_are(fan_client, stranger_client):
    for number in range(10):
        assert fan_client.post("/probe/pay/", REMOTE_ADDR=f"203.0.113.{number}").status_code == 200
    assert fan_client.post("/probe/pay/", REMOTE_ADDR="203.0.113.200").status_code == 429
    assert stranger_client.post("/probe/pay/", REMOTE_ADDR="203.0.113.201").status_code == 200


def test_an_address_cannot_hide_behind_many_people(fan_client, stranger_client):
    for _ in range(5):
        fan_client.post("/probe/pay/", REMOTE_ADDR="203.0.113.1")
        stranger_client.post("/probe/pay/", REMOTE_ADDR="203.0.113.1")
    assert stranger_client.post("/probe/pay/", REMOTE_ADDR="203.0.113.1").status_code == 429


def test_ordinary_writing_does_not_punish_a_shared_address(fan_client, stranger_client):
    codes = [fan_client.post("/probe/write/").status_code for _ in range(90)]
    assert codes[:60] == [200] * 60
    assert 429 in codes
    assert stranger_client.post("/probe/write/").status_code == 200


def test_programs_read_where_they_stand(client):
    first = client.post("/api/v1/probe/pay/")
    assert first["X-RateLimit-Limit"] == "10"
    assert first["X-RateLimit-Remaining"] == "9"
    assert int(first["X-RateLimit-Reset"]) <= 6
    assert "X-RateLimit-Limit" not in client.post("/probe/pay/")


def test_without_valkey_money_is_still_counted(client, no_valkey, clock):
    codes = [client.post("/probe/pay/").status_code for _ in range(12)]
    assert codes == [200] * 10 + [429] * 2
    assert LimitHit.objects.count() == 1
    clock.advance(minutes=1)
    assert client.post("/probe/pay/").status_code == 200
    clock.advance(minutes=5)
    prune()
    assert not LimitHit.objects.exists()


def test_without_valkey_other_things_go_on(client, no_valkey):
    assert [client.post("/probe/write/").status_code for _ in range(70)] == [200] * 70


def test_a_clock_set_back_locks_nobody_out(client, clock):
    clock.advance(days=1)
    for _ in range(11):
        client.post("/probe/pay/")
    clock.advance(days=-1)
    assert client.post("/probe/pay/").status_code in {200, 429}
    clock.advance(minutes=1)
    assert client.post("/probe/pay/").status_code == 200


def test_twenty_threads_share_one_allowance():
    outcomes = []

    def one() -> None:
        try:
            limits.check_limit("payments", "person:race")
        except RateLimited:
            outcomes.append("refused")
        else:
            outcomes.append("passed")

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("passed") == 10


def test_a_limit_nobody_wrote_down_does_not_start():
    with pytest.raises(ImproperlyConfigured, match="no line 'nonsense'"):
        limits.limited("nonsense")
