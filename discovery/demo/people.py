"""The people of the demo data: invented, all of them, with the craft, price and face they are shown by."""

from __future__ import annotations

from dataclasses import dataclass

from discovery.demo.art import Look


@dataclass(frozen=True, slots=True)
class DemoCategory:
    """A category staff would keep; `picture` names a scene in static/art."""

    slug: str
    name: str
    picture: str


@dataclass(frozen=True, slots=True)
class DemoCreator:
    """One creator. Rates are tokens a minute; None is a kind they do not offer."""

    handle: str
    name: str
    headline: str
    bio: str
    place: str
    zone: str
    languages: tuple[str, ...]
    categories: tuple[str, ...]
    video: int | None
    voice: int | None
    look: Look
    banner: str
    is_online: bool = False
    is_featured: bool = False
    whole_minutes: bool = False


@dataclass(frozen=True, slots=True)
class DemoFan:
    """One fan, with what they bought: (tokens, bonus, price in cents, days ago), and for how many days they are here."""

    email: str
    handle: str
    name: str
    place: str
    zone: str
    languages: tuple[str, ...]
    look: Look
    bought: tuple[tuple[int, int, int, int], ...]
    joined: int = 30


CATEGORIES = (
    DemoCategory("craft", "Craft", "craft"),
    DemoCategory("music", "Music", "music"),
    DemoCategory("food-plants", "Food & plants", "food"),
    DemoCategory("books-writing", "Books & writing", "writing"),
    DemoCategory("art-design", "Art & design", "art"),
    DemoCategory("languages", "Languages", "languages"),
    DemoCategory("careers", "Careers", "careers"),
    DemoCategory("wellbeing", "Wellbeing", "wellbeing"),
    DemoCategory("games", "Games", "games"),
    DemoCategory("technology", "Technology", "technology"),
    DemoCategory("science", "Science", "science"),
    DemoCategory("photo-film", "Photo & film", "photo"),
)

FANS = (
    DemoFan(
        "fan@digis.test",
        "robin",
        "Robin Hale",
        "Leeds",
        "Europe/London",
        ("en",),
        Look("moss", "b", "waves", "red", "open", "grin", "hood"),
        ((1200, 0, 6000, 24), (500, 0, 2500, 6)),
    ),
    DemoFan(
        "fan2@digis.test",
        "samira",
        "Samira Nasser",
        "Hamburg",
        "Europe/Berlin",
        ("de", "ar", "en"),
        Look("tide", "c", "ponytail", "black", "glasses", "smile", "vneck"),
        ((500, 0, 2500, 15),),
    ),
    DemoFan(
        "fan3@digis.test",
        "tomek",
        "Tomek Zieliński",
        "Gdańsk",
        "Europe/Warsaw",
        ("pl", "en"),
        Look("wheat", "a", "buzz", "blond", "open", "soft", "stripes", "", "stubble"),
        ((240, 0, 1200, 9),),
    ),
    DemoFan(
        "fan4@digis.test",
        "marta.v",
        "Márta Varga",
        "Pécs",
        "Europe/Budapest",
        ("hu", "en"),
        Look("rose", "b", "bob", "brown", "glasses", "smile", "stripes"),
        ((2500, 200, 12500, 168), (2500, 200, 12500, 120), (1000, 50, 5000, 61), (500, 15, 2500, 9)),
        joined=171,
    ),
    DemoFan(
        "fan5@digis.test",
        "bruno.k",
        "Bruno Keller",
        "Basel",
        "Europe/Zurich",
        ("de", "fr", "en"),
        Look("fjord", "a", "short", "brown", "open", "grin", "roll"),
        ((1000, 50, 5000, 130), (500, 0, 2500, 47), (500, 0, 2500, 33)),
        joined=134,
    ),
)

STAFF = (  # (address, handle, name, role); the superuser has no role
    ("moderator@digis.test", "maya.staff", "Maya Lindgren", "moderator"),
    ("finance@digis.test", "felix.staff", "Felix Brandt", "finance"),
    ("admin@digis.test", "ada.staff", "Ada Okafor", ""),
)

CREATOR_EMAIL = "creator@digis.test"  # whose creator is the first of CREATORS


@dataclass(frozen=True, slots=True)
class DemoCall:
    """A call that took place: who rang whom, how, days and hours ago, and how long both were there."""

    fan: str
    creator: str
    kind: str
    days: int
    hour: int
    seconds: int


CALLS = (
    DemoCall("robin", "ana", "video", 22, 18, 160),
    DemoCall("samira", "ana", "voice", 14, 20, 116),
    DemoCall("robin", "theo.mensah", "video", 12, 19, 66),
    DemoCall("robin", "ana", "video", 8, 17, 134),
    DemoCall("tomek", "ana", "video", 7, 21, 75),
    DemoCall("samira", "lucia", "video", 5, 12, 88),
    DemoCall("robin", "sol.adeyemi", "voice", 4, 22, 105),
    DemoCall("samira", "ana", "video", 2, 18, 92),
    DemoCall("robin", "ana", "voice", 1, 19, 187),
    DemoCall("tomek", "hanneke", "video", 1, 16, 12),
)


@dataclass(frozen=True, slots=True)
class DemoTip:
    """A tip that was given: by whom to whom, how many days ago, how much or as which gift, and what was said."""

    fan: str
    creator: str
    days: int
    tokens: int
    message: str = ""
    gift: str = ""
    is_anonymous: bool = False


TIPS = (
    DemoTip("samira", "ana", 13, 50, "The celadon worked. It really worked."),
    DemoTip("robin", "ana", 6, 25, gift="Flower"),
    DemoTip("tomek", "ana", 3, 15, "For the second kiln shelf", is_anonymous=True),
    DemoTip("samira", "lucia", 4, 10, gift="Coffee"),
)
