"""Where people can go from every page. An item whose address no room serves is left out: there are no dead links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from discovery import selectors


@dataclass(frozen=True, slots=True)
class Item:
    """One link: where, what it is called, its icon, and whether it is the place we are in."""

    url: str
    label: str
    icon: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Nav:
    """The links of the desktop rail, the phone's bar, the account menu and the footer."""

    rail: list[Item]
    bottom: list[Item]
    account: list[Item]
    footer: list[Item]


def nav_for(request: HttpRequest) -> Nav:
    """Return the links a person has, fan, creator, staff or nobody yet. Costs no query beyond the person's own."""
    path = request.path

    def link(name: str, label: str, icon: str, *, under: str = "", **kwargs: Any) -> list[Item]:
        try:
            url = reverse(name, kwargs=kwargs or None)
        except NoReverseMatch:
            return []
        root = under or url
        is_current = path == url if root == "/" else path.startswith(root)
        return [Item(url, label, icon, is_current)]

    home = link("discovery:home", _("Home"), "house")
    explore = link("discovery:explore", _("Explore"), "compass")
    calls = link("calls:history", _("Calls"), "phone")
    wallet = link("economy:wallet", _("Wallet"), "wallet")
    settings = link("accounts:settings_profile", _("Settings"), "settings", under="/settings/")
    me = link("accounts:settings_profile", _("Me"), "circle-user", under="/settings/")
    studio = link("discovery:studio", _("Studio"), "layout-dashboard")
    apply = link("accounts:become_creator", _("Become a creator"), "sparkles")
    admin = link("admin:index", _("Staff pages"), "shield")
    footer = [
        *link("discovery:help", _("Help and how prices work"), "circle-help"),
        *link("accounts:terms", _("Terms"), "file-text"),
        *link("accounts:privacy", _("Privacy"), "lock"),
    ]

    user = request.user
    if not user.is_authenticated:
        search = link("discovery:search", _("Search"), "search")
        sign_in = link("accounts:sign_in", _("Sign in"), "log-in")
        join = link("accounts:sign_up", _("Join"), "user-plus")
        return Nav(rail=[], bottom=[*home, *explore, *search, *sign_in, *join], account=[], footer=footer + apply)
    own = link("discovery:creator", _("Your page"), "circle-user", handle=user.username)
    if user.is_staff:
        return Nav(
            rail=[*home, *explore, *admin, *settings],
            bottom=[*home, *explore, *admin, *me],
            account=[*admin, *settings],
            footer=footer,
        )
    if user.is_approved_creator:
        return Nav(
            rail=[*home, *explore, *calls, *studio, *wallet, *settings],
            bottom=[*home, *explore, *calls, *studio, *me],
            account=[*own, *studio, *wallet, *settings],
            footer=footer,
        )
    return Nav(
        rail=[*home, *explore, *calls, *wallet, *settings],
        bottom=[*home, *explore, *calls, *wallet, *me],
        account=[*calls, *wallet, *settings, *apply],
        footer=footer + apply,
    )


def following_for(request: HttpRequest) -> list[Any]:
    """Return the creators a signed-in person follows, for the rail; read only where a rail is drawn."""
    return selectors.list_rail_following(request.user)
