"""What a lower layer must know of an upper one, told to it in `AppConfig.ready()`.

Each registry is a plain dictionary of typed entries. A name is registered once: a second, different entry under
the same name is a mistake in the wiring and stops the process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

T = TypeVar("T")


class Registry(Generic[T]):
    """Entries by name, in the order they came."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._entries: dict[str, T] = {}

    def register(self, name: str, entry: T) -> T:
        if name in self._entries and self._entries[name] != entry:
            raise ImproperlyConfigured(f"Two {self.what} are registered as {name!r}: rename one of them.")
        self._entries[name] = entry
        return entry

    def get(self, name: str) -> T | None:
        return self._entries.get(name)

    def items(self) -> Iterable[tuple[str, T]]:
        return self._entries.items()

    def values(self) -> Iterable[T]:
        return self._entries.values()

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __len__(self) -> int:
        return len(self._entries)


@dataclass(frozen=True, slots=True)
class PayableContext:
    """A thing a tip may be given in: a call, a stream, a message (`context: {type, id}` of a tip)."""

    name: str
    find: Callable[[Any, str], Any]  # (viewer, id) → the thing, or raises NotFound
    payee: Callable[[Any], Any]  # the thing → who is paid
    after: Callable[[Any, Any], None] | None = None  # (the thing, the tip), inside the tip's transaction


@dataclass(frozen=True, slots=True)
class ProtectedFile:
    """A kind of file that is served only after `can_view(viewer, thing)`."""

    name: str
    find: Callable[[Any, str], Any]  # (viewer, id) → the stored file, or raises NotFound


@dataclass(frozen=True, slots=True)
class PersonalData:
    """What an app holds about a person, for export and erasure (LAW-9)."""

    name: str
    export: Callable[[Any], Iterable[dict[str, Any]]]
    erase: Callable[[Any], int] | None = None  # returns how many rows it touched; None: kept by law


@dataclass(frozen=True, slots=True)
class ClosingObligation:
    """What must be settled before an account closes: sentences a person can act on, none when free to go."""

    name: str
    list_open: Callable[[Any], list[str]]


@dataclass(frozen=True, slots=True)
class Occupation:
    """What people can be busy with: presence shows it as being in a call (DISC-2)."""

    name: str
    is_held: Callable[[Any], Any]  # a person's id as an expression → an expression that is true while they are in one


@dataclass(frozen=True, slots=True)
class PresencePart:
    """What an upper app shows of a person's presence, sent with each change of it."""

    name: str
    template: str
    find: Callable[[UUID], Any]  # a person's id → what the template calls `part`; None: nothing of them is shown


@dataclass(frozen=True, slots=True)
class SuspendedAction:
    """What a suspended person may still do in an app: end a subscription, withdraw what they earned (ACC-9)."""

    name: str
    routes: frozenset[str]  # names of the views that stay open for it
    offer: Callable[
        [Any], tuple[str, str, str] | None
    ]  # person → title, text, address; None when there is nothing to do


@dataclass(frozen=True, slots=True)
class Figure:
    """A number in an upper app's tables that those who watch the machinery are told, on /metrics."""

    name: str
    help: str
    read: Callable[[], int]


contexts: Registry[Callable[[HttpRequest], Any]] = Registry("page contexts")
payable_contexts: Registry[PayableContext] = Registry("payable contexts")
protected_files: Registry[ProtectedFile] = Registry("protected files")
personal_data: Registry[PersonalData] = Registry("kinds of personal data")
closing_obligations: Registry[ClosingObligation] = Registry("closing obligations")
occupations: Registry[Occupation] = Registry("occupations")
presence_parts: Registry[PresencePart] = Registry("parts of presence")
suspended_actions: Registry[SuspendedAction] = Registry("actions of suspended people")
figures: Registry[Figure] = Registry("figures")


def register_context(name: str, provide: Callable[[HttpRequest], Any]) -> None:
    """Give every template `name`, evaluated only when a template reads it."""
    contexts.register(name, provide)


def register_payable_context(context: PayableContext) -> None:
    """Let people tip in this kind of place."""
    payable_contexts.register(context.name, context)


def register_protected_file(kind: ProtectedFile) -> None:
    """Serve this kind of file after its check."""
    protected_files.register(kind.name, kind)


def register_personal_data(kind: PersonalData) -> None:
    """Include this kind in a person's export and erasure."""
    personal_data.register(kind.name, kind)


def register_closing_obligation(kind: ClosingObligation) -> None:
    """Ask this before an account closes."""
    closing_obligations.register(kind.name, kind)


def register_occupation(kind: Occupation) -> None:
    """Count this as being in a call."""
    occupations.register(kind.name, kind)


def register_presence_part(part: PresencePart) -> None:
    """Send this fragment whenever a person's presence changes."""
    presence_parts.register(part.name, part)


def register_suspended_action(action: SuspendedAction) -> None:
    """Offer this to suspended people, and leave its pages open to them."""
    suspended_actions.register(action.name, action)


def register_figure(figure: Figure) -> None:
    """Put this number on /metrics, read whenever somebody asks."""
    figures.register(figure.name, figure)


def open_obligations(person_id: UUID | Any) -> list[str]:
    """Return every sentence that stands between a person and closing the account."""
    return [line for _, kind in closing_obligations.items() for line in kind.list_open(person_id)]
