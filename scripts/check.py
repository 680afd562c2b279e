"""Run every gate that is not a test, and go on after a failure so that one run shows all of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
Gate = tuple[str, list[str], dict[str, str]]  # its name, its command, and what the environment has besides
ROOMS = ("accounts", "calls", "digis", "discovery", "economy", "moderation", "notifications")
# Enough for production's settings to load; PostgreSQL and Valkey are started for the two gates that ask them.
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "digis.settings.production",
    "SECRET_KEY": "only-for-the-deploy-check-" + "0123456789abcdef" * 3,
    "ALLOWED_HOSTS": "digis.example",
    "SITE_URL": "https://digis.example",
    "TRUSTED_PROXIES": "10.0.0.1",
    "STRIPE_SECRET_KEY": "sk_test_" + "0" * 32,
    "STRIPE_WEBHOOK_SECRET": "whsec_" + "0" * 32,
    "STRIPE_CONNECT_WEBHOOK_SECRET": "whsec_" + "1" * 32,
    "EMAIL_URL": "smtp://127.0.0.1:1",
    "MAIL_FROM": "hello@digis.example",
}
DEVELOPMENT = {"DJANGO_SETTINGS_MODULE": "digis.settings.test"}
UNASKED = {"DATABASE_URL": "postgres://digis@127.0.0.1:1/digis", "REDIS_URL": "redis://127.0.0.1:1/0"}
ASKING = {"migrations", "deploy check"}


def list_gates() -> list[Gate]:
    """Return the name, command and extra environment of every gate."""
    code = [*ROOMS, "tests", "scripts", "manage.py", *(["benchmarks"] if any(ROOT.glob("benchmarks/*.py")) else [])]
    pages = [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("templates/**/*.html"))]
    gates: list[Gate] = [
        ("types", [str(BIN / "mypy"), *ROOMS], {**DEVELOPMENT, **UNASKED}),
        ("format", [str(BIN / "ruff"), "format", "--check", "--quiet", *code], {}),
        ("lint", [str(BIN / "ruff"), "check", "--quiet", *code], {}),
        ("imports", [str(BIN / "lint-imports"), "--no-cache"], {}),
        ("templates", [str(BIN / "djlint"), "templates", "--lint", "--quiet"], {}),
        ("template style", [str(BIN / "djade"), "--check", "--target-version", "5.2", *pages], {}),
        ("migrations", [str(BIN / "python"), "manage.py", "makemigrations", "--check", "--dry-run"], DEVELOPMENT),
        (
            "deploy check",
            [str(BIN / "python"), "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
            PRODUCTION,
        ),
    ]
    if (ROOT / "tsconfig.json").exists():
        gates.insert(3, ("script types", [str(ROOT / "node_modules" / ".bin" / "tsc"), "-p", "tsconfig.json"], {}))
    return gates


def run_gate(gate: Gate) -> tuple[str, bool]:
    """Run one gate and tell of it; return its name and whether it is green."""
    name, command, extra = gate
    began = time.monotonic()
    result = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **extra},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    is_green = result.returncode == 0
    told = f"{'ok ' if is_green else 'RED'} {name} ({time.monotonic() - began:.1f} s)\n"
    sys.stdout.write(told if is_green else told + (result.stdout + result.stderr).rstrip()[-12_000:] + "\n")
    sys.stdout.flush()
    return name, is_green


def main() -> int:
    """Run the gates named as arguments, or all; return 1 when one is red."""
    wanted = set(sys.argv[1:])
    gates = [gate for gate in list_gates() if not wanted or gate[0] in wanted]
    with ExitStack() as stack:
        if any(gate[0] in ASKING for gate in gates):
            from tests.services import Services

            for name in ("DATABASE_URL", "REDIS_URL"):
                os.environ.pop(name, None)
            services = Services()
            stack.callback(services.stop)
            services.start()
            os.environ["DIGIS_STATE"] = str(services.state)
        with ThreadPoolExecutor(2) as pool:
            red = [name for name, is_green in pool.map(run_gate, gates) if not is_green]
    if red:
        sys.stdout.write(f"\nRed: {', '.join(red)}. Run one alone: .venv/bin/python scripts/check.py '{red[0]}'\n")
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main())
