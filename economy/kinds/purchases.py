"""What people are told about their tokens and money. Each kind is declared here and told where it is caused."""

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
from economy.kinds.top_ups import tell_of_failed_top_up, tell_of_top_up
from economy.models import Purchase
from economy.selectors.expiry import find_lot
from notifications.days import zone_of
from notifications.kinds import MONEY, REMINDERS, Kind, Text, register_kind
from notifications.models import Notification, Reminder
from notifications.services import notify

EXPIRY: Final = "economy.tokens_expire"
SENT: Final = frozenset({"inbox", "mail"})
Status = Purchase.Status


def connect() -> None:
    """Register all of them. Receipts and what a bank does are never muted (NOT-5)."""
    for name, render in (
        ("economy.purchase_paid", _paid),
        ("economy.purchase_failed", _failed),
        ("economy.purchase_refunded", _refunded),
        ("economy.purchase_disputed", _disputed),
        ("economy.purchase_restored", _restored),
    ):
        register_kind(
            Kind(name, category=MONEY, render=render, channels=SENT, defaults=SENT, mandatory=True),
        )
    register_kind(
        Kind(
            EXPIRY,
            category=REMINDERS,
            render=_tokens_expire,
            defaults=SENT,
            is_still_due=_has_tokens,
        )
    )


# ── Telling ─────────────────────────────────────────────────────────────────────────────────


def tell_of_purchase(purchase: Purchase, *, was: str, refunded_before: int) -> None:
    """Tell the buyer what became of a purchase, once for each thing that did. Runs in the transaction that settled it."""
    news = _news_of(purchase, was=was, refunded_before=refunded_before)
    if news is None:
        return
    name, mark = news
    if purchase.is_top_up and name in {"paid", "failed"}:
        tell = tell_of_top_up if name == "paid" else tell_of_failed_top_up
        tell(purchase)
        return
    notify(
        kind=f"economy.purchase_{name}",
        person=purchase.person,
        key=f"purchase:{purchase.pk}:{mark}",
        target=purchase,
        data={
            "tokens": purchase.total_tokens,
            "kept": purchase.received_tokens,
            "minor": purchase.amount_minor,
            "refunded": purchase.refunded_minor,
            "currency": purchase.currency,
            "card": purchase.card,
        },
    )


def _news_of(purchase: Purchase, *, was: str, refunded_before: int) -> tuple[str, str] | None:
    """Return what happened, and a mark that is the same whenever the same thing is seen again."""
    status = purchase.status
    if status == Status.DISPUTED and was != Status.DISPUTED:
        return "disputed", f"disputed:{purchase.postings}"
    if purchase.refunded_minor > refunded_before:
        return "refunded", f"refunded:{purchase.refunded_minor}"
    if status == Status.PAID and was == Status.DISPUTED:
        return "restored", f"restored:{purchase.postings}"
    if status == Status.PAID and was != Status.PAID:
        return "paid", "paid"
    if status == Status.FAILED and was != Status.FAILED:
        return "failed", "failed"
    return None


# ── Words ───────────────────────────────────────────────────────────────────────────────────


def _url(news: Notification) -> str:
    return reverse("economy:purchase", args=[news.target_id])


def _money(minor: int, currency: str) -> str:
    return cents(Money(minor, currency))


def _paid(group: Sequence[Notification]) -> Text:
    data = group[0].data
    title = ngettext(
        "You bought %(tokens)s token for %(price)s", "You bought %(tokens)s tokens for %(price)s", data["tokens"]
    )
    words = {"tokens": count(data["tokens"]), "price": _money(data["minor"], data["currency"])}
    return Text(title % words, body=data["card"], url=_url(group[0]), icon="coins")


def _failed(group: Sequence[Notification]) -> Text:
    return Text(
        _("Your payment did not go through"), body=_("Nothing was charged."), url=_url(group[0]), icon="circle-alert"
    )


def _refunded(group: Sequence[Notification]) -> Text:
    data = group[0].data
    title = _("%(money)s went back to you") % {"money": _money(data["refunded"], data["currency"])}
    body = _("The tokens bought with it were taken back.")
    return Text(title, body=body, url=_url(group[0]), icon="undo-2")


def _disputed(group: Sequence[Notification]) -> Text:
    data = group[0].data
    title = _("A payment of %(money)s is disputed at your bank") % {"money": _money(data["minor"], data["currency"])}
    body = _("Its tokens cannot be spent until your bank decides.")
    return Text(title, body=body, url=_url(group[0]), icon="landmark")


def _restored(group: Sequence[Notification]) -> Text:
    data = group[0].data
    body = _("Tokens you can spend again: %(tokens)s.") % {"tokens": count(data["kept"])}
    return Text(_("Your bank settled the dispute"), body=body, url=_url(group[0]), icon="landmark")


def _tokens_expire(group: Sequence[Notification]) -> Text:
    news = group[0]
    lot = find_lot(id=int(news.target_id))
    left = (lot.remaining if lot is not None else 0) or int(news.data["tokens"])
    expires_at = datetime.fromisoformat(news.data["expires_at"])
    day = formats.date_format(expires_at.astimezone(zone_of(news.person.time_zone)), "j F")
    title = ngettext("%(tokens)s bonus token expires on %(day)s", "%(tokens)s bonus tokens expire on %(day)s", left) % {
        "tokens": count(left),
        "day": day,
    }
    body = _("They are spent first. Bought tokens never expire.")
    return Text(title, body=body, url=reverse("economy:wallet"), icon="hourglass")


def _has_tokens(reminder: Reminder) -> bool:
    """Tell whether a lot still has tokens that expire when the reminder says (LEDGER-13, NOT-9)."""
    lot = find_lot(id=int(reminder.target_id))
    if lot is None or lot.expires_at is None:
        return False
    return lot.remaining > 0 and lot.expires_at.isoformat() == reminder.data["expires_at"]
