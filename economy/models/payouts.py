"""What creators are paid: where to, on which papers, and each payout from the request to the bank (PAY-2, PAY-3, PAY-7)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from digis.core import clock
from digis.core.ids import uuid7
from digis.core.money import Money


class PayoutAccount(models.Model):
    """A creator's account at Stripe as we last read it, and the bank behind it.

    A row without an account id is one whose making began. `destination_changed_at` starts the cool-off (PAY-3);
    `stopped_reason` is staff's own stop, which the creator reads.
    """

    creator = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="payout_account"
    )
    account_id = models.CharField(max_length=255, blank=True)
    country = models.CharField(max_length=2)
    currency = models.CharField(max_length=3, blank=True)
    is_submitted = models.BooleanField(default=False)
    can_receive = models.BooleanField(default=False)
    can_pay_out = models.BooleanField(default=False)
    is_gone = models.BooleanField(default=False)  # the creator ended our access at Stripe
    due = models.JSONField(default=list, blank=True)  # what Stripe asks of the creator, in Stripe's names
    checking = models.JSONField(default=list, blank=True)
    disabled_reason = models.CharField(max_length=100, blank=True)
    bank_name = models.CharField(max_length=100, blank=True)
    bank_last4 = models.CharField(max_length=4, blank=True)
    bank_currency = models.CharField(max_length=3, blank=True)
    bank_fingerprint = models.CharField(max_length=100, blank=True)
    bank_has_refused = models.BooleanField(default=False)
    destination_changed_at = models.DateTimeField(null=True, blank=True)
    stopped_reason = models.CharField(max_length=300, blank=True)
    synced_at = models.DateTimeField(null=True, blank=True)
    next_sync_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account_id"], condition=~Q(account_id=""), name="economy_payout_account_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["next_sync_at"], name="economy_payout_account_due", condition=Q(next_sync_at__isnull=False)
            )
        ]
        permissions = [("stop_payouts", "Can stop a creator's payouts and let them go on")]

    @override
    def __str__(self) -> str:
        return self.account_id or f"account of {self.creator_id}"

    @property
    def cools_until(self) -> datetime | None:
        """When payouts may go to the changed bank account, while that lies ahead (PAY-3)."""
        if self.destination_changed_at is None:
            return None
        until = self.destination_changed_at + timedelta(hours=settings.PAYOUT_COOL_OFF_HOURS)
        return until if until > clock.now() else None

    @property
    def bank(self) -> str:
        """The bank account as people recognize it."""
        return f"{self.bank_name} ···· {self.bank_last4}".strip() if self.bank_last4 else ""


class TaxProfile(models.Model):
    """What the tax office wants to know of a creator before the first payout. The number is sealed at rest (LAW-7)."""

    class Form(models.TextChoices):
        W9 = "w9", _("W-9: I am a US person")
        W8BEN = "w8ben", _("W-8BEN: I am not a US person")

    creator = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="tax_profile"
    )
    legal_name = models.CharField(max_length=120)
    country = models.CharField(max_length=2)
    form = models.CharField(max_length=8, choices=Form)
    tin_sealed = models.TextField()
    tin_last4 = models.CharField(max_length=4)
    certified_at = models.DateTimeField()
    updated_at = models.DateTimeField(default=clock.now)

    @override
    def __str__(self) -> str:
        return f"{self.form} of {self.creator_id}"


class PayoutBatch(models.Model):
    """The weekly payouts of one week, named by its Monday; open until every creator was looked at."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    week = models.DateField()
    closed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name_plural = "payout batches"
        constraints = [models.UniqueConstraint(fields=["week"], name="economy_batch_week_once")]

    @override
    def __str__(self) -> str:
        return f"week of {self.week}"


class Payout(models.Model):
    """Tokens on their way to a creator's bank. `place` is where the ledger holds them, `postings` numbers the moves.

    Before anything is asked of Stripe, the intention is committed here: a state, and the number of the attempt that names
    its idempotency key. A payout the bank refused is `failed`: its money lies in the creator's account at Stripe, and it is
    paid out anew or taken back (PAY-2).
    """

    class State(models.TextChoices):
        REQUESTED = "requested", _("Asked for")
        IN_REVIEW = "in_review", _("With our staff")
        APPROVED = "approved", _("Approved")
        TRANSFERRING = "transferring", _("Being sent")
        TRANSFERRED = "transferred", _("On the way to your bank")
        PAID = "paid", _("Paid")
        FAILED = "failed", _("Refused by your bank")
        RETURNED = "returned", _("Back in your earnings")
        CANCELED = "canceled", _("Canceled")

    class Kind(models.TextChoices):
        WEEKLY = "weekly", _("Weekly")
        MANUAL = "manual", _("Asked for")

    class Place(models.TextChoices):
        AVAILABLE = "available", _("In available earnings")
        IN_PAYOUT = "in_payout", _("In the payout")
        PAYOUTS = "payouts", _("Paid out")

    class Wish(models.TextChoices):
        NONE = "", _("None")
        RETRY = "retry", _("Try again")
        RETURN = "return", _("Back to earnings")

    OPEN: Final = ("requested", "in_review", "approved", "transferring", "transferred")
    CANCELABLE: Final = ("requested", "in_review", "approved")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    creator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="payouts")
    kind = models.CharField(max_length=8, choices=Kind)
    state = models.CharField(max_length=12, choices=State, default=State.REQUESTED)
    place = models.CharField(max_length=10, choices=Place, default=Place.AVAILABLE)
    tokens = models.BigIntegerField()
    payout_micros = models.BigIntegerField()  # what one token was paid at when this was made (PAY-9)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    key = models.CharField(max_length=200)
    batch = models.ForeignKey(PayoutBatch, on_delete=models.PROTECT, null=True, blank=True, related_name="payouts")
    account_id = models.CharField(max_length=255)
    transfer_id = models.CharField(max_length=255, blank=True)
    stripe_payout_id = models.CharField(max_length=255, blank=True)  # of the present attempt
    past_payout_ids = models.JSONField(default=list, blank=True)  # of those the bank refused
    bank = models.CharField(max_length=120, blank=True)
    bank_fingerprint = models.CharField(max_length=100, blank=True)  # of the bank the present attempt went to
    bank_minor = models.BigIntegerField(null=True, blank=True)  # what arrived in the account, in its own currency
    bank_currency = models.CharField(max_length=3, blank=True)
    arrives_at = models.DateTimeField(null=True, blank=True)
    transfer_attempts = models.PositiveIntegerField(default=0)
    bank_attempts = models.PositiveIntegerField(default=0)
    reversal_attempts = models.PositiveIntegerField(default=0)
    wish = models.CharField(max_length=8, choices=Wish, default=Wish.NONE, blank=True)
    failure_code = models.CharField(max_length=100, blank=True)
    fault = models.CharField(max_length=200, blank=True)  # what Stripe says that cannot be: staff look at it
    review_reason = models.CharField(max_length=40, blank=True)  # first, or the amount in minor units that is passed
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True, blank=True)
    review_note = models.CharField(max_length=300, blank=True)
    postings = models.PositiveIntegerField(default=0)
    checks = models.PositiveIntegerField(default=0)  # in vain, since it last moved
    next_check_at = models.DateTimeField(null=True, blank=True)
    moved_at = models.DateTimeField(default=clock.now)  # when it came into its state
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["creator", "key"], name="economy_payout_key_once"),
            models.UniqueConstraint(
                fields=["creator"],
                condition=Q(state__in=["requested", "in_review", "approved", "transferring", "transferred"]),
                name="economy_payout_one_open",
            ),
            models.UniqueConstraint(fields=["batch", "creator"], name="economy_payout_batch_once"),
            models.UniqueConstraint(
                fields=["transfer_id"], condition=~Q(transfer_id=""), name="economy_payout_transfer_once"
            ),
            models.CheckConstraint(condition=Q(tokens__gt=0) & Q(amount_minor__gt=0), name="economy_payout_amounts"),
        ]
        indexes = [
            models.Index(fields=["creator", "-id"], name="economy_payout_creator"),
            models.Index(fields=["next_check_at"], name="economy_payout_due", condition=Q(next_check_at__isnull=False)),
        ]
        permissions = [("review_payout", "Can approve and refuse payouts")]

    @override
    def __str__(self) -> str:
        return f"{self.money.decimal} {self.currency}: {self.state}"

    @property
    def can_be_asked_about(self) -> bool:
        """Whether Stripe has something of it that may have moved on."""
        ended = {self.State.RETURNED, self.State.CANCELED, self.State.IN_REVIEW}
        return self.transfer_attempts > 0 and not self.fault and self.state not in ended

    @property
    def money(self) -> Money:
        """What leaves us."""
        return Money(self.amount_minor, self.currency)

    @property
    def bank_money(self) -> Money:
        """What reaches the bank, in the bank's currency as far as it is known."""
        return self.money if self.bank_minor is None else Money(self.bank_minor, self.bank_currency)

    @property
    def is_open(self) -> bool:
        """Whether it is under way."""
        return self.state in self.OPEN

    @property
    def is_cancelable(self) -> bool:
        """Whether nothing was asked of Stripe yet."""
        return self.state in self.CANCELABLE

    @property
    def is_moving(self) -> bool:
        """Whether a worker is about to take it a step further: who looks now sees another state in a moment."""
        if self.state == self.State.FAILED:
            return self.wish == self.Wish.RETURN
        if self.state == self.State.TRANSFERRED:
            return not self.stripe_payout_id
        return self.state in {self.State.REQUESTED, self.State.APPROVED, self.State.TRANSFERRING} and not self.fault


class PayoutStep(models.Model):
    """A payout's way: each state it came into, when, and what was said about it. Written once."""

    id = models.BigAutoField(primary_key=True)
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="steps")
    state = models.CharField(max_length=12, choices=Payout.State)
    failure_code = models.CharField(max_length=100, blank=True)
    note = models.CharField(max_length=300, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    @override
    def __str__(self) -> str:
        return f"{self.payout_id} {self.state}"
