"""A person's own spending limits (LEDGER-10)."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.permissions import require_not_staff
from digis.core import audit, clock
from economy.models import SpendingChoice, SpendingLimit
from economy.selectors.giving import get_confirm_above
from economy.selectors.limits import Limit, list_limits


def set_limit(*, person: User, period: SpendingLimit.Period, tokens: int | None) -> Limit:
    """Set what a person lets themselves spend in a day, a week or a month, in tokens; None lifts it.

    Lowering is at once; raising or lifting waits LIMIT_RAISE_HOURS, and asking for it again starts the wait anew only
    when the amount differs. It covers every kind of spending: charges, holds, gifts. Returns the limit as it stands.
    """
    require_not_staff(person)
    now = clock.now()
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=person.pk)
        present = next(limit for limit in list_limits(person) if limit.period == period)
        row, _is_new = SpendingLimit.objects.get_or_create(person=person, period=period, defaults={"updated_at": now})
        if present.coming_at is not None and present.coming == tokens:
            return present
        row.tokens, row.next_tokens, row.next_from = present.tokens, None, None
        if _is_lower(tokens, than=present.tokens):
            row.tokens = tokens
        elif tokens != present.tokens:
            row.next_tokens, row.next_from = tokens, now + timedelta(hours=settings.LIMIT_RAISE_HOURS)
        row.updated_at = now
        row.save()
        audit.record(
            actor=person, action="economy.limit_set", target=person, data={"period": str(period), "tokens": tokens}
        )
        return next(limit for limit in list_limits(person) if limit.period == period)


def set_limits(
    *, person: User, limits: dict[SpendingLimit.Period, int | None], confirm_above: int | None = None
) -> bool:
    """Set several limits together, and above which amount the person is asked once more; say whether a change waits.

    Tokens; None lifts a limit. A limit that is, or is coming, as asked stays as it is. Rules as in `set_limit`.
    """
    require_not_staff(person)
    with transaction.atomic():
        present = {limit.period: limit for limit in list_limits(person)}
        for period, tokens in limits.items():
            limit = present[period]
            coming = limit.tokens if limit.coming_at is None else limit.coming
            if tokens != coming:
                set_limit(person=person, period=period, tokens=tokens)
        if confirm_above is not None and confirm_above != get_confirm_above(person):
            SpendingChoice.objects.update_or_create(person=person, defaults={"confirm_above": confirm_above})
        return any(limit.coming_at is not None for limit in list_limits(person))


def _is_lower(tokens: int | None, *, than: int | None) -> bool:
    return tokens is not None and (than is None or tokens < than)
