"""The one reader of the process environment: strict, typed, and clear about what to change.

Settings call these functions once at import. A malformed or missing value stops the process with
one line that names the variable, never with a guess.
"""

from __future__ import annotations

import base64
import binascii
import os
from importlib.util import find_spec
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE: Final = {"1", "true", "yes", "on"}
FALSE: Final = {"0", "false", "no", "off"}


def text(name: str, default: str | None = None) -> str:
    """Return the variable, or the default; refuse to start when it is required and empty."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"Set {name} in the environment: it has no default here.")
    return default


def flag(name: str, *, default: bool) -> bool:
    """Read a yes-or-no variable."""
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in TRUE | FALSE:
        return value in TRUE
    raise ImproperlyConfigured(f"Set {name} to true or false, not to {value!r}.")


def number(name: str, default: int | None = None, *, low: int = 0, high: int = 2**31) -> int:
    """Read a whole number between low and high, both included."""
    value = text(name, None if default is None else str(default))
    try:
        parsed = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"Set {name} to a whole number, not to {value!r}.") from None
    if not low <= parsed <= high:
        raise ImproperlyConfigured(f"Set {name} between {low} and {high}, not to {parsed}.")
    return parsed


def words(name: str, default: str | None = None) -> list[str]:
    """Read a comma-separated list; empty items are dropped."""
    return [item.strip() for item in text(name, default).split(",") if item.strip()]


def address(name: str, *, schemes: set[str], default: str | None = None) -> str:
    """Read a URL whose scheme is one of those listed."""
    value = text(name, default)
    if value and urlsplit(value).scheme not in schemes:
        raise ImproperlyConfigured(f"Set {name} to a URL that starts with one of: {', '.join(sorted(schemes))}.")
    return value


def key_bytes(name: str, length: int) -> str:
    """Read a key of so many bytes in base64url, without padding."""
    value = text(name)
    try:
        found = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != length:
        raise ImproperlyConfigured(f"Set {name} to {length} bytes in base64url.")
    return value


def mail_server(name: str) -> dict[str, str | int | bool]:
    """Read a mail server's URL and return Django's EMAIL_* settings.

    `smtp://` speaks in the clear (a relay on this machine), `smtp+tls://` upgrades with STARTTLS, `smtps://` is
    encrypted from the first byte: `smtp+tls://user:password@mail.example.com:587`.
    """
    ports = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
    parts = urlsplit(address(name, schemes=set(ports)))
    try:
        port = parts.port or ports[parts.scheme]
    except ValueError:
        raise ImproperlyConfigured(f"Set {name} to a URL whose port is a number.") from None
    if not parts.hostname:
        raise ImproperlyConfigured(f"Set {name} to a URL that names the mail server.")
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
    }


def mail_route(name: str) -> dict[str, Any]:
    """Read one of MAIL_ROUTES: a mail server (see `mail_server`), or a provider that django-anymail knows.

    `anymail://postmark?server_token=…` names the provider and its options as django-anymail's manual does.
    """
    if urlsplit(text(name)).scheme == "anymail":
        provider, options = mail_provider(name, text(name))
        extra = {"headers": {"X-PM-KeepID": "true"}} if provider == "postmark" else {}  # or it makes up a Message-ID
        options = {"requests_timeout": 15, "ignore_unsupported_features": True, **options}
        return {"name": provider, "backend": f"anymail.backends.{provider}.EmailBackend", "options": options, **extra}
    server = mail_server(name)
    options = {
        "host": server["EMAIL_HOST"],
        "port": server["EMAIL_PORT"],
        "username": server["EMAIL_HOST_USER"],
        "password": server["EMAIL_HOST_PASSWORD"],
        "use_tls": server["EMAIL_USE_TLS"],
        "use_ssl": server["EMAIL_USE_SSL"],
        "timeout": 15,
    }
    route = str(server["EMAIL_HOST"])
    return {"name": route, "backend": "django.core.mail.backends.smtp.EmailBackend", "options": options}


def mail_provider(name: str, url: str) -> tuple[str, dict[str, Any]]:
    """Split `anymail://provider?option=value` into the provider and its options."""
    parts = urlsplit(url)
    provider = parts.netloc
    is_known = provider.isidentifier() and find_spec(f"anymail.webhooks.{provider}") is not None
    if parts.scheme != "anymail" or not is_known:
        raise ImproperlyConfigured(f"Set {name} to anymail://, a provider of django-anymail, and its options.")
    return provider, dict(parse_qsl(parts.query))
