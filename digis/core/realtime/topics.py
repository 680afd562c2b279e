"""What can be listened to, who may, and what may be said there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from digis.core.registry import Registry

Authorizer = Callable[[Any, str], bool]  # (user, id) → may they, now?
MessageHandler = Callable[[Any, str, Any], Any]  # (user, id, data) → what the acknowledgement carries, or None
PresenceHook = Callable[[Any], None]
TypingRule = Callable[[Any], bool]  # (user) → may they, as they chose?

USER = "user"


@dataclass(frozen=True)
class Event:
    """Something a page shows differently from now on. Subclasses are frozen dataclasses that name their template.

    `template` is the fragment the page itself renders (`"economy/wallet.html#balance"`); its root has an id.
    `coalesces` says that of several such events within 50 ms the last alone is enough, their data included. An event
    without data, whose fragments replace what is there, need not say it.
    """

    name: ClassVar[str] = ""
    template: ClassVar[str] = ""
    coalesces: ClassVar[bool] = False

    def context(self) -> dict[str, Any]:
        """Return what the template needs, read now: after the commit."""
        return {}

    def data(self) -> dict[str, Any]:
        """Return what scripts need beside the fragment."""
        return {}


@dataclass(frozen=True, slots=True)
class Topic:
    """A kind of topic, `call` of `call:<id>`."""

    kind: str
    authorize: Authorizer
    messages: Mapping[str, MessageHandler] = field(default_factory=dict)
    typing: bool = False  # whether those who listen may know that one of them types


@dataclass(frozen=True, slots=True)
class TypingRules:
    """What people chose: whether others learn that they type, and whether they learn it of others."""

    may_show: TypingRule
    may_see: TypingRule


topics: Registry[Topic] = Registry("realtime topics")
presence_hooks: list[PresenceHook] = []
typing_rules: list[TypingRules] = []


def register_topic(
    kind: str, *, authorize: Authorizer, messages: Mapping[str, MessageHandler] | None = None, typing: bool = False
) -> None:
    """Open a kind of topic. `authorize` is asked at each subscription and at each message, in a thread.

    With `typing`, whoever listens may also send `typing` frames, which the others get if both sides show it.
    """
    topics.register(kind, Topic(kind, authorize, dict(messages or {}), typing))


def register_typing(*, may_show: TypingRule, may_see: TypingRule) -> None:
    """Have people's choices asked before anybody is told that somebody types: at each typing frame, in a thread."""
    rules = TypingRules(may_show, may_see)
    if rules not in typing_rules:
        typing_rules.append(rules)


def register_presence(hook: PresenceHook) -> None:
    """Have `hook(user)` called while a person's socket is open: at most once in 15 s per person and process."""
    if hook not in presence_hooks:
        presence_hooks.append(hook)


def find_topic(name: str) -> tuple[Topic, str] | None:
    """Return the kind and the id of `call:<id>`, or None when nobody opened that kind."""
    kind, separator, topic_id = name.partition(":")
    topic = topics.get(kind)
    return (topic, topic_id) if topic is not None and separator and topic_id else None


def _is_own(user: Any, topic_id: str) -> bool:
    return str(user.pk) == topic_id


register_topic(USER, authorize=_is_own)
