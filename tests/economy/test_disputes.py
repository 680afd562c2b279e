"""A dispute takes back what creators earned by the payment while it is pending; a won one makes all of it good (LEDGER-8)."""

from uuid import uuid4

import pytest

from economy import gateway, selectors, services
from economy.invariants import broken
from economy.models import ChargeReversal, Dispute, Earning, LedgerTransaction, Payout, Purchase
from economy.selectors import Balance
from economy.services.payouts import open_payout
from economy.services.settling import settle
from tests import make

pytestmark = pytest.mark.django_db
REST = {"refunded": 0, "is_disputed": False}


def converge(purchase):
    services.converge_purchase(purchase_id=purchase.pk)
    purchase.refresh_from_db()
    return purchase.status


def spend(fan, creator, amount, key):
    return services.charge(
        payer=fan, payee=creator, amount=amount, kind="tip", key=key, source_type="test", source_id=key, fee_bp=2_000
    )


def intent_of(purchase):
    return gateway.get_checkout(purchase.stripe_session_id).intent_id


def standing(fan, *creators):
    """Everything people can see of where they stand."""
    return (selectors.get_balance(fan), *(selectors.get_earnings(creator) for creator in creators))


@pytest.fixture
def second(db):
    return make.make_creator("second")


@pytest.fixture
def paid(order, stripe):
    """500 tokens and 15 more, paid for."""
    stripe.pay(order.stripe_session_id)
    converge(order)
    return order


def test_what_is_pending_goes_back_and_the_buyer_owes_nothing(paid, fan, creator, second, stripe):
    """LEDGER-8: unsettled earnings reverse first; nobody owes what could be taken back."""
    spend(fan, creator, 100, "a")
    spend(fan, second, 50, "b")
    stripe.dispute(intent_of(paid))
    assert converge(paid) == "disputed"
    assert selectors.get_balance(fan) == Balance()
    assert selectors.get_earnings(creator).total == selectors.get_earnings(second).total == 0
    assert set(Earning.objects.values_list("amount", "reversed")) == {(80, 80), (40, 40)}


def test_what_is_settled_stays_with_the_creator(paid, fan, creator, second, stripe, clock):
    """LEDGER-8: settled earnings are the platform's loss; the buyer owes it what they spent."""
    spend(fan, creator, 100, "a")
    clock.advance(days=22)
    services.mature_earnings()
    spend(fan, second, 50, "b")
    stripe.dispute(intent_of(paid))
    converge(paid)
    assert selectors.get_balance(fan).debt == 100
    assert (selectors.get_earnings(creator).available, selectors.get_earnings(second).total) == (80, 0)


def test_by_setting_the_creator_owes_what_is_settled(paid, fan, creator, stripe, clock, settings):
    """LEDGER-8: by setting, settled earnings are the creator's debt; what is still available is taken first."""
    settings.DISPUTES_TAKE_SETTLED_EARNINGS = True
    make.earn_available(creator, 400)
    spend(fan, creator, 400, "a")
    clock.advance(days=22)
    services.mature_earnings()
    before = standing(fan, creator)
    open_payout(creator=creator, tokens=600, kind=Payout.Kind.MANUAL, key="out")
    dispute = stripe.dispute(intent_of(paid))
    converge(paid)
    assert selectors.get_balance(fan) == Balance()
    assert selectors.get_payable(creator).owed == 600 - 400
    assert selectors.get_earnings(creator).available == 0
    stripe.close_dispute(dispute["id"], "won")
    converge(paid)
    assert selectors.get_payable(creator).owed == 0
    assert standing(fan, creator)[0] == before[0]
    assert selectors.get_earnings(creator).available == before[1].available - 600


def test_the_last_sale_is_taken_back_first_and_only_as_much_as_is_missing(paid, fan, creator, second, stripe):
    """LEDGER-8: in reverse order."""
    spend(fan, creator, 300, "first")
    spend(fan, second, 150, "last")
    stripe.dispute(intent_of(paid), amount=1_000)  # 200 tokens and 6 of the bonus
    converge(paid)
    assert selectors.get_balance(fan).debt == 0
    back = list(ChargeReversal.objects.order_by("id").values_list("charge__key", "amount"))
    assert back == [("last", 135), ("first", 6)]  # 65 were still there; the bonus had gone to the first


def test_a_won_dispute_restores_everything(paid, fan, creator, second, stripe, clock):
    """LEDGER-8: as if it had never been; what came due meanwhile is available."""
    spend(fan, creator, 100, "a")
    spend(fan, second, 50, "b")
    before = standing(fan, creator, second)
    dispute = stripe.dispute(intent_of(paid))
    converge(paid)
    clock.advance(days=22)
    services.mature_earnings()
    stripe.close_dispute(dispute["id"], "won")
    assert converge(paid) == "paid"
    after = standing(fan, creator, second)
    assert after[0] == before[0]
    assert [e.available for e in after[1:]] == [80, 40]
    refund = services.refund_charge(transaction_id=LedgerTransaction.objects.get(key="a").pk, key="r", reason="x")
    assert refund.amount == 100  # it can be given back like any other sale


def test_a_second_look_takes_back_nothing_more(fan, creator):
    """LEDGER-8: what an earlier look took back of a lot counts against what is disputed of it."""
    bought = make.buy_tokens(fan, 295, bonus=18)
    make.buy_tokens(fan, 300)
    spend(fan, creator, 107, "a")

    def look(**said):
        services.post_purchase(purchase_id=bought.pk, kept_minor=1_475 - sum(said.values()), **said)
        return standing(fan, creator), list(
            ChargeReversal.objects.filter(restored=None).values_list("amount", flat=True)
        )

    look(disputed_minor=165)
    first = look(refunded_minor=1_252, disputed_minor=165)
    assert look(refunded_minor=1_252, disputed_minor=165) == first


def test_what_is_given_back_around_a_dispute_takes_of_each_kind_what_there_is(fan, creator):
    """LEDGER-8, LEDGER-9: rounding never takes less than nothing of what may be withdrawn."""
    make.grant_tokens(fan, 6)
    bought = make.buy_tokens(fan, 4)
    sale = spend(fan, creator, 10, "a")
    services.post_purchase(purchase_id=bought.pk, kept_minor=0, disputed_minor=20, is_disputed=True)
    services.refund_charge(transaction_id=sale.pk, key="meanwhile", reason="test", amount=1)
    services.post_purchase(purchase_id=bought.pk, kept_minor=20)
    for number in range(9):
        services.refund_charge(transaction_id=sale.pk, key=f"r{number}", reason="test", amount=1)
        assert broken() == []
    assert selectors.get_earnings(creator).total == 0
    assert selectors.get_balance(fan).spendable == 10


ACTS = {
    "refund": lambda stripe, order: stripe.refund(intent_of(order), amount=499),
    "dispute": lambda stripe, order: stripe.dispute(intent_of(order), amount=2_001),
    "won": lambda stripe, order: stripe.close_dispute(_dispute_of(stripe, order), "won"),
    "lost": lambda stripe, order: stripe.close_dispute(_dispute_of(stripe, order), "lost"),
}


def _dispute_of(stripe, order):
    (found,) = [each for each in gateway.list_disputes() if each.intent_id == intent_of(order)]
    return found.id


STORIES = [
    ("dispute", "won"),
    ("dispute", "lost"),
    ("refund", "dispute", "won"),
    ("refund", "dispute", "lost"),
    ("dispute", "won", "refund"),
]


@pytest.mark.parametrize("story", STORIES, ids="-".join)
def test_whatever_of_the_story_is_seen_the_end_is_the_same(story, paid, fan, creator, second, stripe):
    """LEDGER-8: every subset of the moments at which anybody looks, twice each, ends in the same balances."""
    ends = set()
    for mask in range(1 << len(story)):
        from django.db import transaction

        with transaction.atomic():
            mine = make_order(fan, stripe, f"{mask}")
            spend(fan, creator, 320, f"{mask}a")
            spend(fan, second, 130, f"{mask}b")
            for number, act in enumerate(story):
                ACTS[act](stripe, mine)
                if mask >> number & 1:
                    converge(mine)
                    converge(mine)
            converge(mine)
            ends.add((mine.status, *standing(fan, creator, second)))
            transaction.set_rollback(True)
    assert len(ends) == 1, ends


def make_order(fan, stripe, key):
    from economy.selectors import list_packs

    order = services.start_purchase(person=fan, pack_id=list_packs().get(tokens=500).pk, key=key)
    stripe.pay(order.stripe_session_id)
    converge(order)
    return order


# ── What people see and do ──────────────────────────────────────────────────────────────────


def test_a_creator_is_told_once_and_sees_the_case(paid, fan, creator, creator_client, stripe):
    """LEDGER-8: an adjustment with the case id; and again when it is won."""
    spend(fan, creator, 100, "a")
    dispute = stripe.dispute(intent_of(paid))
    converge(paid)
    converge(paid)
    page = creator_client.get("/studio/disputes/").content.decode()
    assert dispute["id"] in page
    assert "The bank decides" in page
    assert "$4.00" in page
    assert f"case {dispute['id']}" in creator_client.get("/studio/earnings/").content.decode()
    stripe.close_dispute(dispute["id"], "won")
    converge(paid)
    assert "Won" in creator_client.get("/studio/disputes/").content.decode()
    told = creator.notifications.order_by("id").values_list("kind", "data__tokens")
    assert list(told) == [("economy.earnings_disputed", 80), ("economy.earnings_restored", 80)]


def test_a_sale_is_one_line_whatever_lots_paid_for_it(paid, fan, creator, creator_client, stripe):
    """LEDGER-8: bonus and bought tokens in one sale are taken back by two movements, and read as what they are: one case."""
    spend(fan, creator, 100, "a")  # 15 of the bonus and 85 bought
    spend(fan, creator, 50, "b")
    dispute = stripe.dispute(intent_of(paid))
    converge(paid)
    assert ChargeReversal.objects.filter(charge__key="a").count() == 2

    def lines():
        found = list(selectors.list_adjustments(creator))
        return [(line.share, line.state, line.case) for line in selectors.present_adjustments(found, viewer=creator)]

    assert sorted(lines()) == [(40, "open", dispute["id"]), (80, "open", dispute["id"])]
    page = creator_client.get("/studio/disputes/").content.decode()
    assert page.count(f"case {dispute['id']}") == 2
    page = creator_client.get("/studio/earnings/").content.decode()
    assert page.count("Adjustment:") == 2
    assert "80 tokens" in page
    assert "$4.00" in page
    stripe.close_dispute(dispute["id"], "won")
    converge(paid)
    assert sorted(lines()) == [(40, "restored", dispute["id"]), (80, "restored", dispute["id"])]
    heads = list(selectors.list_earned(creator))
    earned = [(line.share, line.fee) for line in selectors.present_earned(heads, viewer=creator)]
    assert earned[:2] in ([(80, 20), (40, 10)], [(40, 10), (80, 20)])
    assert sorted(earned[2:]) == [(-80, -20), (-40, -10), (40, 10), (80, 20)]
    assert sum(share for share, _fee in earned) == selectors.sum_earned(creator) == 120


def test_a_call_is_one_line_and_each_case_its_own(paid, fan, creator, stripe):
    """LEDGER-8: minutes are parts of one sale; a second look at one case adds to its line, another case is another line."""
    call = str(uuid4())
    for number in range(4):
        services.charge(
            payer=fan, payee=creator, amount=50, kind="call", key=f"m{number}", source_type="call", source_id=call,
            fee_bp=2_000, charged_before=50 * number, fee_before=10 * number,
        )  # fmt: skip

    def look(disputed, case):
        purchase = Purchase.objects.get(pk=paid.pk)
        settle(purchase, kept=2_500 - disputed, disputed=disputed, case=case, **REST)
        purchase.save()
        rows = list(selectors.list_adjustments(creator))
        return [(line.share, line.state, line.case) for line in selectors.present_adjustments(rows, viewer=creator)]

    ((share, state, case),) = look(2_000, "dp_1")
    assert (0 < share < 160, state, case) == (True, "lost", "dp_1")
    assert look(2_500, "dp_1") == [(160, "lost", "dp_1")]
    assert look(2_000, "dp_1") == [(share, "lost", "dp_1")]  # undone whole and done anew: counted once
    assert look(0, "dp_1") == [(share, "restored", "dp_1")]
    assert look(2_500, "dp_2") == [(160, "lost", "dp_2"), (share, "restored", "dp_1")]
    assert broken() == []


def test_a_hidden_tipper_stays_hidden_in_the_list(paid, fan, creator, creator_client, stripe):
    """LIVE-6: a name that was hidden is hidden here as well."""
    services.send_tip(payer=fan, payee=creator, amount=100, key="t", is_anonymous=True)
    stripe.dispute(intent_of(paid))
    converge(paid)
    assert fan.display_name not in creator_client.get("/studio/disputes/").content.decode()


def test_staff_are_shown_what_speaks_for_us_and_send_it_once(paid, fan, creator, stripe, client):
    """LEDGER-8: the evidence pack: payment, person, use; the buyer's account is to be looked at."""
    spend(fan, creator, 100, "a")
    stripe.dispute(intent_of(paid))
    converge(paid)
    dispute = Dispute.objects.get()
    assert (dispute.status, dispute.reason, dispute.amount_minor) == ("needs_response", "fraudulent", 2_500)
    make.buy_tokens(fan, 200)
    make.sign_in_staff(client, make.make_staff("desk", groups=["finance"]))
    url = f"/admin/economy/dispute/{dispute.pk}/"
    page = client.get(f"{url}change/").content.decode()
    earlier = "1 other payment by the same person was never disputed."
    for proof in ("500 tokens and 15 bonus tokens for 25.00 USD", fan.email, earlier, "100 tokens"):
        assert proof in page
    assert client.post(f"{url}act/answer/", {"reason": ""}).status_code == 422
    client.post(f"{url}act/answer/", {"reason": "winning_evidence"})
    converge(paid)
    dispute.refresh_from_db()
    assert (dispute.status, dispute.submitted_by.username) == ("won", "desk")
    assert dispute.closed_at
    assert paid.status == "paid"
    client.post(f"{url}act/review/", {"reason": "A stolen card, it seems."})
    dispute.refresh_from_db()
    assert dispute.reviewed_at
    assert "Send the evidence" not in client.get(f"{url}change/").content.decode()


def test_the_evidence_names_what_came_of_this_purchase_alone(fan, creator, paid, stripe):
    """LEDGER-8: a sale that other tokens paid for as well is not said to be all of this purchase; nor is what came back."""
    make.buy_tokens(fan, 200)
    whole = spend(fan, creator, 100, "a")
    spend(fan, creator, 515, "b")
    services.refund_charge(transaction_id=whole.pk, key="r", reason="test", amount=30)
    stripe.dispute(intent_of(paid))
    converge(paid)
    first, second = selectors.gather_evidence(Dispute.objects.get()).use
    assert first.endswith("tip to Creator, 100 tokens. 30 of them were given back to the buyer.")
    assert second.endswith("tip to Creator, 415 of 515 tokens.")


def test_nobody_answers_a_dispute_of_their_own_or_one_that_is_over(paid, fan, stripe):
    """ACC-5, LEDGER-8."""
    from accounts.errors import OwnAccount
    from digis.core.errors import InvalidState

    made = stripe.dispute(intent_of(paid))
    converge(paid)
    dispute = Dispute.objects.get()
    with pytest.raises(OwnAccount):
        services.answer_dispute(dispute_id=dispute.pk, staff=fan, statement="It was me.")
    stripe.close_dispute(made["id"], "lost")
    desk = make.make_staff("desk")
    with pytest.raises(InvalidState):  # known to Stripe, not to us yet
        services.answer_dispute(dispute_id=dispute.pk, staff=desk, statement="Delivered.")
    converge(paid)
    with pytest.raises(InvalidState):
        services.answer_dispute(dispute_id=dispute.pk, staff=desk, statement="Delivered.")
    dispute.refresh_from_db()
    assert (dispute.status, dispute.submitted_at) == ("lost", None)


def test_stripe_being_away_sends_nothing_and_says_so(paid, stripe):
    from economy.errors import PaymentsUnavailable

    stripe.dispute(intent_of(paid))
    converge(paid)
    dispute = Dispute.objects.get()
    stripe.fault("error", path="/v1/disputes/.*", times=4)
    with pytest.raises(PaymentsUnavailable):
        services.answer_dispute(dispute_id=dispute.pk, staff=make.make_staff("desk"), statement="Delivered.")
    stripe.forget_faults()
    dispute.refresh_from_db()
    assert dispute.submitted_at is None


def test_an_inquiry_takes_nothing(paid, fan, creator, stripe):
    """LEDGER-8: a bank that only asks has no money of ours yet."""
    spend(fan, creator, 100, "a")
    before = standing(fan, creator)
    stripe.dispute(intent_of(paid), inquiry=True)
    assert converge(paid) == "paid"
    assert standing(fan, creator) == before
    assert Dispute.objects.get().status == "warning_needs_response"


@pytest.mark.django_db(transaction=True)
def test_twenty_looks_at_once_take_back_once(fan, creator, second, stripe):
    """LEDGER-8: parallel duplicates, while the creators' earnings are released and others pay them."""
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    orders = [make_order(fan, stripe, f"o{number}") for number in range(2)]
    for number in range(4):
        spend(fan, (creator, second)[number % 2], 120, f"s{number}")
    for order in orders:
        stripe.dispute(intent_of(order))

    def work(number):
        try:
            if number % 5 == 4:
                services.mature_earnings()
                return "disputed"
            return services.converge_purchase(purchase_id=orders[number % 2].pk).status
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(work, range(20))) == {"disputed"}
    assert selectors.get_balance(fan) == Balance()
    assert selectors.get_earnings(creator).total == selectors.get_earnings(second).total == 0
