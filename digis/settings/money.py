"""Tokens: prices, holds, limits (rules §8). Snapshot them where money depends on them."""

from __future__ import annotations

from digis.settings import env

TOKEN_CURRENCY = "USD"  # noqa: S105  a currency, no secret
# Other currencies, for what is shown beside tokens: a page of the European Central Bank's daily rates, such as
# https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml; empty: only what staff enter.
RATES_URL = env.address("RATES_URL", schemes={"http", "https"}, default="")
RATES_MAX_DAYS = 7  # money is shown in TOKEN_CURRENCY where a rate is older
RATES_FIXED = False  # development has some of its own
# When tokens are taxed: "spend" (a voucher for more than one purpose: where and when they are spent) or "purchase" (when they
# are bought). What tax a place has says an engine; ours reads the rates at /admin/economy/taxrate/ (LAW-10).
TAX_POINT = env.text("TAX_POINT", "spend")
TAX_ENGINE = env.text("TAX_ENGINE", "economy.selectors.taxes.RateTable")
TOKEN_LIST_PRICE_MICROS = 50_000  # five cents a token: the price written beside every amount
TOKEN_PAYOUT_MICROS = 50_000  # what a creator is paid for one earned token (rules §8)
PLATFORM_FEE_BP = 2_000  # where no FeeRule says otherwise
EARNINGS_HOLD_DAYS = {"": 7}  # by kind of sale; "" for every other kind (PAY-1)
EARNINGS_HOLD_NEW_DAYS = 21  # while a creator is new
EARNINGS_NEW_CREATOR_DAYS = 120
PAYOUT_MIN_MINOR = 2_000  # 20.00 (PAY-3)
PAYOUT_COOL_OFF_HOURS = 72  # after the bank account changed
PAYOUT_REVIEWED_AT_MINOR = (100_000, 500_000, 2_500_000, 5_000_000)  # staff look at the payout that passes one
PAYOUT_UNCLAIMED_DAYS = 14  # a payout the bank refused returns by itself after so long
# Disputed payments of all that paid a creator in 90 days, in basis points: above the first, a tenth of what is released is
# held back for 90 days; above the second, payouts stop. Fewer than 20 payments say nothing (PAY-6).
RESERVE_FROM_BP, STOP_FROM_BP = 70, 200
RESERVE_BP = 1_000
RESERVE_DAYS = 90
DISPUTES_MIN_PAYMENTS = 20
# Sales that staff look at before their earnings are released (LEDGER-9, LEDGER-10). A person's first purchase is large from so
# many tokens on, 100.00 at the list price: in tokens, so that it is the same in every currency.
VELOCITY_MIN_TOKENS = 2_000
VELOCITY_HOURS = 24  # after it was paid,
VELOCITY_PART_BP = 8_000  # so much of it to one creator is suspicious
SELF_DEALING_DAYS = 30  # payer and creator signed in from one place within
SALE_REVIEW_REST_DAYS = 90  # two people whose sales were released are not suspected of the same again for so long
WRITE_OFF_DAYS = 90  # a creator owes so long before two of our staff may write it off (PAY-4)
ADJUSTMENT_MAX_TOKENS = 1_000_000  # what two members of staff correct at once
PAYOUT_WEEKDAY = 0  # Monday, UTC
PAYOUT_COUNTRIES = tuple("AT BE CY DE EE ES FI FR GB GR HR IE IT LT LU LV MT NL PT SI SK US".split())  # noqa: SIM905  as people read it
# What a lost payment paid creators is taken back while it is pending. Once it is settled, the platform bears it, or with
# this the creator owes it (LEDGER-8).
DISPUTES_TAKE_SETTLED_EARNINGS = False
RETURN_DAYS = 14  # unused tokens go back to the card for so long (LEDGER-12)
STATEMENT_CLOSE_HOURS = 27  # a month is closed so long after its end, in UTC: nothing is under way that long (PAY-8)
INVOICE_ISSUER = [
    line.strip() for line in env.text("INVOICE_ISSUER", "Digis").split(";")
]  # name; street; town; tax number
LIMIT_RAISE_HOURS = 24  # a person's own limit is lowered at once, raised after this
SIGNUP_GRANT = env.number("SIGNUP_GRANT", 0, high=10_000)
PROMOTIONAL_DAYS = 90
QUOTE_SECONDS = 600
# Stripe's books are compared with ours (PAY-10): every 15 minutes what is new, and every night all that may still change.
RECONCILE_RECENT_MINUTES = 120  # eight looks at each thing: Stripe may be away for as long
RECONCILE_NIGHTLY_DAYS = 35  # past a monthly statement, and past the time in which a bank refuses what it took
RECONCILE_SPARE_SECONDS = 60  # the latest is left to its webhook, which is on its way
RECONCILE_MOST_FAILURES = 20  # after so many, Stripe is away: the next run does it
PURCHASE_MIN_TOKENS = 100
PURCHASE_MAX_TOKENS = 20_000
# What an account may buy in 24 hours, by its age in days: 200.00 at first (LEDGER-10). Nobody buys before their address is
# proven; whoever staff approved as a creator is known well enough for the highest step.
PURCHASE_DAY_TOKENS = ((0, 4_000), (7, 20_000), (30, 40_000))
TIP_MIN_TOKENS = 5
TIP_MAX_TOKENS = 20_000
TIP_PRESETS = (10, 50, 100, 200, 500)
CONFIRM_TOKENS = 500  # one act that costs more is asked about once more, unless a person chose another number
TRANSFER_MAX_TOKENS = 500  # tokens from person to person (LAW-13): at once,
TRANSFER_DAY_TOKENS = 1_000  # in 24 hours to anybody,
TRANSFER_DAY_PERSON_TOKENS = 500  # and to one person
TRANSFER_ACCOUNT_DAYS = 7  # a younger account gives nothing
REFERRAL_TOKENS = 50  # to each of the two, after the first purchase of whoever was invited
REFERRAL_MONTH_CAP = 10  # rewards of one person in a calendar month
STAFF_GRANT_MAX_TOKENS = 5_000  # what one member of staff gives at once
