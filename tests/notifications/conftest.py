"""Kinds that only tests tell, and the outbox's part of a delivery."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from notifications import kinds
from notifications.kinds import Category, Kind, Text

ROW = "test"


def say(group: Any) -> Text:
    news = group[0]
    others = len(group) - 1
    words = news.data.get("words", "Something happened")
    return Text(f"{words} and {others} more" if others else words, url="/wallet/")


def make_kind(name: str = "test.news", **fields: Any) -> Kind:
    fields.setdefault("defaults", frozenset({"inbox", "mail", "push"}))
    return Kind(name, category=fields.pop("category", ROW), render=fields.pop("render", say), **fields)


@pytest.fixture
def register() -> Iterator[Callable[..., Kind]]:
    """Register kinds for one test."""
    before = dict(kinds._kinds._entries)
    kinds.register_category(Category(ROW, "News of tests"))

    def add(name: str = "test.news", **fields: Any) -> Kind:
        kind = make_kind(name, **fields)
        kinds.register_kind(kind)
        return kind

    yield add
    kinds._kinds._entries.clear()
    kinds._kinds._entries.update(before)


@pytest.fixture
def news(register: Callable[..., Kind]) -> Kind:
    """A plain kind: by every way, not grouped, may be muted."""
    return register()
