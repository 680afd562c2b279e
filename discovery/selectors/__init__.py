"""Every read of the surfaces that mix apps. The viewer comes first; everything starts at `listed_creators` (DISC-1)."""

from discovery.selectors.cards import Card, Status, card_of, find_public_card, list_cards, listed_creators
from discovery.selectors.explore import (
    Choice,
    Facets,
    count_by_category,
    explore_creators,
    get_category,
    list_languages,
)
from discovery.selectors.pages import (
    CreatorPage,
    Home,
    Pitch,
    get_creator_page,
    get_home,
    get_pitch,
    list_rail_following,
)
from discovery.selectors.search import list_suggestions, search_creators

__all__ = [
    "Card",
    "Choice",
    "CreatorPage",
    "Facets",
    "Home",
    "Pitch",
    "Status",
    "card_of",
    "count_by_category",
    "explore_creators",
    "find_public_card",
    "get_category",
    "get_creator_page",
    "get_home",
    "get_pitch",
    "list_cards",
    "list_languages",
    "list_rail_following",
    "list_suggestions",
    "listed_creators",
    "search_creators",
]
