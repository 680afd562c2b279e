"""What people are told about their accounts. Accounts stands below this app: it sends signals, heard in receivers.

The letters about these are accounts' own and already on their way; here is what the inbox and push say (NOT-5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from notifications.kinds import ACCOUNT, FOLLOWERS, SECURITY, Kind, Text, register_kind
from notifications.models import Notification

FOLLOWED: Final = "accounts.followed"
INSIDE: Final = frozenset({"inbox", "push"})  # the mail exists: accounts' letter


@dataclass(frozen=True, slots=True)
class News:
    """What the inbox says where accounts wrote a letter, and where it leads."""

    title: Any
    page: str
    icon: str


DEVICES, SAFETY, ADDRESS = "accounts:settings_sessions", "accounts:settings_security", "accounts:settings_account"
SECURITY_NEWS: Final = {
    "new_device": News(gettext_lazy("New sign-in: %(device)s"), DEVICES, icon="monitor"),
    "password_changed": News(gettext_lazy("Your password was changed"), SAFETY, icon="key-round"),
    "password_dropped": News(gettext_lazy("The old password was removed"), SAFETY, icon="key-round"),
    "second_factor_on": News(gettext_lazy("The second step is on"), SAFETY, icon="shield-check"),
    "second_factor_off": News(gettext_lazy("The second step was turned off"), SAFETY, icon="shield"),
    "recovery_codes_new": News(gettext_lazy("You have new recovery codes"), SAFETY, icon="shield"),
    "recovery_code_used": News(gettext_lazy("A recovery code was used. Codes left: %(left)s"), SAFETY, icon="shield"),
    "email_changed": News(gettext_lazy("Your e-mail address is now %(new_email)s"), ADDRESS, icon="mail"),
}
ACCOUNT_NEWS: Final = {
    "application_approved": News(gettext_lazy("You are a creator now"), "accounts:become_creator", icon="sparkles"),
    "application_refused": News(
        gettext_lazy("Your application was not accepted"), "accounts:become_creator", icon="sparkles"
    ),
    "suspended": News(gettext_lazy("Your account is suspended"), ADDRESS, icon="ban"),
    "unsuspended": News(gettext_lazy("Your account is open again"), ADDRESS, icon="check"),
}
NOT_ME: Final = frozenset({"new_device", "password_changed", "second_factor_off", "email_changed"})
KEPT_FACTS: Final = frozenset({"device", "left", "new_email", "reason", "day"})  # never a code or a link


def kind_of_letter(letter: str) -> str | None:
    """Return the kind that tells what a letter of accounts tells, or None where it is mail alone."""
    return f"accounts.{letter}" if letter in SECURITY_NEWS or letter in ACCOUNT_NEWS else None


def connect() -> None:
    """Register all of them."""
    register_kind(
        Kind(
            FOLLOWED,
            category=FOLLOWERS,
            render=_followed,
            channels=frozenset({"inbox", "mail", "push"}),
            groups=True,
        )
    )
    for category, news in ((SECURITY, SECURITY_NEWS), (ACCOUNT, ACCOUNT_NEWS)):
        for letter in news:
            register_kind(
                Kind(
                    f"accounts.{letter}",
                    category=category,
                    render=_letter,
                    channels=INSIDE,
                    defaults=INSIDE,
                    mandatory=True,
                )
            )


def _followed(group: Sequence[Notification]) -> Text:
    newest = group[0].actor
    name = newest.name if newest else _("Somebody")
    others = len(group) - 1
    if others:
        title = ngettext(
            "%(name)s and %(others)s other follow you", "%(name)s and %(others)s others follow you", others
        ) % {"name": name, "others": others}
    else:
        title = _("%(name)s follows you") % {"name": name}
    return Text(title, url=_page_of(newest), face=newest, icon="user-plus")


def _page_of(person: Any) -> str:
    if person is None or not person.is_approved_creator:
        return ""
    return reverse("discovery:creator", args=[person.username])


def _letter(group: Sequence[Notification]) -> Text:
    told = group[0]
    letter = told.kind.removeprefix("accounts.")
    news = {**SECURITY_NEWS, **ACCOUNT_NEWS}[letter]
    facts = dict.fromkeys(KEPT_FACTS, "") | told.data
    body = ""
    if letter == "application_refused":
        body = _("%(reason)s You can apply again on %(day)s.") % facts
    elif letter == "suspended":
        body = str(facts["reason"])
    elif letter in NOT_ME:
        body = _("Not you? Look at your devices and change your password.")
    return Text(str(news.title) % facts, body=body, url=reverse(news.page), icon=news.icon)
