"""Become the program the supervisor asked for, under the right identity and bound to the supervisor's life.

Run as a script, never imported: `python -I -S launch.py IDENTITY PARENT SIGNAL PROGRAM ARGUMENT…`. It replaces
itself, so the process id the supervisor knows is the program's own. A script, because code run between fork and
exec inside a process that may have threads can deadlock.

IDENTITY is `self`, `namespace` (the user looks like `nobody` inside a user namespace, and keeps their own files:
PostgreSQL refuses root, and a user without a name) or `nobody`. SIGNAL is what the kernel sends when PARENT dies in any way, kill -9 included.
"""

import ctypes
import os
import pwd
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x1000_0000
IGNORED_BY_PYTHON = ("SIGPIPE", "SIGXFSZ")
REFUSED = 77  # exit status that says: this kernel or container does not allow that identity


def main() -> None:
    """Change identity, tie the process to its parent, and become the program."""
    identity, parent, death_signal, *command = sys.argv[1:]
    libc = ctypes.CDLL(None, use_errno=True)
    if identity == "namespace":
        _enter_namespace(libc)
    elif identity == "nobody":
        _become_nobody()
    # After the change of identity, which would clear it.
    libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != int(parent):  # it died before we were bound to it
        sys.exit(1)
    for name in (*IGNORED_BY_PYTHON, "SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    os.execv(command[0], command)  # noqa: S606  # the supervisor's own command, no shell wanted


def _enter_namespace(libc: ctypes.CDLL) -> None:
    user, group = os.geteuid(), os.getegid()
    try:
        entry = pwd.getpwnam("nobody")
        if libc.unshare(CLONE_NEWUSER) != 0:
            sys.exit(REFUSED)
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{entry.pw_uid} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{entry.pw_gid} {group} 1", encoding="ascii")
    except (KeyError, OSError):
        sys.exit(REFUSED)


def _become_nobody() -> None:
    try:
        entry = pwd.getpwnam("nobody")
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    except (KeyError, OSError):
        sys.exit(REFUSED)


if __name__ == "__main__":
    main()
