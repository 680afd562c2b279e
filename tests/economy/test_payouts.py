"""Payouts, through the pages and against the stand-in: what has to be there first, and where the money is at each step."""

from datetime import timedelta
from itertools import permutations

import pytest
from django.test import Client
from django.urls import reverse

from accounts import services as accounts
from accounts.models import EmailChange
from digis.core import clock as house_clock
from digis.core.idempotency import form_key
from economy import gateway, selectors, services, tasks
from economy.models import LedgerTransaction, Payout, PayoutAccount, TaxProfile
from notifications.models import Notification
from tests import make
from tests.economy.payees import ask, places, play, settle_bank, words, work

pytestmark = pytest.mark.django_db


def test_a_creator_is_led_through_the_set_up(creator, creator_client, stripe, settings):
    """PAY-7: the page says what is missing and leads there; Stripe's page leads back, and nothing is missing any more."""
    settings.SITE_URL = "http://testserver"
    page = words(creator_client.get("/studio/payouts/"))
    assert "Your tax details are missing" in page
    assert "Stripe pays creators for us, and does not know you yet" in page
    play.prove(creator_client)
    missing = creator_client.post("/studio/tax/", {"tax_form": "w9", "tin": "12-34"})
    assert missing.status_code == 422
    given = {
        "tax_form": "w9",
        "legal_name": "Cora Creates",
        "country": "US",
        "tin": "123-45-6789",
        "is_certified": "on",
    }
    assert creator_client.post("/studio/tax/", given)["Location"] == "/studio/payouts/"
    profile = TaxProfile.objects.get()
    assert "123456789" not in profile.tin_sealed  # LAW-7
    assert "6789" in words(creator_client.get("/studio/payouts/"))
    at_stripe = creator_client.post("/studio/payouts/setup/", {"country": "US"})
    assert at_stripe.status_code == 303
    assert at_stripe["Location"].startswith(stripe.url)
    account = selectors.get_payout_account(creator)
    assert "Stripe still needs:" in words(creator_client.get("/studio/payouts/?back=1", follow=True))
    stripe.onboard(account.account_id)
    back = creator_client.get("/studio/payouts/?back=1")
    assert (back.status_code, back["Location"]) == (303, "/studio/payouts/")
    assert words(creator_client.get("/studio/payouts/")).count("(done)") == 3
    creator_client.post("/studio/payouts/setup/", {"country": "US"})
    assert PayoutAccount.objects.count() == 1
    assert len(list(gateway.list_accounts())) == 1


def take_away_tax(payee, stripe):
    TaxProfile.objects.all().delete()


def take_away_account(payee, stripe):
    PayoutAccount.objects.all().delete()


def demand_more(payee, stripe):
    stripe.demand(selectors.get_payout_account(payee).account_id, "individual.verification.document")
    services.sync_account(creator_id=payee.pk)


def reject(payee, stripe):
    stripe.reject_account(selectors.get_payout_account(payee).account_id)
    services.sync_account(creator_id=payee.pk)


def leave_stripe(payee, stripe):
    stripe.deauthorize(selectors.get_payout_account(payee).account_id)
    services.sync_account(creator_id=payee.pk)


def change_bank(payee, stripe):
    stripe.change_bank(selectors.get_payout_account(payee).account_id, "000111111113")
    services.sync_account(creator_id=payee.pk)


def stop(payee, stripe):
    services.stop_payouts(creator=payee, staff=make.make_staff("desk"), reason="Two people share this name.")


def change_email(payee, stripe):
    EmailChange.objects.create(
        user=payee, old_email="old@example.com", new_email=payee.email, undo_hash="x", undo_until=house_clock.now()
    )


def ask_before(payee, stripe):
    services.request_payout(creator=payee, key="before", tokens=400)


@pytest.mark.parametrize(
    ("stand_against", "says", "leads_to"),
    [
        (take_away_tax, "Your tax details are missing", "/studio/tax/"),
        (take_away_account, "Stripe pays creators for us", "/studio/payouts/setup/"),
        (demand_more, "a photo of your identity document", "/studio/payouts/setup/"),
        (reject, "Stripe refused your account", ""),
        (leave_stripe, "You ended our connection", "/studio/payouts/setup/"),
        (change_bank, "nothing is paid out for 72 hours", ""),
        (stop, "Two people share this name.", ""),
        (change_email, "Your e-mail address changed", ""),
        (ask_before, "A payout is under way", "/studio/payouts/0"),
    ],
)
def test_what_stands_against_a_payout_is_said_and_nothing_leaves(
    payee, creator_client, stripe, stand_against, says, leads_to
):
    """PAY-3, PAY-7, ACC-3."""
    stand_against(payee, stripe)
    before = Payout.objects.count()
    shown = creator_client.get("/studio/payouts/")
    assert says in words(shown)
    assert not leads_to or f'class="inline-link" href="{leads_to}' in shown.content.decode()
    refused = creator_client.post("/studio/payouts/", {"tokens": 1_000, "idempotency_key": form_key()})
    assert refused.status_code == 422
    assert says.split(":")[0] in words(refused)
    assert Payout.objects.count() == before


def test_the_smallest_payout_is_twenty(creator, creator_client, payee_without_money):
    """PAY-3."""
    make.earn_available(creator, 399)
    assert ask(creator_client, 399).status_code == 422
    assert "Payouts begin at $20.00, and $19.95 is available now." in words(creator_client.get("/studio/payouts/"))
    make.earn_available(creator, 1)
    assert ask(creator_client, 400).status_code == 303


def test_one_a_day_may_be_asked_for(payee, creator_client, clock):
    """PAY-3: one that was called off does not count."""
    ask(creator_client, 1_000)
    payout = Payout.objects.get()
    assert creator_client.post(f"/studio/payouts/{payout.pk}/", {"act": "cancel"}).status_code == 303
    assert places(payee) == (1_000, 0, 0)
    assert ask(creator_client, 1_000).status_code == 303
    play.pay(payee)
    make.earn_available(payee, 500)
    assert ask(creator_client, 500).status_code == 422
    assert "You can ask for one payout a day" in words(creator_client.get("/studio/payouts/"))
    play.later(clock, hours=25)
    assert ask(creator_client, 500).status_code == 303


def test_the_first_payout_is_looked_at_by_staff_and_reaches_the_bank(payee, creator_client, staff_client, stripe):
    """PAY-2, PAY-3: from the button to the bank, each token in one place at a time."""
    asked = ask(creator_client, 1_000)
    payout = Payout.objects.get()
    assert asked["Location"] == f"/studio/payouts/{payout.pk}/"
    assert (payout.amount_minor, payout.currency, places(payee)) == (5_000, "USD", (0, 1_000, 0))
    work()
    assert "Our staff look at it" in words(creator_client.get(asked["Location"]))
    assert not list(gateway.list_transfers())
    admin = reverse("admin:economy_payout_change", args=[payout.pk])
    assert "Approve" in words(staff_client.get(admin))
    staff_client.post(reverse("admin:economy_payout_act", args=[payout.pk, "approve"]))
    work()
    (transfer,) = gateway.list_transfers()
    assert (transfer.amount, transfer.payout_id) == (5_000, str(payout.pk))
    assert "expected on" in words(creator_client.get(asked["Location"]))
    assert places(payee) == (0, 1_000, 0)
    settle_bank(stripe, payout)
    page = words(creator_client.get(asked["Location"]))
    for step in ("Set aside from your earnings", "Approved", "In your account at Stripe", "Taken by your bank"):
        assert step in page
    assert places(payee) == (0, 0, 1_000)
    assert gateway.get_balance().available == {"USD": 995_000}
    assert "$50.00" in words(creator_client.get("/studio/earnings/"))
    assert Notification.objects.get(person=payee, kind="economy.payout_paid").target_id == str(payout.pk)


def test_a_refusal_by_staff_gives_the_tokens_back_and_says_why(payee, creator_client, staff_client):
    ask(creator_client, 1_000)
    payout = Payout.objects.get()
    work()
    act = reverse("admin:economy_payout_act", args=[payout.pk, "refuse"])
    assert staff_client.post(act).status_code == 422
    staff_client.post(act, {"reason": "The name is not yours."})
    assert places(payee) == (1_000, 0, 0)
    assert "The name is not yours." in words(creator_client.get(f"/studio/payouts/{payout.pk}/"))
    staff_client.post(reverse("admin:economy_payout_act", args=[payout.pk, "approve"]))
    payout.refresh_from_db()
    assert payout.state == "canceled"
    assert Notification.objects.filter(person=payee, kind="economy.payout_canceled").count() == 1


def test_a_milestone_is_reviewed_and_what_lies_between_is_not(payee, creator_client, clock):
    """PAY-3: the payout that passes 1,000.00."""
    ask(creator_client, 1_000)
    play.pay(payee)
    for tokens, state in ((18_900, "transferred"), (500, "in_review")):
        make.earn_available(payee, tokens)
        play.later(clock, hours=25)
        assert ask(creator_client, tokens).status_code == 303
        work()
        payout = Payout.objects.latest("id")
        assert payout.state == state
        play.pay(payee)
    assert payout.review_reason == "100000"


def test_the_page_announces_a_review_only_where_one_comes(payee, creator_client, clock):
    """PAY-3: the first payout, and the one that passes 1,000.00."""
    first, passing = (
        "Our staff look at the first payout.",
        "Our staff look at the payout that brings you past $1,000.00 in all.",
    )

    def said():
        page = words(creator_client.get("/studio/payouts/"))
        return [line for line in (first, passing) if line in page]

    assert said() == [first]
    ask(creator_client, 1_000)
    play.pay(payee)
    make.earn_available(payee, 18_999)
    assert said() == []
    make.earn_available(payee, 1)
    assert said() == [passing]


def test_staff_stop_payouts_that_are_under_way_and_let_them_go_on(payee, creator_client, staff_client):
    ask(creator_client, 1_000)
    payout = Payout.objects.get()
    work()
    stopping = reverse("admin:economy_payoutaccount_act", args=[payee.pk, "stop"])
    staff_client.post(stopping, {"reason": "We ask the police."})
    staff_client.post(reverse("admin:economy_payout_act", args=[payout.pk, "approve"]))
    work()
    assert not list(gateway.list_transfers())
    assert "We ask the police." in words(creator_client.get(f"/studio/payouts/{payout.pk}/"))
    staff_client.post(reverse("admin:economy_payoutaccount_act", args=[payee.pk, "allow"]), {"reason": "All is well."})
    tasks.advance_due_payouts()
    work()
    assert len(list(gateway.list_transfers())) == 1


def test_the_same_form_sent_twice_is_one_payout(payee, creator_client):
    """LEDGER-4."""
    key = form_key()
    answers = [ask(creator_client, 1_000, key=key) for _ in range(2)]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert Payout.objects.count() == 1


def test_what_the_button_said_is_what_is_paid(payee, creator_client):
    """LEDGER-7."""
    refused = ask(creator_client, 1_001)
    assert refused.status_code == 422
    assert "Your available earnings changed" in words(refused)
    assert places(payee) == (1_000, 0, 0)


def test_what_a_creator_owes_is_paid_before_anything_leaves(payee_without_money, creator_client, creator):
    """PAY-4: a sale is returned while its earnings are in a payout; what comes back pays the debt first."""
    sale = make.earn_available(creator, 600)
    make.earn_available(creator, 400)
    ask(creator_client, 1_000)
    services.refund_charge(transaction_id=sale, key="back", reason="test")
    payout = Payout.objects.get()
    creator_client.post(f"/studio/payouts/{payout.pk}/", {"act": "cancel"})
    assert places(creator) == (400, 0, 0)
    assert selectors.get_payable(creator).owed == 0


# — when the bank refuses —


@pytest.fixture
def refused(payee, creator_client, stripe):
    """A payout of 50.00 that the bank did not take."""
    ask(creator_client, 1_000)
    payout = play.send(payee)
    stripe.fail_payout(payout.stripe_payout_id, "account_closed")
    services.mark_payout_due(payout_id=payout.pk)
    work()
    payout.refresh_from_db()
    assert (payout.state, places(payee)) == ("failed", (0, 1_000, 0))
    return payout


def test_a_refused_payout_comes_back_once(refused, payee, creator_client, stripe):
    """PAY-2: only the confirmed reversal credits, once, however often it is asked for."""
    path = f"/studio/payouts/{refused.pk}/"
    page = words(creator_client.get(path))
    assert "Your bank says that the account is closed." in page
    assert "Take $50.00 back into my earnings" in page
    for _ in range(2):
        assert creator_client.post(path, {"act": "return"}).status_code == 303
    assert creator_client.post(path, {"act": "retry"}).status_code == 422
    assert places(payee) == (0, 1_000, 0)
    stripe.fault("drop", "/v1/transfers/.*/reversals", method="POST", times=3)
    work()
    services.mark_payout_due(payout_id=refused.pk)
    work()
    assert places(payee) == (1_000, 0, 0)
    assert gateway.get_balance().available == {"USD": 1_000_000}
    assert LedgerTransaction.objects.filter(kind="payout_returned").count() == 1
    assert Notification.objects.filter(person=payee, kind="economy.payout_returned").count() == 1


def test_another_bank_account_is_tried_by_itself_after_the_cool_off(refused, payee, creator_client, stripe, clock):
    """PAY-2, PAY-3: no second transfer, and not before 72 hours."""
    assert "Stripe needs another bank account" in words(creator_client.get(f"/studio/payouts/{refused.pk}/"))
    stripe.change_bank(refused.account_id, "000222222227")
    services.mark_account_due(creator_id=payee.pk)
    work()
    assert "nothing is paid out for 72 hours" in words(creator_client.get(f"/studio/payouts/{refused.pk}/"))
    for hours, attempts in ((71, 1), (2, 2)):
        play.later(clock, hours=hours)
        tasks.advance_due_payouts()
        work()
        refused.refresh_from_db()
        assert refused.bank_attempts == attempts
    settle_bank(stripe, refused)
    assert places(payee) == (0, 0, 1_000)
    assert len(list(gateway.list_transfers())) == 1


def test_a_retry_waits_for_nothing_when_the_bank_account_is_fine(payee, creator_client, stripe):
    ask(creator_client, 1_000)
    payout = play.send(payee)
    stripe.fail_payout(payout.stripe_payout_id, "could_not_process", spoils=False)
    services.mark_payout_due(payout_id=payout.pk)
    work()
    creator_client.post(f"/studio/payouts/{payout.pk}/", {"act": "retry"})
    work()
    settle_bank(stripe, payout)
    payout.refresh_from_db()
    assert (payout.state, payout.bank_attempts, places(payee)) == ("paid", 2, (0, 0, 1_000))


def test_a_bank_that_refuses_after_it_paid_is_noticed(payee, creator_client, stripe, clock):
    """PAY-2: what counted as paid is in the payout again, and may be taken back."""
    ask(creator_client, 1_000)
    payout = play.pay(payee)
    assert places(payee) == (0, 0, 1_000)
    stripe.fail_payout(payout.stripe_payout_id, "no_account")
    clock.advance(days=2)
    tasks.advance_due_payouts()
    work()
    assert places(payee) == (0, 1_000, 0)
    creator_client.post(f"/studio/payouts/{payout.pk}/", {"act": "return"})
    work()
    assert places(payee) == (1_000, 0, 0)


def test_one_that_nobody_answers_for_returns_by_itself(refused, payee, clock):
    clock.advance(days=15)
    tasks.advance_due_payouts()
    work()
    assert places(payee) == (1_000, 0, 0)


def test_who_has_it_back_is_promised_no_other_that_something_stands_against(refused, creator_client):
    """NOT-5: a bank that refused one has to be changed first, and the notice does not say otherwise."""
    creator_client.post(f"/studio/payouts/{refused.pk}/", {"act": "return"})
    work()
    assert "Nothing can be paid out now" in words(creator_client.get("/studio/payouts/"))
    inbox = words(creator_client.get("/notifications/"))
    assert "$50.00 is back in your earnings" in inbox
    assert "Your payouts page says whether another can begin now." in inbox
    assert "You can ask for another" not in inbox


@pytest.mark.parametrize("order", list(permutations(["failed", "reversed", "answered"])), ids=" ".join)
def test_the_order_of_what_happens_at_stripe_does_not_matter(payee, creator_client, stripe, order):
    """PAY-2: the refusal, a reversal by our staff at Stripe and the creator's answer are heard of in any order, twice."""
    ask(creator_client, 1_000)
    payout = play.send(payee)
    stripe.fail_payout(payout.stripe_payout_id, "declined")
    stripe.reverse_transfer(payout.transfer_id)
    about = {"metadata": {"payout": str(payout.pk)}}
    for what in [*order, *order]:
        if what == "answered":
            creator_client.post(f"/studio/payouts/{payout.pk}/", {"act": "return"})
        elif what == "failed":
            services.receive_payout_event(event_type="payout.failed", account_id=payout.account_id, thing=about)
        else:
            services.receive_payout_event(event_type="transfer.reversed", account_id="", thing=about)
        work()
    payout.refresh_from_db()
    assert (payout.state, places(payee)) == ("returned", (1_000, 0, 0))
    assert LedgerTransaction.objects.filter(kind="payout_returned").count() == 1


@pytest.mark.parametrize("path", ["/v1/transfers", "/v1/payouts"])
@pytest.mark.parametrize("kind", ["drop", "error"])
def test_an_answer_that_never_came_sends_nothing_twice(payee, creator_client, stripe, path, kind):
    """LEDGER-4: the intention was committed with its key before Stripe was asked."""
    ask(creator_client, 1_000)
    play.approve(payee)
    stripe.fault(kind, path, method="POST", times=3)
    work()
    stripe.forget_faults()
    payout = Payout.objects.get()
    services.mark_payout_due(payout_id=payout.pk)
    work()
    payout.refresh_from_db()
    assert payout.state == "transferred"
    assert len(list(gateway.list_transfers())) == 1
    assert len(list(gateway.list_bank_payouts(account_id=payout.account_id))) == 1


def test_where_we_lack_the_money_it_waits_for_us(payee, creator_client, stripe, clock):
    stripe.add_funds(-1_000_000)
    ask(creator_client, 1_000)
    play.approve(payee)
    assert Payout.objects.get().state == "approved"
    stripe.add_funds(5_000)
    clock.advance(hours=2)
    tasks.advance_due_payouts()
    work()
    assert Payout.objects.get().state == "transferred"


def test_what_cannot_be_stops_for_staff(payee, creator_client, staff_client, stripe):
    """PAY-10: nothing is guessed."""
    ask(creator_client, 1_000)
    play.approve(payee, work_after=False)
    payout = Payout.objects.get()
    stripe.add_funds(1_000)
    stripe.client.v1.transfers.create(
        {
            "amount": 700,
            "currency": "usd",
            "destination": payout.account_id,
            "transfer_group": str(payout.pk),
            "metadata": {"payout": str(payout.pk)},
        }
    )
    work()
    payout.refresh_from_db()
    assert payout.fault
    assert places(payee) == (0, 1_000, 0)
    assert "A person looks at it" in words(creator_client.get(f"/studio/payouts/{payout.pk}/"))
    assert "Look again" in words(staff_client.get(reverse("admin:economy_payout_change", args=[payout.pk])))


def test_a_suspended_creator_can_still_withdraw(payee, creator_client):
    """ACC-9: from the page that is left to them, on a shell that leads nowhere else."""
    accounts.suspend(person=payee, staff=make.make_staff(is_superuser=True), reason="Spam")
    creator_client.force_login(payee)  # their sessions ended
    assert 'href="/studio/payouts/"' in creator_client.get("/suspended/").content.decode()
    page = creator_client.get("/studio/payouts/")
    assert 'href="/studio/tips/"' not in page.content.decode()
    assert ask(creator_client, 1_000).status_code == 303
    assert "Set aside" in words(creator_client.get(f"/studio/payouts/{Payout.objects.get().pk}/"))
    assert creator_client.get("/studio/earnings/").status_code == 200
    assert creator_client.get("/studio/tips/")["Location"] == "/suspended/"


# — pages —


def test_earnings_say_from_when_they_can_be_paid_out(creator, creator_client, fan, clock):
    """PAY-1; LIVE-6: who hid their name is nobody here either."""
    make.buy_tokens(fan, 2_000)
    services.send_tip(payer=fan, payee=creator, amount=100, key="t1", is_anonymous=True)
    page = creator_client.get("/studio/earnings/")
    assert "available on" in words(page)
    assert fan.display_name not in words(page).replace("Creator", "")
    assert "$4.00" in words(page)
    clock.advance(days=22)
    tasks.mature_earnings()
    assert "Nothing is waiting." in words(creator_client.get("/studio/earnings/"))


@pytest.mark.parametrize("path", ["/studio/earnings/", "/studio/payouts/"])
def test_the_pages_ask_as_often_for_many_as_for_one(
    payee, creator_client, clock, path, django_assert_max_num_queries, fan
):
    make.buy_tokens(fan, 5_000)

    def grow(count):
        for number in range(count):
            services.send_tip(payer=fan, payee=payee, amount=10, key=f"{count} {number}")
            payout = services.request_payout(creator=payee, key=f"p {count} {number}", tokens=400)
            services.cancel_payout(creator=payee, payout_id=payout.pk)

    grow(2)
    creator_client.get(path)
    with django_assert_max_num_queries(60) as few:
        creator_client.get(path)
    grow(6)
    with django_assert_max_num_queries(len(few)):
        assert creator_client.get(path).status_code == 200


def test_nobody_sees_anothers_payout(payee, creator_client):
    ask(creator_client, 1_000)
    other = make.make_creator("other")
    client = Client()
    client.force_login(other)
    assert client.get(f"/studio/payouts/{Payout.objects.get().pk}/").status_code == 404
    assert client.post(f"/studio/payouts/{Payout.objects.get().pk}/", {"act": "cancel"}).status_code == 404


def test_the_weekly_batch_pays_who_can_be_paid(payee, creator_client, clock):
    """PAY-3: on its day, once, whatever stands against others."""
    poor = make.make_creator("poor")
    make.earn_available(poor, 5_000)  # has no account at Stripe
    for _ in range(2):
        tasks.pay_out_weekly()
    assert list(Payout.objects.values_list("creator", "kind", "tokens")) == [(payee.pk, "weekly", 1_000)]
    play.pay(payee)
    make.earn_available(payee, 600)
    tasks.pay_out_weekly()
    assert Payout.objects.count() == 1
    play.later(clock, hours=168)
    tasks.pay_out_weekly()
    assert Payout.objects.filter(kind="weekly").count() == 2
    assert selectors.next_weekly() - house_clock.now() <= timedelta(days=7)
