"""What can be refused about people and their accounts."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from digis.core.errors import Conflict, DomainError, Forbidden, InvalidState, LimitReached


class WrongCredentials(DomainError):  # domain errors are named for what happened
    """The same words whether the account exists or not (ACC-1)."""

    code = "WRONG_CREDENTIALS"
    message = _("That does not match an account. Check both, or ask for a code by e-mail.")


class WrongCode(DomainError):  # domain errors are named for what happened
    """A code that is wrong, used, replaced or too old. Which of them, nobody is told."""

    code = "WRONG_CODE"
    message = _("That code does not work. Check the newest mail from us, or ask for a new code.")


class LinkOnly(DomainError):  # domain errors are named for what happened
    """Ten wrong codes in a day: from here on only the link in the mail works (ACC-2)."""

    code = "LINK_ONLY"
    message = _("Too many wrong codes for this address. Open the link in the newest mail from us instead.")


class HandleTaken(Conflict):
    message = _("“%(handle)s” is taken.")


class HandleNotAllowed(Conflict):
    message = _("Handles have 3 to 30 letters or digits of one alphabet, with single dots or underscores between them.")


class HandleChangedRecently(LimitReached):
    message = _("A handle can change once in 30 days. Yours can change again on %(day)s.")


class AddressTaken(Conflict):
    message = _("That address already has an account. Sign in instead.")


class TooYoung(Forbidden):
    code = "AGE_VERIFICATION_REQUIRED"
    message = _("You need to be %(age)s or older for this.")


class StaffStandApart(Forbidden):
    """Staff accounts have no wallet and cannot buy, sell or be paid (ACC-5)."""

    message = _("Staff accounts cannot buy, sell or be paid. Use a second account for that.")


class OwnAccount(Forbidden):
    """Staff never act on themselves (ACC-5)."""

    message = _("You cannot act on your own account.")


class AccountSuspended(Forbidden):
    code = "ACCOUNT_SUSPENDED"
    message = _("This account is suspended. The reason our staff gave: %(reason)s")


class ApplicationClosed(InvalidState):
    message = _("This application was already decided.")


class ApplyLater(LimitReached):
    message = _("You can apply again on %(day)s.")


class AppealOpen(Conflict):
    message = _("Your appeal is with our staff already. You get their answer by mail.")


class AppealTooLate(LimitReached):
    message = _("A suspension can be appealed for six months. Those have passed.")


class SameReviewer(Forbidden):
    """MOD-5: whoever suspended somebody does not decide whether that was right."""

    message = _("You suspended this person. Somebody else answers the appeal.")
