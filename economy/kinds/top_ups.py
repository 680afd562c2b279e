"""What people are told about tokens that are bought by themselves: each time, and whenever it stops."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from digis.core.money import Money
from digis.core.templatetags.digis import cents
from digis.core.templatetags.digis import tokens as count
from economy.models import Purchase, TopUpPlan
from notifications.days import zone_of
from notifications.kinds import MONEY, Kind, Text, register_kind
from notifications.models import Notification
from notifications.services import notify

ADDED: Final = "economy.topped_up"
STOPPED: Final = "economy.top_up_stopped"
CAPPED: Final = "economy.top_up_capped"
SENT: Final = frozenset({"inbox", "mail"})
Stop = TopUpPlan.Stop


def connect() -> None:
    """Register them. What is charged to a card is never muted (NOT-5)."""
    for name, render in ((ADDED, _added), (STOPPED, _stopped), (CAPPED, _capped)):
        register_kind(Kind(name, category=MONEY, render=render, channels=SENT, defaults=SENT, mandatory=True))


def tell_of_top_up(purchase: Purchase) -> None:
    """Tell a person that tokens were bought by themselves, once a purchase. Runs in the transaction that settled it."""
    data = {
        "tokens": purchase.total_tokens,
        "minor": purchase.amount_minor,
        "currency": purchase.currency,
        "card": purchase.card,
    }
    notify(kind=ADDED, person=purchase.person, key=f"top-up:{purchase.pk}", target=purchase, data=data)


def tell_of_failed_top_up(purchase: Purchase) -> None:
    """Tell a person why their card did not pay, and that nothing more is tried."""
    plan = TopUpPlan.objects.filter(person_id=purchase.person_id).first()
    data = {"stop": plan.stop if plan else "", "failure": purchase.failure}
    notify(kind=STOPPED, person=purchase.person, key=f"top-up:{purchase.pk}", target=purchase, data=data)


def tell_of_disputed_top_up(purchase: Purchase) -> None:
    """Tell a person that nothing is bought by itself any more because their bank took a payment back."""
    data = {"stop": Stop.DISPUTE.value, "failure": ""}
    key = f"top-up:{purchase.pk}:disputed:{purchase.postings}"
    notify(kind=STOPPED, person=purchase.person, key=key, data=data)


def tell_of_stopped_top_up(plan: TopUpPlan) -> None:
    """Tell a person that nothing is bought by itself any more, before anything was charged."""
    key = f"top-up:{plan.person_id}:{plan.updated_at.isoformat()}"
    notify(kind=STOPPED, person=plan.person, key=key, data={"stop": plan.stop, "failure": ""})


def tell_of_cap(plan: TopUpPlan, *, month: datetime, until: datetime) -> None:
    """Tell a person once a month that their cap is reached."""
    data = {"cap": plan.month_cap, "until": until.isoformat()}
    notify(kind=CAPPED, person=plan.person, key=f"top-up-cap:{month.date()}:{plan.month_cap}", data=data)


def _added(group: Sequence[Notification]) -> Text:
    news = group[0]
    words = {
        "tokens": count(news.data["tokens"]),
        "price": cents(Money(news.data["minor"], news.data["currency"])),
        "card": news.data["card"],
    }
    title = ngettext(
        "Auto top-up bought %(tokens)s token for %(price)s",
        "Auto top-up bought %(tokens)s tokens for %(price)s",
        news.data["tokens"],
    )
    body = _("Paid with %(card)s. You can change or turn it off in your wallet.") % words
    return Text(title % words, body=body, url=reverse("economy:purchase", args=[news.target_id]), icon="repeat")


def _stopped(group: Sequence[Notification]) -> Text:
    data = group[0].data
    why = {
        Stop.DECLINED: _("Your card was declined. Nothing was charged."),
        Stop.BANK: _(
            "Your bank wants to ask you each time. Nothing was charged; buy tokens yourself, or save another card."
        ),
        Stop.CARD: _("Your card is gone or has expired. Nothing was charged; save another card."),
        Stop.PRICE: _(
            "The price you agreed to has changed. Nothing was charged; look at the new one and turn it on again."
        ),
        Stop.DISPUTE: _("A payment of yours is disputed at your bank. Until that is settled, buy tokens yourself."),
    }
    body = why.get(data["stop"], data["failure"] or _("Nothing was charged."))
    return Text(_("Auto top-up is off"), body=str(body), url=reverse("economy:top_up"), icon="circle-alert")


def _capped(group: Sequence[Notification]) -> Text:
    news = group[0]
    until = datetime.fromisoformat(news.data["until"]).astimezone(zone_of(news.person.time_zone))
    words = {"cap": count(news.data["cap"]), "day": formats.date_format(until, "j F")}
    return Text(
        _("Auto top-up rests until %(day)s") % words,
        body=_("The %(cap)s tokens a month that you allowed are reached.") % words,
        url=reverse("economy:top_up"),
        icon="repeat",
    )
