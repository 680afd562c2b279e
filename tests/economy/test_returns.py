"""Unused tokens go back to the card for fourteen days: never more than is unused, never twice, never into debt (LEDGER-12)."""

import re
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection

from digis.core.models import AuditEntry
from economy import gateway, selectors, services
from economy.errors import InsufficientTokens, NothingToReturn, ReturnChanged
from economy.invariants import broken
from economy.models import Invoice, Purchase, PurchaseReturn
from economy.selectors import Balance
from notifications.models import Notification
from tests import make

pytestmark = pytest.mark.django_db


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def spend(fan, creator, amount):
    return services.charge(
        payer=fan, payee=creator, amount=amount, kind="tip", key=str(uuid4()), source_type="test",
        source_id=str(uuid4()), fee_bp=2_000,
    )  # fmt: skip


def at_stripe(purchase):
    payment = gateway.get_payment(purchase.stripe_payment_intent_id)
    return payment.refunded


def give_back(client, purchase, minor, key="k"):
    address = f"/wallet/purchases/{purchase.pk}/return/"
    return client.post(address, {"minor": minor, "idempotency_key": key})


def converge(purchase):
    services.converge_purchase(purchase_id=purchase.pk)
    purchase.refresh_from_db()


def test_all_of_it_goes_back_while_nothing_is_used(paid, fan, fan_client, stripe):
    """LEDGER-12: 515 tokens leave, $25.00 goes to the card; shown before, and told after."""
    assert "Return unused tokens" in text_of(fan_client.get(f"/wallet/purchases/{paid.pk}/"))
    page = text_of(fan_client.get(f"/wallet/purchases/{paid.pk}/return/"))
    assert "Bought tokens that leave 500 Bonus tokens that leave 15 Back to Visa ···· 4242 $25.00" in page
    assert give_back(fan_client, paid, 2_500).status_code == 303
    assert selectors.get_balance(fan) == Balance()
    assert at_stripe(paid) == 0
    make.handle_outbox("economy.converge", "economy.invoice")
    assert at_stripe(paid) == 2_500
    paid.refresh_from_db()
    assert (paid.status, paid.refunded_minor) == ("refunded", 2_500)
    assert Notification.objects.filter(person=fan, kind="economy.purchase_refunded").count() == 1
    assert list(Invoice.objects.order_by("number").values_list("amount_minor", flat=True)) == [2_500, -2_500]
    assert broken() == []


def test_only_the_unused_part_goes_back(paid, fan, creator, fan_client):
    """LEDGER-12: bonus tokens were spent first; as many bought ones stand in for them, and nobody owes anything."""
    spend(fan, creator, 115)
    part = selectors.find_returnable_part(paid)
    assert (part.money.minor, part.tokens, part.bonus, part.used_bonus) == (1_940, 400, 0, 12)
    assert "You have spent 12 bonus tokens of it" in text_of(fan_client.get(f"/wallet/purchases/{paid.pk}/return/"))
    assert give_back(fan_client, paid, 1_940).status_code == 303
    converge(paid)
    assert at_stripe(paid) == 1_940
    assert selectors.get_balance(fan) == Balance()
    assert selectors.get_earnings(creator).total == 92
    assert broken() == []


@pytest.mark.parametrize("spent", [1, 14, 15, 16, 200, 497, 498, 514, 515])
def test_a_return_never_leaves_a_debt_and_is_the_most_there_can_be(paid, fan, creator, spent):
    """LEDGER-12: whatever was spent, what goes back is covered by what is left, and a cent more would not be."""
    spend(fan, creator, spent)
    part = selectors.find_returnable_part(paid)
    if part is None:
        assert spent > 495
        return
    services.return_purchase(actor=fan, purchase_id=paid.pk, minor=part.money.minor, key="k")
    converge(paid)
    balance = selectors.get_balance(fan)
    assert balance.debt == 0
    assert part.money.minor <= (515 - spent) * 2_500 // 500
    assert balance.total == 515 - spent - part.tokens - part.bonus
    assert balance.total <= 1 + spent // 30
    assert broken() == []


def test_sent_twice_it_is_paid_once(paid, fan, fan_client):
    """LEDGER-4: the same form again leads to the same result; another amount under its key is refused."""
    for _ in range(2):
        assert give_back(fan_client, paid, 2_500).status_code == 303
    converge(paid)
    converge(paid)
    assert at_stripe(paid) == 2_500
    assert PurchaseReturn.objects.count() == 1
    assert give_back(fan_client, paid, 100).status_code == 422


def test_a_worker_that_dies_after_stripe_paid_does_not_pay_again(paid, fan, stripe, monkeypatch):
    """Committed first, looked for, then sent: whatever is cut off in between, it is paid once."""
    from economy.services import purchases

    services.return_purchase(actor=fan, purchase_id=paid.pk, minor=2_500, key="k")
    send = purchases.send_returns

    def send_and_die(purchase):
        send(purchase)
        raise SystemError("cut off")

    monkeypatch.setattr(purchases, "send_returns", send_and_die)
    with pytest.raises(SystemError):
        services.converge_purchase(purchase_id=paid.pk)
    assert PurchaseReturn.objects.get().state == "requested"
    monkeypatch.setattr(purchases, "send_returns", send)
    converge(paid)
    assert at_stripe(paid) == 2_500
    assert PurchaseReturn.objects.get().state == "sent"
    assert len(list(stripe.client.v1.refunds.list().auto_paging_iter())) == 1


def test_while_stripe_is_away_the_tokens_stay_out_of_reach(paid, fan, creator, stripe):
    """Fail closed: what is on its way back cannot be spent, and is sent when Stripe answers again."""
    services.return_purchase(actor=fan, purchase_id=paid.pk, minor=2_500, key="k")
    stripe.fault("error", "/v1/refunds", times=10)
    with pytest.raises(gateway.GatewayError):
        services.converge_purchase(purchase_id=paid.pk)
    assert selectors.get_balance(fan).spendable == 0
    stripe.forget_faults()
    converge(paid)
    assert at_stripe(paid) == 2_500


def test_what_stripe_refuses_for_good_gives_the_tokens_back(paid, fan, stripe):
    services.return_purchase(actor=fan, purchase_id=paid.pk, minor=2_500, key="k")
    stripe.fault("error", "/v1/refunds", method="POST", status=400, times=5)
    converge(paid)
    row = PurchaseReturn.objects.get()
    assert row.state == "refused"
    assert selectors.get_balance(fan) == Balance(purchased=500, promotional=15)
    assert (paid.status, paid.refunded_minor) == ("paid", 0)
    assert Notification.objects.filter(person=fan, kind="economy.return_refused").count() == 1
    assert broken() == []


def test_after_fourteen_days_only_our_staff_can(paid, fan, fan_client, staff_client, clock):
    """LEDGER-12: 14 days for the buyer; staff at any time, with a reason that is audited."""
    clock.advance(days=14, hours=1)
    assert "Nothing of this purchase can be returned" in text_of(fan_client.get(f"/wallet/purchases/{paid.pk}/return/"))
    assert give_back(fan_client, paid, 2_500).status_code == 422
    assert selectors.get_balance(fan).spendable == 515
    address = f"/admin/economy/purchase/{paid.pk}/"
    assert "$25.00 go back to the card" in text_of(staff_client.get(f"{address}change/"))
    assert staff_client.post(f"{address}act/return/", {"reason": ""}).status_code == 422
    assert staff_client.post(f"{address}act/return/", {"reason": "Bought by mistake."}).status_code in {302, 303}
    converge(paid)
    assert at_stripe(paid) == 2_500
    assert AuditEntry.objects.get(action="economy.purchase_returned").reason == "Bought by mistake."


def test_an_amount_that_changed_is_shown_again_before_anything_moves(paid, fan, creator, fan_client):
    """LEDGER-7: what was shown is what happens."""
    spend(fan, creator, 115)
    page = give_back(fan_client, paid, 2_500)
    assert page.status_code == 422
    assert "it is 19.40 USD now" in text_of(page)
    assert 'value="1940"' in page.content.decode()
    assert not PurchaseReturn.objects.exists()


def test_nothing_goes_back_of_what_is_disputed_or_owed(paid, fan, creator, stripe):
    intent = paid.stripe_payment_intent_id
    stripe.dispute(intent)
    converge(paid)
    assert selectors.find_returnable_part(paid) is None


def test_nobody_returns_another_persons_purchase(paid, creator_client):
    assert creator_client.get(f"/wallet/purchases/{paid.pk}/return/").status_code == 404
    assert give_back(creator_client, paid, 2_500).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_returned_and_spent_at_the_same_time_only_one_of_them_happens(fan, creator):
    """LEDGER-2: nothing is spent that is on its way back, whoever comes first."""
    for number in range(6):
        bought = make.buy_tokens(fan, 500, bonus=15)
        Purchase.objects.filter(pk=bought.pk).update(stripe_payment_intent_id=f"pi_{number}")

        def act(which, bought=bought, number=number):
            try:
                if which:
                    services.return_purchase(actor=fan, purchase_id=bought.pk, minor=2_500, key=f"k{number}")
                else:
                    spend(fan, creator, 515)
            except (InsufficientTokens, ReturnChanged, NothingToReturn):
                return 0
            finally:
                connection.close()
            return 1

        with ThreadPoolExecutor(2) as pool:
            assert sum(pool.map(act, (True, False))) == 1
        assert selectors.get_balance(fan) == Balance()
    assert broken() == []
