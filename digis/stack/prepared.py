"""What the tables of a state folder were made by, so that a start that would change nothing need not look at them."""

from __future__ import annotations

import hashlib
import sys

from digis.stack.plan import ROOT, Plan


class Stamp:
    """The file `prepared` of a state folder: a digest of all that `manage.py prepare` went by when it last ended well."""

    def __init__(self, plan: Plan, secret: str) -> None:
        self._file = plan.state / "prepared"
        self._wanted = _digest(plan, secret)

    def is_current(self) -> bool:
        """Whether preparing again would change nothing."""
        return self._file.is_file() and self._file.read_text("ascii", "replace") == self._wanted

    def forget(self) -> None:
        """Have the next start prepare, whatever becomes of this one."""
        self._file.unlink(missing_ok=True)

    def keep(self) -> None:
        """Note that the tables are as the code wants them."""
        self._file.write_text(self._wanted, "ascii")


def _digest(plan: Plan, secret: str) -> str:
    """Digest the code, the packages, the plan and the webhook's secret."""
    digest = hashlib.sha256(f"{sys.version} {plan} {secret}".encode())
    files = [ROOT / "requirements.lock"]
    for package in ROOT.glob("*/__init__.py"):
        if package.parent.name != "tests":
            files += [path for path in package.parent.rglob("*.*") if path.suffix in {".py", ".sql"}]
    for file in sorted(files):
        digest.update(f"{file} {file.stat().st_mtime_ns} {file.stat().st_size}\n".encode())
    return digest.hexdigest()
