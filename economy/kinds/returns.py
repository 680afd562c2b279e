"""What buyers are told when a sale is given back to them, and creators when our staff did it (PAY-4, PAY-5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from digis.core.money import Money
from digis.core.templatetags.digis import cents
from digis.core.templatetags.digis import tokens as count
from economy.models import PurchaseReturn
from economy.selectors.sales import Sale
from notifications.kinds import MONEY, Kind, Text, register_kind
from notifications.models import Notification
from notifications.services import notify

GIVEN_BACK: Final = "economy.given_back"
TAKEN_BACK: Final = "economy.taken_back"
REFUSED: Final = "economy.return_refused"
SENT: Final = frozenset({"inbox", "mail"})


def connect() -> None:
    """Register them. What happens to somebody's money is never muted (NOT-5)."""
    for name, render in ((GIVEN_BACK, _given_back), (TAKEN_BACK, _taken_back), (REFUSED, _refused)):
        register_kind(Kind(name, category=MONEY, render=render, channels=SENT, defaults=SENT, mandatory=True))


def tell_of_return(*, sale: Sale, tokens: int, share: int, by: User, reason: str, key: str) -> None:
    """Tell the buyer, and the creator of what they did not give back themselves. Runs inside the cause.

    `tokens` went back to the buyer, `share` of them out of what the creator had earned.
    """
    buyer, creator = sale.head.person, sale.head.payee
    if buyer is not None:
        notify(
            kind=GIVEN_BACK,
            person=buyer,
            key=f"back:{key}",
            actor=None if by.is_staff else by,
            data={"tokens": tokens, "reason": reason},
        )
    if creator is not None and by.pk != creator.pk:
        notify(
            kind=TAKEN_BACK,
            person=creator,
            key=f"back:{key}",
            data={"tokens": share, "reason": reason, "title": sale.title},
        )


def tell_of_refused_return(row: PurchaseReturn) -> None:
    """Tell a buyer that the money could not go back to their card, and that the tokens are theirs again."""
    notify(
        kind=REFUSED,
        person=row.purchase.person,
        key=f"return:{row.pk}",
        target=row.purchase,
        data={"minor": row.amount_minor, "currency": row.purchase.currency},
    )


def _refused(group: Sequence[Notification]) -> Text:
    news = group[0]
    words = {"money": cents(Money(int(news.data["minor"]), news.data["currency"]))}
    return Text(
        _("%(money)s could not go back to your card") % words,
        body=_(
            "Its bank did not take the money, so the tokens are yours again. Write to us if you want it another way."
        ),
        url=reverse("economy:purchase", args=[news.target_id]),
        icon="circle-alert",
    )


def _given_back(group: Sequence[Notification]) -> Text:
    news = group[0]
    amount = int(news.data["tokens"])
    if news.actor:
        words = {"name": news.actor.name, "tokens": count(amount)}
        title = ngettext("%(name)s gave you %(tokens)s token back", "%(name)s gave you %(tokens)s tokens back", amount)
    else:
        words = {"tokens": count(amount)}
        title = ngettext("%(tokens)s token came back to you", "%(tokens)s tokens came back to you", amount)
    url = reverse("economy:wallet")
    return Text(title % words, body=news.data.get("reason", ""), url=url, face=news.actor, icon="undo-2")


def _taken_back(group: Sequence[Notification]) -> Text:
    data = group[0].data
    amount = int(data["tokens"])
    title = ngettext(
        "Our staff gave a sale back: %(tokens)s token of your earnings",
        "Our staff gave a sale back: %(tokens)s tokens of your earnings",
        amount,
    ) % {"tokens": count(amount)}
    return Text(title, body=f"{data['title']}. {data['reason']}", url=reverse("economy:earnings"), icon="undo-2")
