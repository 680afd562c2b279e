"""Logs: one JSON object a line, with the request's id, and without anything that must not be kept."""

from __future__ import annotations

import logging
import logging.config
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

REMOVED = "[removed]"

_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?|secret|token|authorization|cookie|session(id|_key)?$|csrf|api_?key|card|cvc|cvv|^code$|otp|totp|"
    r"signature|private|credential|iban|recovery",
    re.IGNORECASE,
)
_NOT_SECRET = frozenset({"tokens", "tokens_charged", "price_tokens", "token_balance", "charged_tokens", "code"})
_CARD = re.compile(r"(?<![\d.-])(?:\d[ -]?){13,19}(?![\d-])")
_STRIPE_KEY = re.compile(r"\b(?:sk|rk|whsec|pk)_(?:live_|test_)?[A-Za-z0-9]{8,}")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*")
_PAIR = re.compile(
    r"(?i)((?:pass(?:word|wd)?|secret|token|otp|code|cvc|csrfmiddlewaretoken)[\"']?\s*[=:]\s*[\"']?)([^\s\"'&,;}]{3,})"
)


def scrub_text(text: str) -> str:
    """Remove card numbers, keys, tokens and passwords from a piece of text."""
    text = _CARD.sub(lambda found: REMOVED if _is_card(found.group()) else found.group(), text)
    text = _STRIPE_KEY.sub(REMOVED, text)
    text = _JWT.sub(REMOVED, text)
    text = _BEARER.sub(lambda found: f"{found.group(1)} {REMOVED}", text)
    return _PAIR.sub(lambda found: found.group(1) + REMOVED, text)


def _is_card(text: str) -> bool:
    """Luhn's check: real card numbers pass it, ids and times rarely do."""
    digits = [int(sign) for sign in text if sign.isdigit()]
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return 13 <= len(digits) <= 19 and total % 10 == 0


def scrub(value: Any, name: str = "") -> Any:
    """Remove secrets from a value, by the name it goes under and by what it looks like."""
    if isinstance(value, MutableMapping | dict):
        return {key: scrub(inner, str(key)) for key, inner in value.items()}
    if name and name not in _NOT_SECRET and _SECRET_NAME.search(name) and not isinstance(value, int | float | None):
        return REMOVED
    if isinstance(value, list | tuple):
        return [scrub(inner, name) for inner in value]
    if isinstance(value, str):
        return scrub_text(value)
    return value


def scrub_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Scrub a whole event: the last processor before a line is written."""
    return {key: scrub(value, key) for key, value in event.items()}


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
]


def configure(options: dict[str, Any]) -> None:
    """Set logging up (settings.LOGGING_CONFIG): everything, ours and the libraries', goes out as JSON on stderr."""
    level = str(options.get("level", "INFO")).upper()
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": {"()": _formatter}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "json"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {
                "django.server": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
                "daphne": {"level": "WARNING"},
                "django.channels.server": {"level": "WARNING"},
                "stripe": {"level": "WARNING"},
                "urllib3": {"level": "WARNING"},
                "PIL": {"level": "WARNING"},
            },
        }
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _formatter() -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            scrub_event,
            structlog.processors.JSONRenderer(default=str),
        ],
    )


def start_sentry(dsn: str, *, environment: str, release: str) -> None:
    """Report errors to Sentry, scrubbed as the logs are, and never with a person's data."""
    import sentry_sdk

    def before_send(event: Any, _hint: Any) -> Any:
        return scrub(dict(event))

    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        release=release or None,
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        before_send=before_send,
        traces_sample_rate=0.0,
    )
