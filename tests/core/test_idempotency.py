"""LEDGER-4: one act per key."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection, transaction

from digis.core import idempotency
from digis.core.errors import IdempotencyConflict, ValidationFailed
from digis.core.models import IdempotencyRecord, OutboxEntry


def spend(person, key, *, amount=5, scope="tip", act=None):
    """An act whose trace is an outbox row, so that the tests can count."""

    def plain():
        return OutboxEntry.objects.create(kind="test.spent", payload={"amount": amount})

    return idempotency.run_once(
        person=person,
        scope=scope,
        key=key,
        fingerprint=idempotency.fingerprint_of(amount=amount),
        act=act or plain,
        load=lambda ref: OutboxEntry.objects.get(pk=ref),
        ref=lambda entry: str(entry.pk),
    )


def spent():
    return OutboxEntry.objects.filter(kind="test.spent").count()


@pytest.mark.django_db
def test_the_same_key_gives_the_same_result():
    person = uuid4()
    first, is_replay = spend(person, "k")
    again, is_second_replay = spend(person, "k")
    assert (is_replay, is_second_replay) == (False, True)
    assert first == again
    assert spent() == 1


@pytest.mark.django_db
def test_the_same_key_for_something_else_is_a_conflict():
    person = uuid4()
    spend(person, "k")
    with pytest.raises(IdempotencyConflict):
        spend(person, "k", amount=6)
    assert spent() == 1


@pytest.mark.django_db
def test_keys_belong_to_a_person_and_a_scope():
    person = uuid4()
    spend(person, "k")
    spend(uuid4(), "k")
    spend(person, "k", scope="purchase")
    assert spent() == 3


@pytest.mark.django_db
def test_a_refused_act_leaves_no_trace_and_may_be_repeated():
    person = uuid4()

    def refuse():
        OutboxEntry.objects.create(kind="test.spent", payload={})
        raise ValidationFailed

    with pytest.raises(ValidationFailed):
        spend(person, "k", act=refuse)
    assert spent() == 0
    assert not IdempotencyRecord.objects.exists()
    _, is_replay = spend(person, "k")
    assert not is_replay
    assert spent() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_form_without_a_usable_key_is_refused(key):
    with pytest.raises(ValidationFailed):
        spend(uuid4(), key)


@pytest.mark.django_db(transaction=True)
def test_sixteen_twins_act_once_and_all_get_the_result():
    person = uuid4()
    barrier = threading.Barrier(16)

    def one(_):
        barrier.wait()
        try:
            entry, is_replay = spend(person, "k")
            return entry.pk, is_replay
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(one, range(16)))
    assert spent() == 1
    assert len({pk for pk, _ in results}) == 1
    assert [is_replay for _, is_replay in results].count(False) == 1


@pytest.mark.django_db(transaction=True)
def test_a_twin_waits_and_acts_itself_when_the_first_fails():
    person = uuid4()
    began, may_fail = threading.Event(), threading.Event()

    def failing():
        def act():
            began.set()
            may_fail.wait(10)
            raise RuntimeError("the process dies")

        try:
            spend(person, "k", act=act)
        except RuntimeError:
            return "failed"
        finally:
            connection.close()
        return "passed"

    def twin():
        began.wait(10)
        try:
            return spend(person, "k")[1]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(failing), pool.submit(twin)
        began.wait(10)
        threading.Timer(0.3, may_fail.set).start()
        assert first.result(20) == "failed"
        assert second.result(20) is False
    assert spent() == 1


@pytest.mark.django_db(transaction=True)
def test_the_record_and_the_act_are_one_transaction():
    person = uuid4()

    @transaction.atomic
    def act():
        spend(person, "k")
        raise RuntimeError("the caller fails afterwards")

    with pytest.raises(RuntimeError):
        act()
    assert spent() == 0
    assert not IdempotencyRecord.objects.exists()


def test_a_fingerprint_does_not_depend_on_the_order_of_fields():
    assert idempotency.fingerprint_of(a=1, b="x") == idempotency.fingerprint_of(b="x", a=1)
    assert idempotency.fingerprint_of(a=1) != idempotency.fingerprint_of(a=2)
