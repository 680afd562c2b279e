"""Handles: which are allowed, which are alike, which are kept back (ACC-4).

Two handles that a person could mistake for each other are the same handle. `fold` gives both the same key:
NFKC, case folded, accents dropped, and letters of other scripts that look like Latin ones read as Latin.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

from django.urls import URLResolver, get_resolver

MIN_LENGTH: Final = 3
MAX_LENGTH: Final = 30

# Letters that pass for a Latin one at reading size. Keys are already lower case.
LOOKALIKES: Final = str.maketrans(
    {
        # digits
        "0": "o", "1": "l",
        # Cyrillic
        "а": "a", "в": "b", "с": "c", "ԁ": "d", "е": "e", "ё": "e", "ғ": "f", "ԍ": "g", "һ": "h", "н": "h", "і": "i",
        "ї": "i", "ј": "j", "к": "k", "ӏ": "l", "м": "m", "п": "n", "о": "o", "р": "p", "ԛ": "q", "г": "r", "ѕ": "s",
        "т": "t", "ц": "u", "ѵ": "v", "ѡ": "w", "ԝ": "w", "х": "x", "у": "y", "ү": "y", "з": "3",
        # Greek
        "α": "a", "β": "b", "ϲ": "c", "ε": "e", "η": "n", "ι": "i", "κ": "k", "ν": "v", "ο": "o", "ρ": "p", "σ": "o",
        "ς": "c", "τ": "t", "υ": "u", "χ": "x", "ω": "w", "γ": "y", "μ": "u",
        # Latin beyond the alphabet
        "ı": "i", "ɩ": "i", "ɑ": "a", "ɡ": "g", "ƅ": "b", "ʋ": "v", "ø": "o", "đ": "d", "ħ": "h", "ł": "l", "ŧ": "t",
        "ß": "ss", "æ": "ae", "œ": "oe", "ŋ": "n", "ʏ": "y", "ꜱ": "s", "ᴀ": "a", "ᴏ": "o", "ᴄ": "c", "ᴠ": "v", "ᴡ": "w",
        "ᴢ": "z",
        # Armenian
        "օ": "o", "ս": "u", "հ": "h", "ո": "n", "ց": "g", "զ": "q", "ք": "p",
    }
)  # fmt: skip
PAIRS: Final = (("rn", "m"), ("vv", "w"))

SHAPE: Final = re.compile(r"^[^\W_]+(?:[._][^\W_]+)*_?$")
# Writing systems that one word may mix.
JAPANESE: Final = frozenset({"HIRAGANA", "KATAKANA", "CJK", "KATAKANA-HIRAGANA"})
KOREAN: Final = frozenset({"HANGUL", "CJK"})

# Names people would take for us, and first words of addresses that exist or will.
KEPT_BACK: Final = frozenset(
    """
    about abuse account accounts admin administrator agora all anonymous api api-docs app appeals apps assets assistant
    auth backup billing blog bookings bookmarks bot brand business c call calls careers cart cases category channel chat
    checkout clip clips communities community compliance contact copyright creator creators dashboard default deleted
    demo dev developer developers digis digishq digisteam dmca docs download everyone explore faq favicon feed feedback
    finance follow followers following forgot free ftp gift gifts help helpdesk here home host hostmaster hq info
    invite jobs legal library list lists live login logout mail mailer mailer-daemon me media members membership
    message messages mod moderation moderator moderators money music news no-reply nobody noreply notifications null
    offers official oauth offline orders owner pages partner partners pay payments payout payouts people performers
    policy post postmaster posts premium press pricing privacy products profile purchase readyz healthz metrics recover
    refund register reports requests resolution robots root rss sales search secure security sell seller service
    settings setup shop sign-in sign-out sign-up signin signout signup site sitemap sounds staff static stats status
    store stream streaming streams stripe studio subscribe subscriptions support sysadmin system tag tags team terms
    test theme tips token tokens trust undefined unknown unsubscribe update upload user users verify verified video
    videos vod wallet webhook webhooks webmaster welcome well-known ws www you
    """.split()  # noqa: SIM905  # a paragraph of names reads better than 200 quoted ones
)


JOINERS: Final = frozenset("\u200c\u200d")
BRAND: Final = "digis"  # anywhere in a handle
OFFICES: Final = frozenset(
    {"admin", "administrator", "moderator", "official", "staff", "support"}
)  # as one of its words


def normalize(handle: str) -> str:
    """Return the handle as it is stored and shown: NFKC, lower case, without the @ people type before it."""
    return unicodedata.normalize("NFKC", handle).strip().removeprefix("@").casefold()


def fold(handle: str) -> str:
    """Return the key under which a handle is unique."""
    key = normalize(handle)
    while (again := _fold_once(key)) != key:
        key = again
    return key


def _fold_once(text: str) -> str:
    text = unicodedata.normalize("NFKD", text.casefold())
    text = "".join(letter for letter in text if not "\u0300" <= letter <= "\u036f")
    text = unicodedata.normalize("NFKC", text).strip().translate(LOOKALIKES)
    for pair, single in PAIRS:
        text = text.replace(pair, single)
    return text


def is_well_formed(handle: str) -> bool:
    """Tell whether a normalized handle has the right length, letters, and a single writing system."""
    if not MIN_LENGTH <= len(handle) <= MAX_LENGTH or not SHAPE.match(handle) or handle.isdigit():
        return False
    scripts = {script for letter in handle if (script := _script(letter))}
    return len(scripts) <= 1 or scripts <= JAPANESE or scripts <= KOREAN


def is_kept_back(handle: str) -> bool:
    """Tell whether a handle is one of ours, or passes for it: a route, a role, or the brand."""
    key = _fold_hard(handle)
    if key in _kept_back_keys() or _fold_hard(BRAND) in key.replace(".", "").replace("_", ""):
        return True
    words = {_fold_hard(word) for word in OFFICES}
    return any(word in words for word in re.split(r"[._]+", key))


def tidy_name(name: str) -> str:
    """Return a display name without what cannot be seen: controls, directions, lone joiners; spaces become single.

    Joiners stay inside a word, where emoji and some scripts need them. An empty result is nobody's name.
    """
    text = unicodedata.normalize("NFC", name)
    kept = [
        sign
        for at, sign in enumerate(text)
        if unicodedata.category(sign) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
        or sign.isspace()
        or (sign in JOINERS and 0 < at < len(text) - 1 and not text[at - 1].isspace())
    ]
    tidied = " ".join("".join(kept).split())
    return tidied if any(unicodedata.category(sign)[0] in "LNSP" for sign in tidied) else ""


def is_our_name(name: str) -> bool:
    """Tell whether a display name passes for the platform's own."""
    return _fold_hard(BRAND) in re.sub(r"[\W_]+", "", _fold_hard(name))


def _fold_hard(handle: str) -> str:
    """Fold 1, l and i into one as well: too strict between people, right where somebody would pass for us."""
    return fold(handle).replace("i", "l")


def _script(letter: str) -> str:
    if not letter.isalpha():
        return ""
    return unicodedata.name(letter, "UNKNOWN").split(" ", 1)[0].split("-", 1)[0]


@cache
def _kept_back_keys() -> frozenset[str]:
    names = KEPT_BACK | _first_words(get_resolver())
    return frozenset(
        _fold_hard(form) for name in names for form in (name, name.replace("-", ""), name.replace("-", "_"))
    )


def _first_words(resolver: URLResolver) -> set[str]:
    """Collect the first word of every address; lists included without a prefix count as ours."""
    words: set[str] = set()
    for entry in resolver.url_patterns:
        start = str(entry.pattern).lstrip("^/")
        if not start and isinstance(entry, URLResolver):
            words |= _first_words(entry)
        elif (word := start.split("/", 1)[0]) and not set(word) & set("<(["):
            words.add(word)
    return words
