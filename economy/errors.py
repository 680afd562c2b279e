"""What can be refused about tokens and money."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from digis.core.errors import Conflict, DomainError, Forbidden, InvalidState, LimitReached


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


class TooFewBoughtTokens(InsufficientTokens):
    """Only bought tokens can be given to somebody; bonuses and gifts cannot (LAW-13)."""

    message = _("You have %(covered)s bought tokens free and this needs %(needed)s. Bonus tokens cannot be given on.")


class SpendingLimitReached(LimitReached):
    """The person's own limit, not the balance, stands against it (LEDGER-10). `left` is what it still allows, in tokens."""

    message = _("Your own spending limit leaves %(left)s tokens for now. You can see and change it in your wallet.")

    def __init__(self, *, left: int) -> None:
        super().__init__(left=left)


class PurchaseTooLarge(LimitReached):
    """More tokens than one purchase may have (LEDGER-10)."""

    message = _("You can buy up to %(most)s tokens at a time. Choose a smaller amount.")


class PurchaseDayLimitReached(LimitReached):
    """More tokens than this account may buy in 24 hours, by its age (LEDGER-10).

    `left` and `most` are tokens, `at` is when so many fit, as ISO 8601; none where no waiting helps. `when` is for people.
    """

    message = _(
        "This account can buy %(most)s tokens in 24 hours for now, and %(left)s of them are left. Choose a smaller amount, "
        "or come back on %(when)s."
    )
    message_for_good = _(
        "This account can buy %(most)s tokens in 24 hours, and %(left)s of them are left. Choose a smaller amount."
    )
    public = ("left", "most", "at")

    def __init__(self, *, left: int, most: int, at: str | None, when: str) -> None:
        super().__init__(None if at else self.message_for_good, left=left, most=most, at=at, when=when)


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


class TransferCapReached(LimitReached):
    """More than a person may give in 24 hours, in all or to one person (LAW-13). `most` is what may still be given, in tokens."""

    message = _("You can give %(most)s tokens more for now: what people give each other has a cap for every 24 hours.")

    def __init__(self, *, most: int) -> None:
        super().__init__(most=most)


class TransferTooEarly(LimitReached):
    """The account is too young to give tokens away (LAW-13)."""

    message = _("You can give tokens once your account is %(days)s days old.")

    def __init__(self, *, days: int) -> None:
        super().__init__(days=days)


class PayoutBlocked(InvalidState):
    """Something stands against a payout; the page lists all of it. `blockers` are their codes (PAY-3, PAY-7)."""

    message = _("%(why)s")
    public = ("blockers",)

    def __init__(self, *, why: str, blockers: list[str]) -> None:
        super().__init__(why=why, blockers=blockers)


class EarningsChanged(InvalidState):
    """What the page offered to pay out is not what is available any more (LEDGER-7)."""

    message = _("Your available earnings changed since you opened this page. Nothing was sent: look at the new amount.")


class NeedsAnotherPerson(Forbidden):
    """What one member of staff asked for, another has to decide (PAY-4)."""

    message = _("You asked for this yourself: somebody else has to decide it.")


class PayoutSetupUnavailable(DomainError):
    """Stripe cannot be reached. Nothing changed; the same form may be sent again."""

    code = "CONFLICT"
    message = _("Stripe cannot be reached right now. Nothing changed. Try again in a moment.")


class TaxUnavailable(DomainError):
    """No tax engine can say what a price carries: nobody is charged on a guess. The same may be asked again."""

    code = "CONFLICT"
    message = _(
        "Prices cannot be told right now, because their tax is not known. Nothing was charged. Try again in a moment."
    )


class StripeUnavailable(DomainError):
    """Stripe cannot be asked. Nothing changed; the same act may be done again."""

    code = "CONFLICT"
    message = _("Stripe cannot be asked right now. Nothing changed. Try again in a moment.")


class NothingToReturn(InvalidState):
    """No unused part of a purchase can go back to its card, or the buyer's time for it is over (LEDGER-12)."""

    message = _(
        "Nothing of this purchase can be returned: its tokens are used, or more than %(days)s days have passed."
    )

    def __init__(self, *, days: int) -> None:
        super().__init__(days=days)


class ReturnChanged(InvalidState):
    """What would come back is not what the page showed (LEDGER-7)."""

    message = _("What comes back changed since you opened this page: it is %(price)s now. Nothing was returned yet.")

    def __init__(self, *, price: str) -> None:
        super().__init__(price=price)
