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
SENT: Final = frozenset({"inbox", "mail"})


def connect() -> None:
    """Register it."""
    register_kind(Kind(CHANGED, category=MONEY, render=_changed, channels=SENT, defaults=SENT, mandatory=True))


def tell_of_fees(rule: FeeRule, *, creator: User, changes: Sequence[FeeChange]) -> None:
    """Tell a creator what a rule changes for them, once. Runs inside the cause."""
    notify(
        kind=CHANGED,
        person=creator,
        key=f"fee:{rule.pk}",
        data={
            "changes": [[change.kind, change.was, change.becomes] for change in changes],
            "starts_at": rule.starts_at.isoformat(),
        },
    )


def _changed(group: Sequence[Notification]) -> Text:
    data = group[0].data
    begins = datetime.fromisoformat(data["starts_at"]).astimezone(UTC)
    words = {"day": date_format(begins, "j F Y"), "time": f"{begins:%H:%M}"}
    sales = list_sales()
    parts = [
        _("%(becomes)s %% of %(sales)s instead of %(was)s %%")
        % {"sales": sales.get(kind, kind), "becomes": write_percent(becomes), "was": write_percent(was)}
        for kind, was, becomes in data["changes"]
    ]
    kept = _("What is sold before keeps its fee.")
    return Text(
        _("Our part of your sales changes on %(day)s at %(time)s UTC") % words,
        body=f"{'; '.join(parts)}. {kept}",
        url=reverse("economy:earnings"),
        icon="scale",
    )
