"""What staff roles may do. Groups of these names are kept equal to this list after every migration."""

from __future__ import annotations

from typing import Any, Final

ROLES: Final[dict[str, tuple[str, ...]]] = {
    "moderator": (
        "accounts.view_user",
        "accounts.suspend_user",
        "accounts.view_appeal",
        "accounts.answer_appeal",
        "accounts.view_creatorprofile",
        "accounts.view_creatorapplication",
        "accounts.decide_creatorapplication",
        "accounts.view_category",
        "accounts.add_category",
        "accounts.change_category",
        "accounts.view_handlehistory",
        "calls.view_call",
        "core.view_auditentry",
        "notifications.view_delivery",
        "notifications.retry_delivery",
        "notifications.view_mailevent",
        "notifications.view_suppression",
        "notifications.lift_suppression",
        "notifications.view_pushsubscription",
        "notifications.view_reminder",
    ),
    "finance": (
        "accounts.view_user",
        "accounts.view_creatorprofile",
        "economy.view_ledgeraccount",
        "economy.view_ledgertransaction",
        "economy.view_ledgerentry",
        "economy.view_tokenlot",
        "economy.view_hold",
        "economy.view_pack",
        "economy.view_packprice",
        "economy.add_packprice",
        "economy.delete_packprice",
        "economy.view_purchase",
        "economy.view_exchangerate",
        "economy.add_exchangerate",
        "economy.view_gift",
        "economy.add_gift",
        "economy.change_gift",
        "economy.view_vouchercode",
        "economy.add_vouchercode",
        "economy.change_vouchercode",
        "economy.view_bonusgrant",
        "economy.add_bonusgrant",
        "economy.view_tip",
        "economy.view_transfer",
        "economy.view_redemption",
        "economy.view_referral",
        "economy.view_payout",
        "economy.review_payout",
        "economy.view_payoutaccount",
        "economy.stop_payouts",
        "economy.view_payoutbatch",
        "economy.view_feerule",
        "economy.add_feerule",
        "economy.view_taxrate",
        "economy.add_taxrate",
        "economy.view_purchaseplace",
        "economy.settle_purchaseplace",
        "economy.withdraw_feerule",
        "economy.withdraw_taxrate",
        "economy.view_dispute",
        "economy.answer_dispute",
        "economy.view_disputestanding",
        "economy.view_salereview",
        "economy.decide_salereview",
        "economy.view_stripeevent",
        "economy.replay_stripeevent",
        "economy.view_adjustment",
        "economy.add_adjustment",
        "economy.decide_adjustment",
        "economy.view_invoice",
        "economy.view_reconciliation",
        "economy.return_sale",
        "economy.view_statement",
        "economy.view_finding",
        "economy.resolve_finding",
        "calls.view_call",
        "core.view_auditentry",
        "core.view_outboxentry",
        "djstripe.view_charge",
        "djstripe.view_paymentintent",
        "djstripe.view_session",
        "djstripe.view_refund",
        "djstripe.view_dispute",
        "djstripe.view_webhookeventtrigger",
    ),
}


def sync_roles() -> None:
    """Make each role's group hold exactly its permissions; a model that does not exist yet is passed over."""
    from django.contrib.auth.models import Group, Permission
    from django.db.models import Q

    for name, wanted in ROLES.items():
        pairs = [permission.split(".", 1) for permission in wanted]
        found = Q(pk__in=[])
        for app, codename in pairs:
            found |= Q(content_type__app_label=app, codename=codename)
        group, _is_new = Group.objects.get_or_create(name=name)
        group.permissions.set(Permission.objects.filter(found))


def sync_after_migrate(**_kwargs: Any) -> None:
    """Run `sync_roles` after a migration; permissions of apps that migrate later join at the next one."""
    from django.db import connection

    if "auth_group" in connection.introspection.table_names():
        sync_roles()
