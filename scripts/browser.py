"""Make sure that the browser tests have a browser: the system's Chromium, from Debian's package where we may install."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

CHROMIUM = "/usr/bin/chromium"
ADVICE = "The browser tests need Chromium at /usr/bin/chromium. Install it: apt-get install chromium\n"


def main() -> int:
    """Install Chromium if it is missing and we may; the tests themselves say clearly when it is not there."""
    if shutil.which(CHROMIUM):
        return 0
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.stderr.write(ADVICE)
        return 0
    sys.stdout.write("installing Debian's Chromium for the browser tests\n")
    sys.stdout.flush()
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
        result = subprocess.run(command, env=env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if result.returncode != 0:
            sys.stderr.write(result.stderr[-600:] + ADVICE)
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
