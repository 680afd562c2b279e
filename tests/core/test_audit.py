"""The audit log: written with the act, never changed, and anybody who changes it is found."""

import json
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from digis.core import audit
from digis.core.models import AuditEntry, AuditSeal


def breaches():
    return [breach.what for breach in audit.verify()]


def tamper(sql, *values):
    """What only somebody with the database in their hands can do."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            cursor.execute(sql, values)
        finally:
            cursor.execute("SET session_replication_role = DEFAULT")


@pytest.mark.django_db
def test_an_entry_says_who_did_what_to_what_and_why(moderator, fan):
    audit.record(actor=moderator, action="accounts.suspended", target=fan, reason="spam", data={"days": 3})
    entry = AuditEntry.objects.get(action="accounts.suspended")
    assert entry.actor_id == moderator.pk
    assert entry.actor_label == str(moderator)
    assert (entry.target_type, entry.target_id) == ("accounts.user", str(fan.pk))
    assert (entry.reason, entry.data) == ("spam", {"days": 3})


@pytest.mark.django_db
@pytest.mark.parametrize("sql", ["UPDATE core_auditentry SET reason = 'x'", "DELETE FROM core_auditentry"])
def test_an_entry_cannot_be_changed(sql):
    audit.record(actor=None, action="test")
    audit.seal()
    for statement in (sql, sql.replace("auditentry", "auditseal").replace("reason", "hash")):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.django_db
def test_the_log_cannot_be_emptied():
    audit.record(actor=None, action="test")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditseal ENABLE TRIGGER core_seal_no_truncate")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute("TRUNCATE core_auditseal")
        cursor.execute("ALTER TABLE core_auditseal DISABLE TRIGGER core_seal_no_truncate")


@pytest.mark.django_db
def test_every_committed_entry_is_linked_to_the_one_before():
    for n in range(5):
        audit.record(actor=None, action="test", target=("thing", n))
    assert audit.seal() == 5
    assert audit.seal() == 0
    links = list(AuditSeal.objects.order_by("position"))
    assert links[0].previous_hash == audit.GENESIS
    assert all(after.previous_hash == before.hash for before, after in pairwise(links))
    assert breaches() == []


@pytest.mark.django_db
def test_a_changed_entry_is_found():
    for n in range(3):
        audit.record(actor=None, action="test", reason="true", data={"n": n})
    audit.seal()
    victim = AuditEntry.objects.order_by("id")[1]
    tamper("UPDATE core_auditentry SET data = %s WHERE id = %s", json.dumps({"n": 99}), victim.pk)
    assert breaches() == [f"entry {victim.pk} is not what was sealed"]


@pytest.mark.django_db
def test_a_removed_entry_is_found_even_with_its_link():
    for _ in range(3):
        audit.record(actor=None, action="test")
    audit.seal()
    victim = AuditEntry.objects.order_by("id")[1]
    tamper("DELETE FROM core_auditentry WHERE id = %s", victim.pk)
    assert any(f"entry {victim.pk} was deleted" in what for what in breaches())
    tamper("DELETE FROM core_auditseal WHERE entry_id = %s", victim.pk)
    assert "links 2 to 2 are missing" in breaches()


@pytest.mark.django_db
def test_an_entry_slipped_in_between_is_found():
    for _ in range(2):
        audit.record(actor=None, action="test")
    audit.seal()
    forged = AuditEntry.objects.create(action="forged", actor_label="nobody")
    first = AuditSeal.objects.get(position=1)
    tamper("UPDATE core_auditseal SET position = 3 WHERE position = 2")
    AuditSeal.objects.create(position=2, entry=forged, previous_hash="f" * 64, hash=audit.hash_of(forged, first.hash))
    assert breaches()


@pytest.mark.django_db(transaction=True)
def test_many_writers_and_many_sealers_make_one_chain():
    def write(n):
        try:
            audit.record(actor=None, action="test", target=("thing", n))
            return audit.seal()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    audit.seal()
    assert AuditSeal.objects.count() == 40
    assert breaches() == []


@pytest.mark.django_db(transaction=True)
def test_an_act_that_fails_leaves_no_trace_of_having_happened():
    @transaction.atomic
    def act():
        audit.record(actor=None, action="test")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        act()
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db
def test_the_command_says_whether_the_chain_holds():
    audit.record(actor=None, action="test")
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert "1 entries hold" in out.getvalue()
    tamper("UPDATE core_auditentry SET action = 'other'")
    with pytest.raises(CommandError):
        call_command("verify_audit", stdout=out, stderr=out)
