"""What Stripe sent us, as staff see it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from djstripe.models import Event
from typing_extensions import override


class StripeEvent(Event):
    """An event of Stripe's as dj-stripe stored it, under our own name, so that a right to replay it can be given."""

    class Meta:
        proxy = True
        verbose_name = _("Stripe event")
        default_permissions = ("view",)
        permissions = [("replay_stripeevent", "Can replay Stripe's events and ask Stripe again")]

    @override
    def __str__(self) -> str:
        return f"{self.type} {self.id}"
