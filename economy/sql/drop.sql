DROP FUNCTION IF EXISTS economy_adjust, economy_restore_disputed, economy_reverse_disputed, economy_lock_dispute,
    economy_place_payout, economy_pay_creator_debt, economy_limit_standing, economy_transfer, economy_receivers_of, economy_freeze_gifts,
    economy_mature, economy_hold_days, economy_limit_left, economy_lock_creators, economy_refund,
    economy_settle_purchase, economy_pay_debt, economy_expire_lots, economy_grant, economy_release_hold,
    economy_place_hold, economy_spend, economy_fold, economy_post, economy_account, economy_lock_wallets,
    economy_open_platform, economy_open_accounts;
