"""Install what Digis needs into this folder and nowhere else: `make setup` runs it, as do `make run` and `make test`.

Needs only Python 3.11.2 or newer with its venv module. Each step is skipped when what it makes stands already and
was made from the same lock file, so that a second call costs a tenth of a second.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import build_static

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11, 2)
BEGAN = time.monotonic()


class SetupError(Exception):
    """Say in one line what is wrong and what to do about it."""


def say(text: str) -> None:
    """Print a line with the time since the start."""
    sys.stdout.write(f"[{time.monotonic() - BEGAN:6.1f} s] {text}\n")
    sys.stdout.flush()


def digest(*files: Path) -> str:
    """Return a fingerprint of these files and of the Python at work."""
    total = hashlib.sha256(sys.version.encode())
    for file in files:
        total.update(file.read_bytes())
    return total.hexdigest()


def is_done(stamp: Path, mark: str) -> bool:
    """Tell whether the step that leaves this stamp was done from the same files."""
    try:
        return stamp.read_text(encoding="ascii") == mark
    except OSError:
        return False


def make_environment() -> None:
    """Make .venv, or make it anew when it does not run here (it was moved, or Python was)."""
    if runs(PYTHON, "-c", "import pip"):
        return
    if sys.version_info < OLDEST:
        raise SetupError(f"Python {'.'.join(map(str, OLDEST))} or newer is needed; this is {sys.version.split()[0]}.")
    shutil.rmtree(VENV, ignore_errors=True)
    result = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if result.returncode != 0:
        words = (result.stdout + result.stderr).strip().splitlines() or ["no reason given"]
        raise SetupError(f"Python could not make .venv: {words[0]} On Debian, install the package python3-venv.")
    say("made .venv")


def runs(*command: str | Path) -> bool:
    """Tell whether a command ends well."""
    try:
        return subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def install_python(lock: Path, stamp: Path) -> None:
    """Install the locked Python packages, each held to its hash."""
    mark = digest(lock)
    if is_done(stamp, mark):
        return
    stamp.unlink(missing_ok=True)
    total = sum(1 for line in lock.read_text(encoding="utf-8").splitlines() if line[:1].isalnum())
    say(f"installing {total} Python packages ({lock.name})")
    if total > 1 and install_quickly(lock):
        stamp.write_text(mark, encoding="ascii")
        return
    command = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--require-hashes",
        "--no-deps",
        "--no-input",
        "--disable-pip-version-check",
    ]
    follow([*command, "-r", lock], counted="Collecting ", total=total, what="Python packages")
    stamp.write_text(mark, encoding="ascii")


def install_quickly(lock: Path) -> bool:
    """Install by uv, itself taken from the lock file: a tenth of pip's time. Tell whether that worked.

    uv does not read pip's configuration: where that names an index of its own, pip installs.
    """
    config = subprocess.run(
        [PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    names = {line.partition("=")[0].rpartition(".")[2] for line in config.stdout.splitlines()}
    if "index-url" in names or "PIP_INDEX_URL" in os.environ or "no-index" in names:
        return False
    entry = next((entry for entry in read_entries(lock) if entry.startswith("uv==")), "")
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as only:
        only.write(entry)
        only.flush()
        pip = [PYTHON, "-m", "pip", "install", "--require-hashes", "--no-deps", "--no-input", "-q"]
        if not entry or not runs(*pip, "--disable-pip-version-check", "-r", only.name):
            return False
    uv = [VENV / "bin" / "uv", "pip", "install", "--system-certs", "--python", PYTHON]
    command = [*uv, "--require-hashes", "--no-deps", "-r", lock]
    try:
        follow(command, counted="", total=0, what="Python packages")
    except SetupError:
        say("uv could not install them: trying pip")
        return False
    return True


def read_entries(lock: Path) -> list[str]:
    """Return the entries of a lock file, each with its hashes."""
    entries: list[str] = []
    for line in lock.read_text(encoding="utf-8").splitlines(keepends=True):
        if line[:1].isalnum():
            entries.append(line)
        elif entries:
            entries[-1] += line
    return entries


def link_project() -> None:
    """Let programs in .venv/bin import Digis, wherever they are called from."""
    for folder in VENV.glob("lib/python3*/site-packages"):
        (folder / "digis.pth").write_text(f"{ROOT}\n", encoding="utf-8")


def install_node() -> None:
    """Bring Node from a wheel when the machine has none that is new enough."""
    if build_static.find_node() is None:
        say("no Node 20 or newer here: installing it into .venv")
        install_python(ROOT / "requirements-node.lock", VENV / ".installed-node")
        if build_static.find_node() is None:
            raise SetupError("The Node that was installed does not run here. Install Node 20 or newer and try again.")


def install_npm() -> None:
    """Install the locked npm packages; none of their install scripts is run."""
    stamp = ROOT / "node_modules" / ".installed"
    mark = digest(ROOT / "package-lock.json", ROOT / ".npmrc")
    if is_done(stamp, mark):
        return
    found = build_static.find_node()
    if found is None:
        raise SetupError("Node 20 or newer is missing. Install it and try again.")
    node, npm = found
    say("installing npm packages")
    os.environ["PATH"] = os.pathsep.join((str(node.parent), os.environ.get("PATH", "")))
    follow([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], counted="", total=0, what="npm packages")
    stamp.write_text(mark, encoding="ascii")


def follow(command: Sequence[str | Path], *, counted: str, total: int, what: str) -> None:
    """Run a long command, tell every few seconds how far it is, and show its words when it fails."""
    words: list[str] = []
    done = threading.Event()

    def tell() -> None:
        while not done.wait(5):
            count = sum(line.startswith(counted) for line in words) if counted else total
            say(f"  {count} of {total}" if count < total else f"  writing {what}")

    with subprocess.Popen(
        [str(part) for part in command],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        teller = threading.Thread(target=tell, daemon=True)
        teller.start()
        for line in process.stdout or ():
            words.append(line)  # noqa: PERF402  # the other thread counts them as they come
        process.wait()
        done.set()
        teller.join()
    if process.returncode != 0:
        sys.stdout.write("".join(words[-15:]))
        raise SetupError(f"Installing {what} failed: see the lines above. Try `make setup` again when it is mended.")
    say(f"{what} ready")


def build() -> None:
    """Build static/dist when a source changed."""
    if not build_static.is_current():
        build_static.build()
        say("built static/dist")


def main() -> int:
    """Do every step that is due; return the exit status."""
    os.chdir(ROOT)
    try:
        if "pages" not in sys.argv[1:]:  # the image installs Python packages by itself
            make_environment()
            install_python(ROOT / "requirements-dev.lock", VENV / ".installed")
            link_project()
            install_node()
        install_npm()
        build()
    except (SetupError, build_static.BuildError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
