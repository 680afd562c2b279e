"""What creators are told about their payouts: the ends they come to, and when one needs them. Never muted (NOT-5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from digis.core.money import Money
from digis.core.templatetags.digis import cents, earned
from digis.core.templatetags.digis import tokens as count
from economy.models import Adjustment, DisputeStanding, Payout, PayoutAccount
from economy.selectors.payouts import say_failure
from notifications.kinds import MONEY, Kind, Text, register_kind
from notifications.models import Notification
from notifications.services import notify

State = Payout.State
STOPPED: Final = "economy.payouts_stopped"
STANDING: Final = "economy.dispute_standing"
ADJUSTED: Final = "economy.adjusted"
SENT: Final = frozenset({"inbox", "mail"})


def connect() -> None:
    """Register all of them."""
    for name, render in (
        (_name(State.PAID), _paid),
        (_name(State.FAILED), _failed),
        (_name(State.RETURNED), _returned),
        (_name(State.CANCELED), _canceled),
        (STOPPED, _stopped),
        (ADJUSTED, _adjusted),
        (STANDING, _standing),
    ):
        register_kind(Kind(name, category=MONEY, render=render, channels=SENT, defaults=SENT, mandatory=True))


def tell_of_payout(payout: Payout) -> None:
    """Tell the creator when a payout came to an end they did not bring about, or needs them. Runs inside the cause.

    Once for each end of each attempt at the bank, however often it is seen.
    """
    is_refused = payout.state == State.CANCELED and (payout.review_note or payout.failure_code)
    if not is_refused and payout.state not in {State.PAID, State.FAILED, State.RETURNED}:
        return
    notify(
        kind=_name(payout.state),
        person=payout.creator,
        key=f"payout:{payout.pk}:{payout.state}:{payout.bank_attempts}",
        target=payout,
        data={
            "minor": payout.amount_minor,
            "currency": payout.currency,
            "bank": payout.bank,
            "failure": payout.failure_code,
            "note": payout.review_note,
        },
    )


def tell_of_stop(account: PayoutAccount, *, key: str) -> None:
    """Tell a creator that staff stopped their payouts, and why."""
    notify(kind=STOPPED, person=account.creator, key=key, data={"reason": account.stopped_reason})


def tell_of_adjustment(row: Adjustment) -> None:
    """Tell a person what staff corrected, and why, once. Runs inside the cause."""
    notify(
        kind=ADJUSTED,
        person=row.person,
        key=f"adjustment:{row.pk}",
        data={"tokens": row.signed, "of_creator": row.is_of_creator, "reason": row.reason},
    )


def tell_of_standing(standing: DisputeStanding, *, key: str) -> None:
    """Tell a creator that their payments are disputed so often that something follows (PAY-6)."""
    counts = {"payments": standing.payments, "disputed": standing.disputed, "stops": standing.stops_payouts}
    notify(kind=STANDING, person=standing.creator, key=key, data=counts)


def _name(state: str) -> str:
    return f"economy.payout_{state}"


def _text(news: Notification, title: str, body: str, icon: str) -> Text:
    amount = cents(Money(news.data["minor"], news.data["currency"]))
    url = reverse("economy:payout", args=[news.target_id])
    return Text(title % {"amount": amount}, body=body, url=url, icon=icon)


def _paid(group: Sequence[Notification]) -> Text:
    body = _("Your bank has taken the payout. It may need a day to show it.")
    return _text(group[0], _("%(amount)s went to your bank account"), body, "landmark")


def _failed(group: Sequence[Notification]) -> Text:
    safe = _("The money is safe. Say whether we try again or take it back.")
    body = f"{say_failure(group[0].data['failure'])} {safe}".strip()
    return _text(group[0], _("Your bank refused a payout of %(amount)s"), body, "circle-alert")


def _returned(group: Sequence[Notification]) -> Text:
    body = _("The payout is over. Your payouts page says whether another can begin now.")
    return _text(group[0], _("%(amount)s is back in your earnings"), body, "undo-2")


def _canceled(group: Sequence[Notification]) -> Text:
    data = group[0].data
    if data["note"]:
        return _text(group[0], _("A payout of %(amount)s was not approved"), data["note"], "circle-alert")
    title = _("A payout of %(amount)s could not be sent")
    return _text(group[0], title, say_failure(data["failure"]), "circle-alert")


def _stopped(group: Sequence[Notification]) -> Text:
    body = _("The reason they gave: %(reason)s") % {"reason": group[0].data["reason"]}
    return Text(_("Our staff stopped your payouts"), body=body, url=reverse("economy:payouts"), icon="circle-alert")


def _adjusted(group: Sequence[Notification]) -> Text:
    data = group[0].data
    if not data["of_creator"]:
        title = _("%(tokens)s tokens that you owed are forgiven") % {"tokens": count(data["tokens"])}
        return Text(title, body=data["reason"], url=reverse("economy:wallet"), icon="scale")
    words = {"amount": earned(abs(data["tokens"]))}
    title = (
        _("%(amount)s was taken from your earnings") if data["tokens"] < 0 else _("%(amount)s was put right for you")
    )
    return Text(title % words, body=data["reason"], url=reverse("economy:earnings"), icon="scale")


def _standing(group: Sequence[Notification]) -> Text:
    data = group[0].data
    many = _("%(disputed)s of the %(payments)s payments to you in 90 days are disputed.") % data
    if data["stops"]:
        title, then = _("Your payouts wait"), _("They go on by themselves when it is less.")
    else:
        title = _("A tenth of your earnings is held back")
        then = _("Each part is free 90 days after it became available.")
    return Text(title, body=f"{many} {then}", url=reverse("economy:disputes"), icon="scale")
