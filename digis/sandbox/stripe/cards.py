"""Stripe's documented test cards, and what each of them does here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    code: str
    decline_code: str | None
    message: str


@dataclass(frozen=True)
class Card:
    number: str
    about: str
    brand: str = "visa"
    country: str = "US"
    refusal: Refusal | None = None
    has_challenge: bool = False
    dispute: str = ""
    is_inquiry: bool = False  # the buyer's bank asks first, and takes nothing yet
    is_warned: bool = False  # the network warns of fraud
    settles_at_once: bool = False
    refund: str = "succeeded"  # how a refund ends: succeeded, pending (settles later) or failed
    is_remembered: bool = False  # its bank, asked once when the card is kept, does not ask again
    is_kept: bool = False  # can be kept although it refuses to pay
    is_listed: bool = False

    @property
    def last4(self) -> str:
        return self.number[-4:]

    @property
    def grouped(self) -> str:
        if self.brand == "amex":
            return f"{self.number[:4]} {self.number[4:10]} {self.number[10:]}"
        return " ".join(self.number[i : i + 4] for i in range(0, len(self.number), 4))


DECLINED = Refusal("card_declined", "generic_decline", "Your card was declined.")
NO_FUNDS = Refusal("card_declined", "insufficient_funds", "Your card has insufficient funds.")
LOST = Refusal("card_declined", "lost_card", "Your card was declined.")
STOLEN = Refusal("card_declined", "stolen_card", "Your card was declined.")
EXPIRED = Refusal("expired_card", None, "Your card has expired.")
BAD_CVC = Refusal("incorrect_cvc", None, "Your card's security code is incorrect.")
PROCESSING = Refusal(
    "processing_error", None, "An error occurred while processing your card. Try again in a little bit."
)
NOT_A_TEST_CARD = Refusal(
    "card_declined",
    "test_mode_live_card",
    "Your card was declined. Your request was in test mode, but used a non test card.",
)

CARDS = (
    Card("4242424242424242", "Pays", is_listed=True),
    Card("5555555555554444", "Pays (Mastercard)", brand="mastercard", is_listed=True),
    Card("378282246310005", "Pays (American Express)", brand="amex"),
    Card("4000008260000000", "Pays (United Kingdom)", country="GB", is_listed=True),
    Card("4000002760000016", "Pays (Germany)", country="DE", is_listed=True),
    Card("4000002500000003", "Pays (France)", country="FR"),
    Card("4000000000000077", "Pays, and the money is available at once", settles_at_once=True),
    Card("4000000000000002", "Declined", refusal=DECLINED, is_listed=True),
    Card("4000000000009995", "Insufficient funds", refusal=NO_FUNDS, is_listed=True),
    Card("4000000000000069", "Expired card", refusal=EXPIRED, is_listed=True),
    Card("4000000000000127", "Wrong security code", refusal=BAD_CVC, is_listed=True),
    Card("4000000000000341", "Can be kept, then declines", refusal=DECLINED, is_kept=True, is_listed=True),
    Card("4000000000000119", "Processing error", refusal=PROCESSING),
    Card("4000000000009987", "Lost card", refusal=LOST),
    Card("4000000000009979", "Stolen card", refusal=STOLEN),
    Card("4000002760003184", "Asks for 3-D Secure every time", country="DE", has_challenge=True, is_listed=True),
    Card(
        "4000002500003155",
        "Asks for 3-D Secure, once if it is kept",
        country="FR",
        has_challenge=True,
        is_remembered=True,
        is_listed=True,
    ),
    Card("4000000000003220", "Asks for 3-D Secure 2", has_challenge=True),
    Card("4000008260003178", "3-D Secure, then insufficient funds", country="GB", has_challenge=True, refusal=NO_FUNDS),
    Card("4000000000000259", "Pays, then the buyer disputes it", dispute="fraudulent", is_listed=True),
    Card("4000000000002685", "Pays, then disputed as not received", dispute="product_not_received"),
    Card("4000000000001976", "Pays, then the bank inquires", dispute="fraudulent", is_inquiry=True),
    Card("4000000000005423", "Pays, then the network warns of fraud", is_warned=True),
    Card("4000000000007726", "Pays; a refund succeeds later", refund="pending"),
    Card("4000000000005126", "Pays; a refund fails later", refund="failed"),
)
BY_NUMBER = {card.number: card for card in CARDS}

# Ready-made payment methods that the API takes by name.
BY_TOKEN = {
    "pm_card_visa": "4242424242424242",
    "pm_card_us": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_amex": "378282246310005",
    "pm_card_bypassPending": "4000000000000077",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_chargeDeclinedExpiredCard": "4000000000000069",
    "pm_card_chargeDeclinedIncorrectCvc": "4000000000000127",
    "pm_card_chargeDeclinedProcessingError": "4000000000000119",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_threeDSecure2Required": "4000000000003220",
    "pm_card_createDispute": "4000000000000259",
    "pm_card_createProductNotReceived": "4000000000002685",
    "pm_card_createDisputeInquiry": "4000000000001976",
    "pm_card_createIssuerFraudRecord": "4000000000005423",
    "pm_card_pendingRefund": "4000000000007726",
    "pm_card_refundFail": "4000000000005126",
}


def digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())


def is_luhn(number: str) -> bool:
    if not 12 <= len(number) <= 19:
        return False
    total = 0
    for place, char in enumerate(reversed(number)):
        digit = int(char) * (2 if place % 2 else 1)
        total += digit - 9 if digit > 9 else digit
    return total % 10 == 0


def find(number: str) -> Card:
    """Look a number up; one that is well formed but no test card is refused, and only its last four are kept."""
    return BY_NUMBER.get(number) or Card(f"{'0' * 12}{number[-4:]}", "Not a test card", refusal=NOT_A_TEST_CARD)
