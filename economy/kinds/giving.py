"""What people are told about tokens given to them: tips, gifts from person to person, invitations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from economy.models import Tip, Transfer
from notifications.kinds import Category, Kind, Text, register_category, register_kind
from notifications.models import Notification
from notifications.services import notify

TIPS: Final = "tips"  # the row of the settings' table
TIP_RECEIVED: Final = "economy.tip_received"
TOKENS_RECEIVED: Final = "economy.tokens_received"
REFERRAL_REWARDED: Final = "economy.referral_rewarded"
SEEN: Final = frozenset({"inbox", "push"})


def connect() -> None:
    """Register all of them."""
    register_category(
        Category(TIPS, gettext_lazy("Tips and gifts"), gettext_lazy("What people give you."), position=35)
    )
    register_kind(Kind(TIP_RECEIVED, category=TIPS, render=_tip_received, defaults=SEEN, groups=True))
    register_kind(Kind(TOKENS_RECEIVED, category=TIPS, render=_tokens_received, defaults=SEEN))
    register_kind(Kind(REFERRAL_REWARDED, category=TIPS, render=_referral_rewarded, defaults=SEEN))


def tell_of_tip(tip: Tip) -> None:
    """Tell a creator of a tip; whoever hid their name is nobody here either (LIVE-6)."""
    notify(
        kind=TIP_RECEIVED,
        person=tip.payee,
        key=f"tip:{tip.pk}",
        actor=None if tip.is_anonymous else tip.payer,
        target=tip.payee,  # several unread ones read as one line
        data={"tokens": tip.amount, "message": tip.message, "gift": tip.gift.name if tip.gift else ""},
    )


def tell_of_transfer(gift: Transfer) -> None:
    """Tell whoever was given tokens."""
    notify(
        kind=TOKENS_RECEIVED,
        person=gift.receiver,
        key=f"transfer:{gift.pk}",
        actor=gift.giver,
        target=gift,
        data={"tokens": gift.amount, "note": gift.note},
    )


def tell_of_reward(*, person: User, amount: int, key: str) -> None:
    """Tell somebody of the bonus an invitation brought."""
    notify(kind=REFERRAL_REWARDED, person=person, key=key, data={"tokens": amount})


def _count(amount: int) -> str:
    return formats.number_format(amount, force_grouping=True)


def _tip_received(group: Sequence[Notification]) -> Text:
    newest, url = group[0], reverse("economy:tips")
    if len(group) > 1:
        total = sum(int(news.data["tokens"]) for news in group)
        words = {"count": len(group), "tokens": _count(total)}
        title = ngettext("%(count)s tip", "%(count)s tips, %(tokens)s tokens together", len(group)) % words
        return Text(title, url=url, face=newest.actor, icon="hand-coins")
    amount = int(newest.data["tokens"])
    words = {"name": newest.actor.name if newest.actor else _("Somebody"), "tokens": _count(amount)}
    title = ngettext("%(name)s tipped you %(tokens)s token", "%(name)s tipped you %(tokens)s tokens", amount) % words
    body = newest.data.get("message") or newest.data.get("gift", "")
    return Text(title, body=body, url=url, face=newest.actor, icon="hand-coins")


def _tokens_received(group: Sequence[Notification]) -> Text:
    news = group[0]
    amount = int(news.data["tokens"])
    words = {"name": news.actor.name if news.actor else _("Somebody"), "tokens": _count(amount)}
    title = ngettext("%(name)s gave you %(tokens)s token", "%(name)s gave you %(tokens)s tokens", amount) % words
    return Text(title, body=news.data.get("note", ""), url=reverse("economy:wallet"), face=news.actor, icon="gift")


def _referral_rewarded(group: Sequence[Notification]) -> Text:
    words = {"tokens": _count(int(group[0].data["tokens"]))}
    title = _("An invitation brought you %(tokens)s bonus tokens") % words
    return Text(title, url=reverse("economy:invite"), icon="gift")
