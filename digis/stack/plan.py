"""What one start of Digis uses: its state folder, addresses and keys, and the environment its processes get."""

from __future__ import annotations

import os
import secrets
import string
import sys
from dataclasses import dataclass, field
from pathlib import Path

from digis.stack.process import StackError

ROOT = Path(__file__).resolve().parents[2]
# Sockets as in production (compose.yaml); who does not answer a ping in time is gone.
SOCKET_OPTIONS = (
    *("--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--ws-max-size", "16384"),
    *("--ws-ping-interval", "10", "--ws-ping-timeout", "8", "--lifespan", "off"),
)
LETTERS = string.ascii_letters + string.digits
MARK = "DIGIS_STACK"  # in the environment of every process of ours: by it the next start knows what a kill left
ERRORS = "Set DIGIS_STATE to a folder you own, on a disk with room."


@dataclass(frozen=True)
class Plan:
    """Where and with what to start. An empty address means: start our own."""

    state: Path
    port: int
    settings: str = "digis.settings.development"
    database_url: str = ""
    redis_url: str = ""
    stripe_key: str = ""  # given: the real Stripe's test mode, and no stand-in
    sandbox_port: int = 0
    webhook_path: str = "/stripe/webhook/6f1f8d6e-5f0a-4d3c-9c1e-7c6b6a1d0001/"
    connect_webhook_path: str = "/stripe/webhook/6f1f8d6e-5f0a-4d3c-9c1e-7c6b6a1d0002/"
    durable: bool = True
    demo: bool = False
    sandbox_keys: tuple[str, str, str] = ("", "", "")  # secret key, webhook secrets; empty: kept in the state folder
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Return the address of the pages."""
        return f"http://127.0.0.1:{self.port}"


def read_port(text: str) -> int:
    """Return the port to serve at, or say what is wrong with it."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise StackError(f"PORT is {text!r}. Set it to a number from 1 to 65535, for example PORT=8001.")
    return int(text)


def open_state(folder: Path) -> None:
    """Make the state folder, private to its owner, and make sure that it can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if folder.stat().st_uid == os.geteuid() and folder.stat().st_mode & 0o066:
            folder.chmod(0o700)
        for name in ("log", "static", "media"):
            (folder / name).mkdir(exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_text("writable", encoding="ascii")
        probe.unlink()
    except OSError as error:
        raise StackError(f"The state folder {folder} cannot be written: {error.strerror}. {ERRORS}") from error


def keep_secret(file: Path, prefix: str, length: int = 40) -> str:
    """Return the secret kept in the file, made at the first call; letters and digits after the prefix."""
    if not file.exists():
        fresh = file.with_name(f".{file.name}.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(prefix + "".join(secrets.choice(LETTERS) for _ in range(length)), encoding="ascii")
        fresh.rename(file)
    return file.read_text(encoding="ascii").strip()


def make_environment(plan: Plan, *, sandbox_url: str) -> dict[str, str]:
    """Return the environment of every process, without the addresses of servers that start later."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    env.update(
        {
            MARK: str(plan.state),
            "DJANGO_SETTINGS_MODULE": plan.settings,
            "DIGIS_STATE": str(plan.state),
            "PORT": str(plan.port),
            "SITE_URL": os.environ.get("SITE_URL") or plan.url,
            "PYTHONUNBUFFERED": "1",
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "/usr/bin:/bin"))),
            "DIGIS_READY_FOLDER": str(plan.state / "ready"),
        }
    )
    env.setdefault("SECRET_KEY", keep_secret(plan.state / "django.secret", "", 64))
    if sandbox_url:
        key, webhook_secret, connect_secret = plan.sandbox_keys
        env["STRIPE_SECRET_KEY"] = key or keep_secret(plan.state / "stripe.secret", "sk_test_")
        env["STRIPE_WEBHOOK_SECRET"] = webhook_secret or keep_secret(plan.state / "webhook.secret", "whsec_")
        env["STRIPE_CONNECT_WEBHOOK_SECRET"] = connect_secret or keep_secret(
            plan.state / "connect-webhook.secret", "whsec_"
        )
        env["STRIPE_API_BASE"] = sandbox_url
        env["STRIPE_SANDBOX_URL"] = sandbox_url
    env.update(plan.extra)
    return env
