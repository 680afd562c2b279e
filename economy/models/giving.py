"""Tokens given: tips and their gifts to creators, tokens from person to person, codes, and what invitations bring."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from digis.core import clock
from digis.core.ids import uuid7
from economy.models.ledger import LedgerTransaction


class Gift(models.Model):
    """Something drawn that a tip can be given as. Its price at the time of a tip is the tip's own amount."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=40)
    picture = models.SlugField(max_length=40)  # a file of static/art/gifts/, without its ending
    tokens = models.PositiveIntegerField()
    is_offered = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "tokens", "id"]
        constraints = [models.CheckConstraint(condition=Q(tokens__gte=5), name="economy_gift_tokens")]

    @override
    def __str__(self) -> str:
        return self.name

    @property
    def file(self) -> str:
        """Where its drawing lies among the static files."""
        return f"art/gifts/{self.picture}.svg"


class Tip(models.Model):
    """A charge that somebody made of their own accord, with what they said. The amount is the transaction's."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    transaction = models.OneToOneField(LedgerTransaction, on_delete=models.PROTECT, related_name="tip")
    payer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tips_given")
    payee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tips_received")
    message = models.CharField(max_length=200, blank=True)
    is_anonymous = models.BooleanField(default=False)  # towards the payee; staff see who it was (LIVE-6)
    gift = models.ForeignKey(Gift, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    quantity = models.PositiveSmallIntegerField(default=1)
    context_type = models.CharField(max_length=32, blank=True)  # where it was given: a name in the payable contexts
    context_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    is_replay = False  # set on what a repeated key found

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(payer=F("payee")), name="economy_tip_two_people"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="economy_tip_quantity"),
        ]
        indexes = [
            models.Index(fields=["payee", "-id"], name="economy_tip_payee"),
            models.Index(
                fields=["context_type", "context_id", "-id"],
                name="economy_tip_context",
                condition=~Q(context_type=""),
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"Tip {self.id}"

    @property
    def amount(self) -> int:
        """Tokens the payer gave."""
        return -self.transaction.amount


class Transfer(models.Model):
    """Bought tokens one person gave another (LAW-13). Written by `economy_transfer`, never changed.

    Two ledger transactions, one on each side, meet in the platform's gifts account. The lots they came from are the uses of
    `sent`; the lot they became belongs to `received`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    giver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="transfers_sent")
    receiver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="transfers_received")
    amount = models.BigIntegerField()
    note = models.CharField(max_length=200, blank=True)
    sent = models.OneToOneField(LedgerTransaction, on_delete=models.PROTECT, related_name="transfer_sent")
    received = models.OneToOneField(LedgerTransaction, on_delete=models.PROTECT, related_name="transfer_received")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    is_replay = False  # set on what a repeated key found

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="economy_transfer_amount"),
            models.CheckConstraint(condition=~Q(giver=F("receiver")), name="economy_transfer_two_people"),
        ]
        indexes = [
            models.Index(fields=["giver", "-created_at"], name="economy_transfer_giver"),
            models.Index(fields=["receiver", "-id"], name="economy_transfer_receiver"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.amount} to {self.receiver_id}"


class VoucherCode(models.Model):
    """A code that gives bonus tokens: so many times in all, so many times a person, between two moments.

    `used` counts redemptions under the row's lock, so that no crowd gets more than `cap`.
    """

    class Kind(models.TextChoices):
        GRANT = "grant", _("Bonus tokens")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=32)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.GRANT)
    amount = models.PositiveIntegerField()
    cap = models.PositiveIntegerField(null=True, blank=True)  # null: as many as the window lets in
    cap_per_person = models.PositiveSmallIntegerField(default=1)
    used = models.PositiveIntegerField(default=0, editable=False)
    starts_at = models.DateTimeField(default=clock.now)
    ends_at = models.DateTimeField(null=True, blank=True)
    expiry_days = models.PositiveSmallIntegerField(default=90)  # the tokens live so long
    note = models.CharField(max_length=300)
    is_active = models.BooleanField(default=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code"], name="economy_voucher_code_once"),
            models.CheckConstraint(
                condition=Q(amount__gt=0) & Q(cap_per_person__gte=1) & Q(expiry_days__gte=1),
                name="economy_voucher_amounts",
            ),
            models.CheckConstraint(
                condition=Q(cap__isnull=True) | Q(used__lte=F("cap")), name="economy_voucher_never_oversold"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")), name="economy_voucher_window"
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.code


class Redemption(models.Model):
    """One use of a code by a person; `number` counts that person's uses of it."""

    id = models.BigAutoField(primary_key=True)
    code = models.ForeignKey(VoucherCode, on_delete=models.PROTECT, related_name="redemptions", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="redemptions")
    number = models.PositiveSmallIntegerField()
    transaction = models.OneToOneField(LedgerTransaction, on_delete=models.PROTECT, related_name="redemption")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "person", "number"], name="economy_redemption_once"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.code_id} by {self.person_id}"


class BonusGrant(models.Model):
    """Bonus tokens that staff gave a person, and why."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="bonus_grants")
    amount = models.PositiveIntegerField()
    expiry_days = models.PositiveSmallIntegerField(default=90)
    reason = models.CharField(max_length=300)
    transaction = models.OneToOneField(LedgerTransaction, on_delete=models.PROTECT, related_name="bonus_grant")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0) & Q(expiry_days__gte=1), name="economy_bonus_amounts"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.amount} to {self.person_id}"


class ReferralCode(models.Model):
    """The word in a person's invitation link."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="referral_code"
    )
    code = models.CharField(max_length=12)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code"], name="economy_referral_code_once")]

    @override
    def __str__(self) -> str:
        return self.code


class Referral(models.Model):
    """Who came by whose link. Settled once, by the first purchase of whoever came."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", _("Waiting for a first purchase")
        REWARDED = "rewarded", _("Rewarded")
        CAPPED = "capped", _("Over the month’s cap")
        REFUSED = "refused", _("Same device")

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="referral"
    )
    referrer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="referrals_made", db_index=False
    )
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.WAITING)
    settled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(person=F("referrer")), name="economy_referral_two_people"),
            models.CheckConstraint(
                condition=Q(outcome="waiting", settled_at__isnull=True)
                | ~Q(outcome="waiting") & Q(settled_at__isnull=False),
                name="economy_referral_settled",
            ),
        ]
        indexes = [models.Index(fields=["referrer", "settled_at"], name="economy_referral_referrer")]

    @override
    def __str__(self) -> str:
        return f"{self.person_id} by {self.referrer_id}"


class SpendingChoice(models.Model):
    """How a person wants to be asked before they pay. No row: CONFIRM_TOKENS."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="spending_choice"
    )
    confirm_above = models.PositiveIntegerField()  # asked once more when one act costs more than this

    @override
    def __str__(self) -> str:
        return f"asked above {self.confirm_above}"
