"""What a movement was for. The rooms above tell us: a title, a link, a face for many ids at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from accounts.models import User


@dataclass(frozen=True, slots=True)
class Source:
    """The thing behind a movement, as the viewer may see it."""

    title: Any  # a sentence, translated
    url: str = ""
    person: User | None = None  # whose face stands beside it


Describer = Callable[[list[str], User], Mapping[str, Source]]
Attester = Callable[[list[str]], Mapping[str, str]]
_describers: dict[str, Describer] = {}
_labels: dict[str, Any] = {}
_sales: dict[str, Any] = {}
_attesters: dict[str, Attester] = {}


def connect() -> None:
    """Register the economy's own: tips, and tokens from person to person."""
    from economy.selectors import adjustments, giving

    register_source("adjustment", describe=adjustments.describe_adjustments, label=_("Correction"))
    register_source(giving.TIP, describe=giving.describe_tips, label=_("Tip"), sold_as=_("tips"))
    register_source(giving.TRANSFER, describe=giving.describe_transfers, label=_("Gift"))


def register_source(source_type: str, *, describe: Describer, label: Any, sold_as: Any = "") -> None:
    """Say what movements of this type were for: `describe(ids, viewer)` returns what the viewer may know, by id.

    `label` is one such thing in a word, translated when read: what statements say, which name nobody. `sold_as` names many
    of them where creators sell them, and we take a fee of each: its type is the kind that fee rules name.
    """
    known = _describers.get(source_type)
    if known is not None and known is not describe:
        raise ImproperlyConfigured(f"Two rooms describe the source {source_type!r}: rename one of them.")
    _describers[source_type] = describe
    _labels[source_type] = label
    if sold_as:
        _sales[source_type] = sold_as


def label_of(source_type: str) -> str:
    """Return one such thing in a word; nothing for a type that nobody registered."""
    return str(_labels.get(source_type, ""))


def list_sales() -> dict[str, str]:
    """Return the kinds of sale we take a fee of, with what many of them are called, in the reader's language."""
    return {kind: str(words) for kind, words in _sales.items()}


def describe(pairs: Iterable[tuple[str, str]], *, viewer: User) -> dict[tuple[str, str], Source]:
    """Return the sources of many movements, one call per type, so that a page costs the same for any number of rows."""
    wanted: dict[str, set[str]] = {}
    for source_type, source_id in pairs:
        if source_type in _describers and source_id:
            wanted.setdefault(source_type, set()).add(source_id)
    return {
        (source_type, source_id): source
        for source_type, ids in wanted.items()
        for source_id, source in _describers[source_type](sorted(ids), viewer).items()
    }


def register_evidence(source_type: str, *, attest: Attester) -> None:
    """Say what proves that such things were delivered: `attest(ids)` returns an English sentence by id, for a bank."""
    _attesters[source_type] = attest


def attest(pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return the proofs of many sales, one call per type."""
    wanted: dict[str, set[str]] = {}
    for source_type, source_id in pairs:
        if source_type in _attesters and source_id:
            wanted.setdefault(source_type, set()).add(source_id)
    return {
        (source_type, source_id): proof
        for source_type, ids in wanted.items()
        for source_id, proof in _attesters[source_type](sorted(ids)).items()
    }
