"""A person's own copy of what is known about them (LAW-9)."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts.models import User
from digis.core import audit, clock, registry


@transaction.atomic
def export_personal_data(*, person: User) -> dict[str, Any]:
    """Collect what every app has registered about a person, and note that it was handed out (LAW-9).

    The caller has asked for a step-up (ACC-3). Moments and ids are left as they are for the caller to write as text.
    """
    kinds = {name: list(kind.export(person)) for name, kind in registry.personal_data.items()}
    audit.record(actor=person, action="accounts.exported", target=person)
    return {"person": str(person.pk), "handle": person.username, "made_at": clock.now(), "data": kinds}
