"""What can be refused about notifications."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from digis.core.errors import Forbidden


class CannotMute(Forbidden):
    """Security, money and legal news always come (NOT-5)."""

    message = _("These messages keep your account and your money safe. They cannot be turned off.")


class NotFollowing(Forbidden):
    message = _("Follow %(name)s first. Then you choose what you hear.")
