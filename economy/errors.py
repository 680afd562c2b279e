"""What can be refused about tokens and money."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from digis.core.errors import Conflict, DomainError, InvalidState, LimitReached


class InsufficientTokens(DomainError):
    """Free tokens do not cover it. `needed` and `covered` are tokens."""

    code = "INSUFFICIENT_TOKENS"
    message = _("You have %(covered)s tokens free and this needs %(needed)s. Add tokens to go on.")

    def __init__(self, *, needed: int, covered: int) -> None:
        super().__init__(needed=needed, covered=covered)


class TokensOwed(InsufficientTokens):
    """A payment was returned after its tokens were spent; the next purchase pays that first."""

    message = _("You owe %(owed)s tokens from a returned payment. Your next purchase pays them first.")

    def __init__(self, *, needed: int, owed: int) -> None:
        super().__init__(needed=needed, covered=0)
        self.data["owed"] = owed


class SpendingLimitReached(LimitReached):
    """The person's own limit, not the balance, stands against it (LEDGER-10). `left` is what it still allows, in tokens."""

    message = _("Your own spending limit leaves %(left)s tokens for now. You can see and change it in your wallet.")

    def __init__(self, *, left: int) -> None:
        super().__init__(left=left)


class PurchaseTooLarge(LimitReached):
    """More tokens than one purchase may have, or than one day may have (LEDGER-10)."""

    message = _("You can buy up to %(most)s tokens %(span)s. Choose a smaller amount.")


class PriceChanged(InvalidState):
    """What the page showed is not the price any more: show the new one before charging (LEDGER-7)."""

    message = _("The price has changed since you opened this page. It is now %(price)s: look again before you buy.")


class QuoteExpired(InvalidState):
    """A price is good for ten minutes (LEDGER-7)."""

    message = _("This price has timed out. Nothing was charged. Look at it again and confirm.")


class PaymentsUnavailable(DomainError):
    """Stripe cannot be reached. Nothing was charged; the same form may be sent again."""

    code = "CONFLICT"
    message = _("The payment page cannot be opened right now. Nothing was charged. Try again in a moment.")


class RefundTooLarge(Conflict):
    message = _("Only %(left)s tokens of this are left to give back.")
