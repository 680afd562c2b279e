"""What creators are told when our part of their sales changes, and from when. Never muted (NOT-5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from economy.models import FeeRule
from economy.selectors.fees import FeeChange, write_percent
from economy.sources import list_sales
from notifications.kinds import MONEY, Kind, Text, register_kind
from notifications.models import Notification
from notifications.services import notify

CHANGED: Final = "economy.fee_changed"
WITHDRAWN: Final = "economy.fee_change_withdrawn"
SENT: Final = frozenset({"inbox", "mail"})


def connect() -> None:
    """Register both."""
    for name, render in ((CHANGED, _changed), (WITHDRAWN, _withdrawn)):
        register_kind(Kind(name, category=MONEY, render=render, channels=SENT, defaults=SENT, mandatory=True))


def tell_of_fees(rule: FeeRule, *, creator: User, changes: Sequence[FeeChange]) -> None:
    """Tell a creator what a rule changes for them, once. Runs inside the cause."""
    notify(
        kind=CHANGED,
        person=creator,
        key=_key(rule),
        data=_data(rule, changes),
    )


def tell_of_withdrawn_fees(rule: FeeRule, *, creator: User, changes: Sequence[FeeChange]) -> None:
    """Tell a creator who had heard of a rule that it does not come, once. Runs inside the cause."""
    if Notification.objects.filter(person=creator, key=_key(rule)).exists():
        notify(kind=WITHDRAWN, person=creator, key=f"{_key(rule)}:withdrawn", data=_data(rule, changes))


def _key(rule: FeeRule) -> str:
    return f"fee:{rule.pk}"


def _data(rule: FeeRule, changes: Sequence[FeeChange]) -> dict[str, object]:
    return {
        "changes": [[change.kind, change.was, change.becomes] for change in changes],
        "starts_at": rule.starts_at.isoformat(),
    }


def _changed(group: Sequence[Notification]) -> Text:
    title = _("Our part of your sales changes on %(day)s at %(time)s UTC") % _moment(group)
    kept = _("What is sold before keeps its fee.")
    return Text(title, body=f"{_parts(group)}. {kept}", url=reverse("economy:earnings"), icon="scale")


def _withdrawn(group: Sequence[Notification]) -> Text:
    title = _("A change of our part of your sales is withdrawn")
    body = _("What we had told you for %(day)s at %(time)s UTC does not come: %(parts)s.")
    words = {**_moment(group), "parts": _parts(group)}
    return Text(title, body=body % words, url=reverse("economy:earnings"), icon="scale")


def _moment(group: Sequence[Notification]) -> dict[str, str]:
    begins = datetime.fromisoformat(group[0].data["starts_at"]).astimezone(UTC)
    return {"day": date_format(begins, "j F Y"), "time": f"{begins:%H:%M}"}


def _parts(group: Sequence[Notification]) -> str:
    sales = list_sales()
    parts = [
        _("%(becomes)s %% of %(sales)s instead of %(was)s %%")
        % {"sales": sales.get(kind, kind), "becomes": write_percent(becomes), "was": write_percent(was)}
        for kind, was, becomes in group[0].data["changes"]
    ]
    return "; ".join(parts)
