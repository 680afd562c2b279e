"""Start all of Digis on this machine, for development: `make run` calls it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from typing_extensions import override

from digis.stack.demo_accounts import DEMO_ACCOUNTS, DEMO_PASSWORD, DEMO_TOTP_SECRET
from digis.stack.plan import Plan, read_port
from digis.stack.process import StackError
from digis.stack.supervisor import Stack


class Command(BaseCommand):
    help = "Start PostgreSQL, Valkey, the Stripe stand-in, web, worker and beat; Ctrl-C stops them in order."
    requires_system_checks = ()

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()

        def say(text: str) -> None:
            with contextlib.suppress(OSError):  # the terminal may be gone
                print(f"[{time.monotonic() - began:6.1f} s] {text}", flush=True)

        # A shell gives a program started with `&` an ignored SIGINT: the handlers are therefore set by hand.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, interrupt)
        stack: Stack | None = None
        try:
            stack = Stack(make_plan(), say=say)
            stack.start()
            say(f"Digis runs at {stack.url}")
            with contextlib.suppress(OSError):
                print(welcome(stack), flush=True)
            stack.watch()
        except StackError as error:
            sys.stderr.write(f"{error}\n")
            end(stack)
            leave(1)
        except KeyboardInterrupt:
            say("stopping")
            end(stack)
            say("stopped; nothing is lost, `make run` starts it again")
            leave(0)


def end(stack: Stack | None) -> None:
    """Stop, and let no further Ctrl-C cut the stopping short."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if stack:
        stack.stop()


def leave(status: int) -> None:
    """Leave at once: taking down a process that has loaded all of Django can last a second."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """Turn a signal into the exception that Ctrl-C raises."""
    raise KeyboardInterrupt


def make_plan() -> Plan:
    """Read from the environment what to start and where."""
    if settings.ENVIRONMENT == "production":
        raise StackError("`manage.py up` is for development. In production start each process by itself.")
    return Plan(
        state=Path(settings.STATE_DIR),
        port=read_port(os.environ.get("PORT", "").strip() or "8000"),
        settings=os.environ["DJANGO_SETTINGS_MODULE"],
        database_url=os.environ.get("DATABASE_URL", "").strip(),
        redis_url=os.environ.get("REDIS_URL", "").strip(),
        stripe_key=os.environ.get("STRIPE_SECRET_KEY", "").strip(),
        webhook_path=f"/stripe/webhook/{settings.STRIPE_WEBHOOK_UUID}/",
        connect_webhook_path=f"/stripe/webhook/{settings.STRIPE_CONNECT_WEBHOOK_UUID}/",
        demo=True,
    )


def welcome(stack: Stack) -> str:
    """Return what a person who has never seen Digis needs to know next."""
    lines = ["", f"  Open           {stack.url}", f"  Mail           {stack.url}/dev/mail/"]
    if "postgres" in stack.names:
        lines += ["", f"  Sign in with the password {DEMO_PASSWORD} as"]
        lines += [f"    {account.email:<24} {account.what}" for account in DEMO_ACCOUNTS]
        lines += [f"  Staff are asked for a code: `manage.py demo_code` prints it (secret {DEMO_TOTP_SECRET})."]
    if stack.sandbox_url:
        lines += ["  To pay, use card 4242 4242 4242 4242, any later date, any code; 4000 0000 0000 0002 is declined."]
    lines += ["", f"  Logs           {stack.plan.state / 'log'}", "  Stop           Ctrl-C", ""]
    return "\n".join(lines)
