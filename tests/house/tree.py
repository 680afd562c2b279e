"""What the house tests read: our Python files as syntax trees, our templates as text."""

from __future__ import annotations

import ast
import gc
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "notifications", "economy", "calls", "moderation", "discovery")
OURS = ("digis", *APPS)
LAYERS = ("core", "accounts", "notifications", "economy", "calls", "moderation", "discovery")


@dataclass(frozen=True)
class Source:
    """One Python file of ours."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def tree(self) -> ast.Module:
        return _parse(self.text)

    @property
    def room(self) -> str:
        """The room of an app a file belongs to: `views.py` and `views/tiers.py` are both `views`."""
        parts = self.path.relative_to(ROOT).parts
        return Path(parts[1]).stem if parts[0] in APPS and len(parts) > 1 else ""

    @property
    def is_migration(self) -> bool:
        return "migrations" in self.path.parts or "djstripe_migrations" in self.path.parts


@cache
def _parse(text: str) -> ast.Module:
    """Parse with the collector at rest: a finalizer that fails is printed, and Python 3.11 parses again to print it."""
    gc.disable()
    try:
        return ast.parse(text)
    finally:
        gc.enable()


@cache
def sources() -> tuple[Source, ...]:
    """Every Python file of ours, tests and benchmarks apart."""
    found = []
    for top in OURS:
        for path in sorted((ROOT / top).rglob("*.py")):
            found.append(Source(path, path.read_text(encoding="utf-8")))
    return tuple(found)


@cache
def written_tests() -> tuple[Source, ...]:
    return tuple(Source(p, p.read_text(encoding="utf-8")) for p in sorted((ROOT / "tests").rglob("*.py")))


@cache
def templates() -> tuple[tuple[str, str], ...]:
    """(name, text) of every HTML template of ours."""
    base = ROOT / "templates"
    return tuple((p.relative_to(base).as_posix(), p.read_text(encoding="utf-8")) for p in sorted(base.rglob("*.html")))


def tracked() -> list[str]:
    """Paths git keeps, or would keep."""
    out = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in out.stdout.splitlines() if (ROOT / line).is_file()]


def calls_in(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def dotted(node: ast.AST) -> str:
    """`a.b.c` of an attribute chain, as far as it is one."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""
