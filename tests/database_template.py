"""A database with all tables made, kept between runs: making them anew takes longer than most tests.

The kept folder is a whole PostgreSQL data folder, named by a fingerprint of everything that shapes the tables. Each
run starts from a copy; pytest-django then makes the test databases from its template, without migrating.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from digis.stack.embedded import Postgres, start_servers, stop_servers

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / ".pytest_cache" / "digis-tables"
NAME = "digis_tables"
SHAPING = ("*/migrations/**/*.py", "digis/*/migrations/*.py", "digis/stack/djstripe_migrations/*.py", "*/sql/**/*.sql")
STALE_SECONDS = 86_400


def fingerprint() -> str:
    """Return what changes when a migration, its SQL, a package or the list of rooms does."""
    files = {path for pattern in SHAPING for path in ROOT.glob(pattern) if ".venv" not in path.parts}
    files.add(ROOT / "requirements-dev.lock")
    rooms = re.search(
        r"^INSTALLED_APPS = \[.*?^\]",
        (ROOT / "digis/settings/base.py").read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    digest = hashlib.sha256(f"{os.geteuid()} {rooms and rooms[0]}".encode())
    for path in sorted(files):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:24]


def restore(state: Path, postgres: Postgres, key: str) -> bool:
    """Lay the kept data folder into this run's state; tell whether there was one."""
    kept = KEPT / key
    if not (kept / "data").is_dir():
        return False
    postgres.data.parent.mkdir(parents=True, exist_ok=True)
    try:
        _copy(kept / "data", postgres.data)
        shutil.copy(kept / "postgres.secret", state / "postgres.secret")
    except (OSError, subprocess.CalledProcessError):  # swept away by another run meanwhile
        shutil.rmtree(postgres.data, ignore_errors=True)
        (state / "postgres.secret").unlink(missing_ok=True)
        return False
    (state / "postgres.initialized").touch()
    return True


def make(state: Path, postgres: Postgres, key: str) -> bool:
    """Make the template on the running server and keep the folder; tell whether that worked.

    Where a migration is broken it does not: the tests that need tables then say so themselves.
    """
    result = subprocess.run(
        [sys.executable, "-c", MAKE_TABLES, str(ROOT)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": postgres.url(NAME), "DJANGO_SETTINGS_MODULE": "digis.settings.test"},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        return False
    stop_servers([postgres])
    _sweep()
    fresh = KEPT / f".{key}-{os.getpid()}"
    fresh.mkdir(parents=True, mode=0o700)
    _copy(postgres.data, fresh / "data")
    shutil.copy(state / "postgres.secret", fresh / "postgres.secret")
    try:
        fresh.rename(KEPT / key)
    except OSError:  # another run was quicker
        shutil.rmtree(fresh, ignore_errors=True)
    start_servers([postgres])
    return True


MAKE_TABLES = f"""
import os, sys
sys.path.insert(0, sys.argv[1])
import psycopg
url = os.environ["DATABASE_URL"]
with psycopg.connect(url.rpartition("/")[0] + "/postgres", autocommit=True) as connection:
    connection.execute("CREATE DATABASE {NAME}")
import django
django.setup()
from django.core.management import call_command
call_command("migrate", interactive=False, verbosity=0)
"""


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", "--reflink=auto", source, target], check=True, capture_output=True)


def _sweep() -> None:
    """Remove what is kept of older tables, unless a run of today may still be reading it."""
    for folder in KEPT.glob("*") if KEPT.exists() else ():
        if folder.stat().st_mtime < time.time() - STALE_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
