"""Search: forgiving about spelling, case, accents and width; exact about handles and tags (DISC-4)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, Func, IntegerField, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Concat

from accounts import handles
from accounts.models import User
from discovery.selectors.cards import Card, list_cards, listed_creators

MAX_QUERY = 80
SUGGESTED = 4


@dataclass(frozen=True, slots=True)
class Wanted:
    """A query taken apart: a handle's beginning, a tag, words in quotes, or plain words."""

    kind: str
    text: str


def read_query(raw: str) -> Wanted:
    """Read what somebody typed: `@ana`, `#craft`, `"glaze repair"` or words; at most 80 characters count."""
    text = " ".join(unicodedata.normalize("NFKC", raw.replace("\x00", "")).split())[:MAX_QUERY].strip()
    if text.startswith("@"):
        return Wanted("handle", text[1:].strip())
    if text.startswith("#"):
        return Wanted("tag", re.sub(r"[\s_]+", "-", text[1:].strip().casefold()))
    if len(text) > 2 and text[0] in '"“„' and text[-1] in '"”“':
        return Wanted("phrase", text[1:-1].strip())
    return Wanted("words", text)


def search_creators(viewer: User | AnonymousUser, raw: str) -> tuple[QuerySet[User], str]:
    """Return the creators a query finds among those the viewer may find, and the column that orders them (DISC-1, DISC-4).

    An empty query finds nobody. Words match by trigrams in name, handle, craft, category and place, so that a typing
    mistake still finds; `@` matches the beginning of a handle; quotes match the words as they stand.
    """
    wanted = read_query(raw)
    creators = listed_creators(viewer)
    whole = Value(1000, output_field=IntegerField())
    if not wanted.text:
        return creators.annotate(match=whole).none(), "-match"
    if wanted.kind == "handle":
        begins = Q(handle_key__startswith=handles.fold(wanted.text)) | Q(username__istartswith=wanted.text)
        return creators.filter(begins).annotate(match=whole), "-match"
    if wanted.kind == "tag":
        return creators.filter(creator__categories=wanted.text).annotate(match=whole), "-match"
    if wanted.kind == "phrase":
        text = Func(
            Concat("display_name", Value(" "), "username", Value(" "), "creator__headline", Value(" "), "bio"),
            function="discovery_fold",
        )
        phrase = Func(Value(wanted.text), function="discovery_fold")
        return creators.annotate(text=text).filter(text__contains=phrase).annotate(match=whole), "-match"
    found = RawSQL("SELECT id FROM discovery_find_creators(%s)", [wanted.text])
    return creators.filter(pk__in=found).annotate(match=_score(wanted.text)), "-match"


def _score(words: str) -> Func:
    """Score the rows found; the whole name counts most, then the craft, then anything else that matched."""
    folded = Func(Value(words), function="discovery_fold")
    name = Func(
        folded,
        Func(Concat("display_name", Value(" "), "username"), function="discovery_fold"),
        function="word_similarity",
    )
    craft = Func(folded, Func(F("creator__headline"), function="discovery_fold"), function="word_similarity")
    return Func(
        name,
        craft,
        template="round(1000 * greatest(%(expressions)s * 0.9))::integer",
        output_field=IntegerField(),
        arg_joiner=", ",
    )


def list_suggestions(viewer: User | AnonymousUser) -> list[Card]:
    """Return a few people to look at when a search finds nobody: who picks up now, then the most followed."""
    return list_cards(listed_creators(viewer).order_by("-readiness", "-followers_now", "pk")[:SUGGESTED])


__all__ = ["MAX_QUERY", "list_suggestions", "read_query", "search_creators"]
