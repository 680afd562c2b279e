"""What can be refused about a call."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from digis.core.errors import Conflict, Forbidden, InvalidState, LimitReached


class CallRefused(Conflict):
    """A call that is not possible now; nothing was charged."""


class NotOffered(CallRefused):
    message = _("%(name)s does not offer this kind of call.")


class NotAvailable(CallRefused):
    message = _("%(name)s does not pick up calls right now.")


class CreatorBusy(CallRefused):
    message = _("%(name)s is in a call. Try again in a while.")


class YouAreBusy(CallRefused):
    message = _("You are in a call, or ringing somebody. Finish that first.")


class NotYourself(CallRefused):
    message = _("You cannot call yourself.")


class FanBusy(CallRefused):
    message = _("%(name)s has started another call.")


class FanShort(CallRefused):
    """What the fan had when they rang is gone. The creator reads this; how much is left is not theirs to know."""

    code = "INSUFFICIENT_TOKENS"
    message = _("%(name)s no longer has enough tokens for this call.")


class TooManyRings(LimitReached):
    message = _("You rang %(name)s a few times without an answer. Try again in an hour.")


class CreatorTooYoung(Forbidden):
    """The creator's age is not proven; the fan only learns that there is no call."""

    code = "AGE_VERIFICATION_REQUIRED"
    message = _("%(name)s cannot take calls at the moment.")


class RingOver(InvalidState):
    message = _("This call is no longer ringing.")


class CallOver(InvalidState):
    message = _("This call has ended.")


class SwitchRefused(InvalidState):
    message = _("The call cannot change to this right now.")
