"""Every act on tokens and money."""

from economy.services.adjustments import decide_adjustment, request_adjustment
from economy.services.cards import forget_card, keep_card, look_at_card_page, open_card_page, remove_card
from economy.services.charges import Charge, ChargeOutcome, charge, charge_many, refund_charge
from economy.services.disputes import answer_dispute, review_buyer
from economy.services.earnings import mature_earnings, start_hold
from economy.services.expiry import plan_expiry_reminders
from economy.services.fees import announce_fee_rule, save_fee_rule, withdraw_fee_rule
from economy.services.findings import resolve_finding
from economy.services.folding import fold_earnings
from economy.services.grants import expire_promotional_lots, grant_on_sign_up, grant_promotional
from economy.services.holds import place_hold, release_hold, top_up_hold
from economy.services.limits import set_limit, set_limits
from economy.services.orders import order_purchase
from economy.services.pack_prices import remove_pack_price, set_pack_price
from economy.services.paying import (
    advance_due_payouts,
    advance_payout,
    release_fault,
    try_to_advance_payout,
)
from economy.services.payout_accounts import (
    allow_payouts,
    look_at_account,
    mark_account_due,
    receive_account_event,
    require_payee,
    start_onboarding,
    stop_payouts,
    sync_account,
    sync_due_accounts,
)
from economy.services.payouts import (
    answer_refusal,
    cancel_payout,
    mark_payout_due,
    receive_payout_event,
    request_payout,
    review_payout,
    run_weekly_batch,
)
from economy.services.places import declare_tax_place, settle_place
from economy.services.purchases import (
    converge_due_purchases,
    converge_purchase,
    look_at_purchase,
    mark_purchase_due,
    post_purchase,
    receive_stripe_event,
    start_purchase,
)
from economy.services.rates import enter_rate, fetch_rates
from economy.services.reconciling import look_at_finding, reconcile, reconcile_nightly, reconcile_recent
from economy.services.referrals import note_referral, open_referral_code, reward_referral, settle_referral
from economy.services.replaying import ask_about_payout, ask_about_purchase, replay_stripe_event
from economy.services.returns import return_purchase
from economy.services.reviews import give_back_sales, release_sales, screen_sales
from economy.services.sales import give_back
from economy.services.standing import measure_standing, measure_standings
from economy.services.statements import close_months, invoice_purchase, issue_invoices
from economy.services.tax import certify_tax_profile, read_tax_number
from economy.services.taxes import save_tax_rate, withdraw_tax_rate
from economy.services.tips import Context, GiftChoice, send_tip
from economy.services.top_ups import top_up, top_up_due, turn_off_top_up, turn_on_top_up
from economy.services.transfers import check_transfer, transfer
from economy.services.vouchers import give_bonus, redeem_code, save_code

__all__ = [
    "Charge",
    "ChargeOutcome",
    "Context",
    "GiftChoice",
    "advance_due_payouts",
    "advance_payout",
    "allow_payouts",
    "announce_fee_rule",
    "answer_dispute",
    "answer_refusal",
    "ask_about_payout",
    "ask_about_purchase",
    "cancel_payout",
    "certify_tax_profile",
    "charge",
    "charge_many",
    "check_transfer",
    "close_months",
    "converge_due_purchases",
    "converge_purchase",
    "decide_adjustment",
    "declare_tax_place",
    "enter_rate",
    "expire_promotional_lots",
    "fetch_rates",
    "fold_earnings",
    "forget_card",
    "give_back",
    "give_back_sales",
    "give_bonus",
    "grant_on_sign_up",
    "grant_promotional",
    "invoice_purchase",
    "issue_invoices",
    "keep_card",
    "look_at_account",
    "look_at_card_page",
    "look_at_finding",
    "look_at_purchase",
    "mark_account_due",
    "mark_payout_due",
    "mark_purchase_due",
    "mature_earnings",
    "measure_standing",
    "measure_standings",
    "note_referral",
    "open_card_page",
    "open_referral_code",
    "order_purchase",
    "place_hold",
    "plan_expiry_reminders",
    "post_purchase",
    "read_tax_number",
    "receive_account_event",
    "receive_payout_event",
    "receive_stripe_event",
    "reconcile",
    "reconcile_nightly",
    "reconcile_recent",
    "redeem_code",
    "refund_charge",
    "release_fault",
    "release_hold",
    "release_sales",
    "remove_card",
    "remove_pack_price",
    "replay_stripe_event",
    "request_adjustment",
    "request_payout",
    "require_payee",
    "resolve_finding",
    "return_purchase",
    "review_buyer",
    "review_payout",
    "reward_referral",
    "run_weekly_batch",
    "save_code",
    "save_fee_rule",
    "save_tax_rate",
    "screen_sales",
    "send_tip",
    "set_limit",
    "set_limits",
    "set_pack_price",
    "settle_place",
    "settle_referral",
    "start_hold",
    "start_onboarding",
    "start_purchase",
    "stop_payouts",
    "sync_account",
    "sync_due_accounts",
    "top_up",
    "top_up_due",
    "top_up_hold",
    "transfer",
    "try_to_advance_payout",
    "turn_off_top_up",
    "turn_on_top_up",
    "withdraw_fee_rule",
    "withdraw_tax_rate",
]
