"""What can go wrong, in the domain's words: a code, data, and one sentence for a person.

No HTTP here. `digis.core.http`, `digis.core.api` and the socket consumer each map these once to their own transport.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from typing_extensions import override


class DomainError(Exception):
    """A refusal the caller can act on. Subclasses set `code` and `message`; data fills the message's %(names)s."""

    code: ClassVar[str] = "CONFLICT"
    message: Any = _("This cannot be done right now.")

    def __init__(self, message: Any = None, **data: Any) -> None:
        if message is not None:
            self.message = message
        self.data = data
        super().__init__(self.code)

    @override
    def __str__(self) -> str:
        text = str(self.message)
        return text % {name: _write(value) for name, value in self.data.items()} if "%(" in text else text


def _write(value: Any) -> Any:
    """Write a number as pages do: 1,234."""
    return number_format(value, force_grouping=True) if type(value) is int else value


class ValidationFailed(DomainError):
    """Input that cannot be used. `fields` maps a field's name to its sentences."""

    code = "VALIDATION_ERROR"
    message = _("Some of what you entered needs another look.")

    def __init__(self, fields: dict[str, list[Any]] | None = None, message: Any = None) -> None:
        super().__init__(message)
        self.fields = fields or {}


class AuthRequired(DomainError):
    code = "AUTH_REQUIRED"
    message = _("Sign in to go on.")


class ReauthRequired(DomainError):
    """A step-up is needed (ACC-3)."""

    code = "REAUTH_REQUIRED"
    message = _("Confirm that it is you to go on.")


class Forbidden(DomainError):
    code = "FORBIDDEN"
    message = _("You may not do this.")


class CreatorOnly(Forbidden):
    code = "CREATOR_ONLY"
    message = _("Only approved creators can do this.")


class EmailUnverified(Forbidden):
    code = "EMAIL_UNVERIFIED"
    message = _("Confirm your e-mail address first. We sent you a code.")


class LimitReached(Forbidden):
    code = "LIMIT_REACHED"
    message = _("You have reached a limit.")


class NotFound(DomainError):
    """Also what a person may not know exists."""

    code = "NOT_FOUND"
    message = _("There is nothing here.")


class Conflict(DomainError):
    code = "CONFLICT"


class InvalidState(DomainError):
    code = "INVALID_STATE"
    message = _("This has moved on since you opened the page.")


class IdempotencyConflict(DomainError):
    code = "IDEMPOTENCY_CONFLICT"
    message = _("This form was already used for something else. Open the page again.")


class RateLimited(DomainError):
    code = "RATE_LIMIT_EXCEEDED"
    message = _("Too many tries. Wait %(retry_after)s seconds and try again.")

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after=retry_after)
        self.retry_after = retry_after
