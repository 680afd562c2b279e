"""Questions about rights that the database answers; they run in a thread, beside the event loop."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.core.exceptions import ValidationError

from digis.core.errors import DomainError, NotFound
from digis.core.realtime.publish import publish_typing
from digis.core.realtime.sessions import load_people, load_person
from digis.core.realtime.topics import Topic, find_topic, typing_rules

MOST_TOLD_OF_TYPING = 50  # listeners; in a larger room typing tells nobody anything


def may_hear(topic: Topic, person: Any, topic_id: str) -> bool:
    """Ask the app. What cannot be a topic of its kind (an id that is none) does not exist."""
    try:
        return bool(topic.authorize(person, topic_id))
    except (DomainError, ValueError, ValidationError):
        return False


def list_hearable(person: Any, names: Iterable[str]) -> set[str]:
    """Return which of these topics a person may hear."""
    found = ((name, find_topic(name)) for name in names)
    return {name for name, known in found if known is not None and may_hear(known[0], person, known[1])}


def list_hearable_now(person_id: str, names: Iterable[str]) -> set[str]:
    """Return which of these topics a person may hear, as the database has the person now."""
    return {name for person in load_people([person_id]) for name in list_hearable(person, names)}


def handle_message(topic: Topic, person_id: str, topic_id: str, name: str, data: Any) -> Any:
    """Ask again whether the person may, then hand the message to the app's handler; return what that returns.

    Raises NotFound when the topic has no such message or the person no such right, and what the handler raises.
    """
    handler, person = topic.messages.get(name), _find(person_id)
    if handler is None or not may_hear(topic, person, topic_id):
        raise NotFound
    return handler(person, topic_id, data)


def tell_typing(topic: Topic, person_id: str, topic_id: str) -> None:
    """Let the others know that a person types: if the topic has it, they may, they show it, and not again for 3 s.

    Raises NotFound when the topic knows no typing or the person no such right. Hiding it is no error.
    """
    person = _find(person_id)
    if not topic.typing or not may_hear(topic, person, topic_id):
        raise NotFound
    if all(rule.may_show(person) for rule in typing_rules):
        publish_typing(f"{topic.kind}:{topic_id}", person)


def _find(person_id: str) -> Any:
    for person in load_people([person_id]):
        return person
    raise NotFound


def list_told_of_typing(person_ids: Collection[str], name: str) -> set[str]:
    """Return which of these people may be told now that somebody types on a topic."""
    people = load_people(person_ids)
    return {
        str(person.pk)
        for person in people
        if name in list_hearable(person, [name]) and all(rule.may_see(person) for rule in typing_rules)
    }


def list_standing(session_keys: Iterable[str]) -> dict[str, Any]:
    """Return who stands behind each session that is still valid."""
    found = ((key, load_person(key)) for key in session_keys)
    return {key: person for key, person in found if person is not None}


def list_allowed(pairs: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return which of these (person's id, topic) are allowed as the database says now."""
    people = {str(person.pk): person for person in load_people({person_id for person_id, _ in pairs})}
    return {
        (person_id, name)
        for person_id, name in pairs
        if person_id in people and name in list_hearable(people[person_id], [name])
    }
