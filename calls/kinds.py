"""What people are told about calls. Each kind is declared here and told where it is caused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from calls.models import Call, CallInvitation, CallType
from digis.core.templatetags.digis import clock as length
from digis.core.templatetags.digis import earned, tokens
from economy.selectors import granted_shares
from notifications.kinds import CALLS, CREATORS, HEARD_ALL, MONEY, Kind, Text, register_kind
from notifications.models import Notification
from notifications.services import notify, notify_bells, withdraw

RINGING: Final = "calls.ringing"
MISSED: Final = "calls.missed"
DECLINED: Final = "calls.declined"
RECEIPT: Final = "calls.receipt"
AVAILABLE: Final = "calls.available"
INBOX, PUSH = "inbox", "push"
NEWS_LIVES: Final = timedelta(minutes=30)  # after that "picks up now" is a guess
TOLD_EVERY_HOURS: Final = 4  # however often a creator switches on and off


def connect() -> None:
    """Register all of them."""
    ring = timedelta(seconds=settings.CALL_RING_SECONDS)
    for kind in (
        Kind(
            RINGING,
            category=CALLS,
            render=_ringing,
            late=_missed,
            channels=frozenset({PUSH}),  # open pages show the ring itself
            defaults=frozenset({PUSH}),
            expires_after=ring,
            is_urgent=True,
        ),
        Kind(
            MISSED,
            category=CALLS,
            render=_missed,
            defaults=frozenset({INBOX, PUSH}),
            is_urgent=True,
        ),
        Kind(DECLINED, category=CALLS, render=_declined, channels=frozenset({INBOX}), is_urgent=True),
        Kind(
            AVAILABLE,
            category=CREATORS,
            render=_available,
            defaults=frozenset({INBOX, PUSH}),
            expires_after=NEWS_LIVES,
            bell=HEARD_ALL,
            groups=True,
        ),
        Kind(
            RECEIPT,
            category=MONEY,
            render=_receipt,
            channels=frozenset({INBOX}),
            defaults=frozenset({INBOX}),
            mandatory=True,
        ),
    ):
        register_kind(kind)


# ── Telling: inside the transaction of the cause ────────────────────────────────────────────


def tell_of_ring(invitation: CallInvitation) -> None:
    """Wake the creator's browsers for as long as it rings (NOT-4)."""
    notify(
        kind=RINGING,
        person=invitation.creator,
        key=f"ring:{invitation.pk}",
        actor=invitation.fan,
        target=invitation,
        data=_of(invitation),
    )


def tell_of_answer(invitation: CallInvitation) -> None:
    """Say what became of a ring, and stop waking anybody for it: a missed call takes the place of the ring (NOT-4)."""
    status = CallInvitation.Status(invitation.status)
    withdraw(kind=RINGING, target=invitation)
    if status in {CallInvitation.Status.MISSED, CallInvitation.Status.CANCELLED}:
        notify(
            kind=MISSED,
            person=invitation.creator,
            key=f"missed:{invitation.pk}",
            actor=invitation.fan,
            target=invitation,
            data=_of(invitation),
        )
    elif status == CallInvitation.Status.DECLINED:
        notify(
            kind=DECLINED,
            person=invitation.fan,
            key=f"declined:{invitation.pk}",
            actor=invitation.creator,
            target=invitation,
            data=_of(invitation),
        )


def tell_of_end(call: Call) -> None:
    """Give both sides their receipt of a call that took place (NOT-5). No face is kept by it: a block takes no receipt away."""
    if call.started_at is None or call.parked_at is not None:
        return
    shares = granted_shares(source_type="call", source_ids=[str(call.pk)])
    for person, peer in ((call.fan, call.creator), (call.creator, call.fan)):
        is_fan = person.pk == call.fan_id
        notify(
            kind=RECEIPT,
            person=person,
            key=f"call:{call.pk}:receipt",
            target=call,
            data={
                "name": peer.display_name,
                "seconds": call.billed_seconds or 0,
                "tokens": call.charged_tokens if is_fan else call.earned_tokens,
                "is_fan": is_fan,
                "granted": 0 if is_fan else shares.get(str(call.pk), 0),
            },
        )


def tell_of_availability(creator: User, at: Any) -> None:
    """Tell those whose bell lets everything through that a creator picks up now, at most once in four hours."""
    slot = int(at.timestamp()) // (TOLD_EVERY_HOURS * 3_600)
    notify_bells(kind=AVAILABLE, creator=creator, key=f"available:{creator.pk}:{slot}")


def _of(invitation: CallInvitation) -> dict[str, Any]:
    return {"call_type": invitation.call_type, "tag": f"ring:{invitation.pk}"}


# ── Words ───────────────────────────────────────────────────────────────────────────────────


def _name(person: User | None) -> str:
    return person.name if person is not None else _("Somebody")


def _icon(news: Notification, video: str, voice: str) -> str:
    return video if news.data.get("call_type") == CallType.VIDEO else voice


def _ringing(group: Sequence[Notification]) -> Text:
    news = group[0]
    title = _("%(name)s is calling") % {"name": _name(news.actor)}
    body = _("Video call") if news.data.get("call_type") == CallType.VIDEO else _("Voice call")
    url = reverse("calls:ring", args=[news.target_id])
    return Text(title, body=body, url=url, face=news.actor, icon=_icon(news, "video", "phone-incoming"))


def _missed(group: Sequence[Notification]) -> Text:
    news = group[0]
    title = _("You missed a call from %(name)s") % {"name": _name(news.actor)}
    return Text(title, url=reverse("calls:studio_calls"), face=news.actor, icon="phone-missed")


def _declined(group: Sequence[Notification]) -> Text:
    news = group[0]
    title = _("%(name)s could not take your call") % {"name": _name(news.actor)}
    return Text(title, body=_("Nothing was charged."), url=_page_of(news.actor), face=news.actor, icon="phone-off")


def _available(group: Sequence[Notification]) -> Text:
    news = group[0]
    title = _("%(name)s started to pick up calls") % {"name": _name(news.actor)}
    return Text(title, url=_page_of(news.actor), face=news.actor, icon="phone")


def _page_of(creator: User | None) -> str:
    return reverse("discovery:creator", args=[creator.username]) if creator is not None else ""


def _receipt(group: Sequence[Notification]) -> Text:
    news = group[0]
    data = news.data
    title = _("Call with %(name)s, %(length)s") % {"name": data["name"], "length": length(data["seconds"])}
    amount = int(data["tokens"])
    if not amount:
        body = _("It was free.")
    elif data["is_fan"]:
        body = ngettext("You paid %(tokens)s token.", "You paid %(tokens)s tokens.", amount) % {
            "tokens": tokens(amount)
        }
    else:
        body = _("You earned %(money)s.") % {"money": earned(amount)}
        if granted := int(data.get("granted", 0)):
            body += " " + _("%(money)s of it came from free tokens and cannot be withdrawn.") % {
                "money": earned(granted)
            }
    return Text(title, body=body, url=reverse("calls:summary", args=[news.target_id]), icon="receipt")
