"""What people are told when a month of theirs is closed: where its statement is. By the ways they choose (PAY-8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from digis.core.templatetags.digis import earned
from digis.core.templatetags.digis import tokens as count
from economy.models import Statement
from notifications.kinds import Category, Kind, Text, register_category, register_kind
from notifications.models import Notification
from notifications.services import notify

CLOSED: Final = "economy.statement_closed"
STATEMENTS: Final = "statements"
SENT: Final = frozenset({"inbox", "mail"})


def connect() -> None:
    """Register it, with a row of its own in the settings: a statement waits where it is, and nobody must be told of it."""
    text = gettext_lazy("When a month of your wallet or your earnings is closed.")
    register_category(Category(STATEMENTS, gettext_lazy("Monthly statements"), text, position=60))
    register_kind(Kind(CLOSED, category=STATEMENTS, render=_closed, channels=SENT, defaults=SENT))


def tell_of_statement(statement: Statement) -> None:
    """Tell a person that a month of theirs is closed, once; nobody who may not open it. Runs inside the cause."""
    person, is_creator = statement.person, statement.role == Statement.Role.CREATOR
    if person.is_staff or (is_creator and not person.is_approved_creator):
        return
    notify(
        kind=CLOSED,
        person=person,
        key=f"statement:{statement.pk}",
        target=statement,
        data={"month": f"{statement.month:%Y-%m}", "of_creator": is_creator, "closing": statement.closing},
    )


def _closed(group: Sequence[Notification]) -> Text:
    data = group[0].data
    month = datetime.strptime(data["month"], "%Y-%m").replace(tzinfo=UTC).date()
    words = {"month": date_format(month, "F Y")}
    closing = int(data["closing"])
    if data["of_creator"]:
        title, name = _("The statement of your earnings in %(month)s is ready") % words, "economy:studio_statement"
        left = f"{'−' if closing < 0 else ''}{earned(abs(closing))}"
    else:
        title, name = _("The statement of your wallet for %(month)s is ready") % words, "economy:statement"
        left = ngettext("%(tokens)s token", "%(tokens)s tokens", closing) % {"tokens": count(closing)}
    body = _("At the end of the month: %(left)s. What comes later stands in its own month.") % {"left": left}
    return Text(title, body=body, url=reverse(name, args=[data["month"]]), icon="receipt")
