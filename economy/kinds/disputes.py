"""What creators are told when a buyer's bank takes a payment back that paid them, and when it gives up (LEDGER-8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from digis.core.templatetags.digis import tokens as count
from economy.models import ChargeReversal, LedgerTransaction, Purchase
from notifications.kinds import MONEY, Kind, Text, register_kind
from notifications.models import Notification
from notifications.services import notify

TAKEN: Final = "economy.earnings_disputed"
RESTORED: Final = "economy.earnings_restored"
SENT: Final = frozenset({"inbox", "mail"})


def connect() -> None:
    """Register both. What happens to somebody's money is never muted (NOT-5)."""
    for name, render in ((TAKEN, _taken), (RESTORED, _restored)):
        register_kind(Kind(name, category=MONEY, render=render, channels=SENT, defaults=SENT, mandatory=True))


def tell_of_adjustments(*, purchase: Purchase, since: int, undone: Collection[int], case: str) -> None:
    """Tell each creator what a look at a disputed purchase took from them or gave again, in one sum.

    `since` is the last ChargeReversal before the look, `undone` those that stood then. Runs inside the cause.
    """
    rows = ChargeReversal.objects.filter(purchase=purchase)
    taken = LedgerTransaction.objects.filter(pk__in=rows.filter(pk__gt=since).values("reversal"))
    back = LedgerTransaction.objects.filter(
        pk__in=rows.filter(pk__in=undone, restored__isnull=False).values("restored")
    )
    change: Counter[User] = Counter()
    for movement in [*taken.select_related("payee"), *back.select_related("payee")]:
        if movement.payee is not None:
            change[movement.payee] += movement.share
    for creator, tokens in change.items():
        if tokens:
            notify(
                kind=TAKEN if tokens < 0 else RESTORED,
                person=creator,
                key=f"dispute:{purchase.pk}:{purchase.postings}",
                data={"tokens": abs(tokens), "case": case},
            )


def _taken(group: Sequence[Notification]) -> Text:
    data = group[0].data
    title = ngettext(
        "A disputed payment took back %(tokens)s token",
        "A disputed payment took back %(tokens)s tokens",
        data["tokens"],
    )
    body = _("The buyer’s bank disputes it: case %(case)s. If the bank decides for us, they come back.") % {
        "case": data["case"]
    }
    return Text(title % {"tokens": count(data["tokens"])}, body=body, url=reverse("economy:disputes"), icon="landmark")


def _restored(group: Sequence[Notification]) -> Text:
    data = group[0].data
    title = ngettext(
        "%(tokens)s token is back in your earnings", "%(tokens)s tokens are back in your earnings", data["tokens"]
    )
    body = _("The dispute is settled: case %(case)s.") % {"case": data["case"]}
    return Text(title % {"tokens": count(data["tokens"])}, body=body, url=reverse("economy:disputes"), icon="undo-2")
