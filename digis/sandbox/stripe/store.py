"""Persistence: one SQLite file, one connection, one lock; every request is one transaction."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Thing = dict[str, Any]  # one Stripe object as JSON; keys that begin with "_" are ours and never leave the process

_SCHEMA = """
CREATE TABLE IF NOT EXISTS things (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, account TEXT NOT NULL,
    created INTEGER NOT NULL, data TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS things_by_kind ON things (kind, account, seq);
CREATE TABLE IF NOT EXISTS replies (
    account TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    created INTEGER NOT NULL, PRIMARY KEY (account, key));
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, type TEXT NOT NULL, endpoint TEXT NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL, position REAL NOT NULL,
    last_status INTEGER, last_error TEXT);
CREATE INDEX IF NOT EXISTS deliveries_by_state ON deliveries (state, due);
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, delivery INTEGER NOT NULL, at REAL NOT NULL, status INTEGER, error TEXT);
CREATE INDEX IF NOT EXISTS attempts_by_delivery ON attempts (delivery);
CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT, method TEXT NOT NULL, path TEXT NOT NULL, kind TEXT NOT NULL,
    status INTEGER NOT NULL, seconds REAL NOT NULL, remaining INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS rules (
    id INTEGER PRIMARY KEY AUTOINCREMENT, effect TEXT NOT NULL, pattern TEXT NOT NULL, seconds REAL NOT NULL,
    remaining INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_TABLES = ("things", "replies", "deliveries", "attempts", "faults", "rules", "settings")


class Store:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._depth = 0
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        path.chmod(0o600)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the block alone and whole; an inner block joins the outer one."""
        with self._lock:
            if self._depth == 0:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._db.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("COMMIT")

    def run(self, sql: str, *values: Any) -> int:
        """Execute one statement; return the number of rows it touched."""
        with self._lock:
            return self._db.execute(sql, values).rowcount

    def insert(self, sql: str, *values: Any) -> int:
        """Insert one row; return its number."""
        with self._lock:
            return self._db.execute(sql, values).lastrowid or 0

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        with self._lock:
            found: sqlite3.Row | None = self._db.execute(sql, values).fetchone()
            return found

    # — things —

    def add(self, thing: Thing, account: str) -> None:
        self.run(
            "INSERT INTO things (id, kind, account, created, data) VALUES (?, ?, ?, ?, ?)",
            thing["id"],
            thing["object"],
            account,
            thing.get("created") or 0,
            json.dumps(thing),
        )

    def save(self, thing: Thing) -> None:
        self.run("UPDATE things SET data = ? WHERE id = ?", json.dumps(thing), thing["id"])

    def remove(self, thing_id: str) -> None:
        self.run("DELETE FROM things WHERE id = ?", thing_id)

    def find(self, thing_id: str, account: str | None = None) -> Thing | None:
        row = self.row("SELECT data, account FROM things WHERE id = ?", thing_id)
        if row is None or (account is not None and row["account"] != account):
            return None
        thing: Thing = json.loads(row["data"])
        return thing

    def account_of(self, thing_id: str) -> str:
        row = self.row("SELECT account FROM things WHERE id = ?", thing_id)
        return row["account"] if row else ""

    def all(self, kind: str, account: str | None = "", **equals: Any) -> list[Thing]:
        """Newest first, like every list of Stripe's; `account=None` means every account."""
        where, values = _where(kind, account, equals)
        found = self.rows(f"SELECT data FROM things WHERE {where} ORDER BY seq DESC", *values)  # noqa: S608  names are ours
        return [json.loads(row["data"]) for row in found]

    def page(
        self, kind: str, account: str, *, limit: int, after: str | None, before: str | None, equals: Mapping[str, Any]
    ) -> tuple[list[Thing], bool]:
        where, values = _where(kind, account, equals)
        order = "ASC" if before else "DESC"
        where += " AND seq < coalesce((SELECT seq FROM things WHERE id = ?), 9e18)"
        where += " AND seq > coalesce((SELECT seq FROM things WHERE id = ?), 0)"
        values += [after, before]
        sql = f"SELECT data FROM things WHERE {where} ORDER BY seq {order} LIMIT ?"  # noqa: S608  names are ours
        found = [json.loads(row["data"]) for row in self.rows(sql, *values, limit + 1)]
        page = found[:limit]
        return (page[::-1] if before else page), len(found) > limit

    # — settings —

    def setting(self, name: str, default: str = "") -> str:
        row = self.row("SELECT value FROM settings WHERE name = ?", name)
        return row["value"] if row else default

    def set(self, name: str, value: str) -> None:
        self.run("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", name, value)

    def clear(self) -> None:
        with self.transaction():
            for table in _TABLES:
                self.run(f"DELETE FROM {table}")  # noqa: S608  our own table names

    def close(self) -> None:
        with self._lock:
            self._db.close()


def _where(kind: str, account: str | None, equals: Mapping[str, Any]) -> tuple[str, list[Any]]:
    parts, values = ["kind = ?"], [kind]
    if account is not None:
        parts.append("account = ?")
        values.append(account)
    for name, value in equals.items():
        field, _, operator = name.partition(":")
        if operator:
            symbol = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}[operator]
            parts.append(f"json_extract(data, '$.' || ?) {symbol} ?")
            values += [field, value]
        elif isinstance(value, list):
            parts.append(f"json_extract(data, '$.' || ?) IN ({', '.join('?' * len(value))})")
            values += [field, *value]
        else:
            parts.append("json_extract(data, '$.' || ?) = ?")
            values += [field, value]
    return " AND ".join(parts), values
