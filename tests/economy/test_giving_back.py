"""A sale is given back by its creator or by our staff: whole or in part, the fee as well, and never twice (PAY-4, PAY-5)."""

import re
from uuid import uuid4

import pytest
from django.test import Client

from digis.core.models import AuditEntry
from economy import selectors, services
from economy.invariants import broken
from economy.models import LedgerTransaction, Payout
from economy.selectors import Balance
from economy.services.payouts import open_payout
from notifications.models import Notification
from tests import make

pytestmark = pytest.mark.django_db
CALL = str(uuid4())


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def sell(fan, creator, amount, **options):
    return services.charge(
        payer=fan, payee=creator, amount=amount, kind="tip", key=str(uuid4()), source_type="test",
        source_id=str(uuid4()), fee_bp=2_000, **options,
    )  # fmt: skip


def talk(fan, creator, minutes):
    """A call of so many minutes at 25 tokens, posted minute by minute; its head."""
    hold = services.place_hold(person=fan, amount=25 * minutes, key="h", source_type="call", source_id=CALL)
    fee = 0
    posted = []
    for number in range(minutes):
        done = services.charge(
            payer=fan, payee=creator, amount=25, kind="call", key=f"m{number}", source_type="call", source_id=CALL,
            fee_bp=2_000, hold=hold, charged_before=25 * number, fee_before=fee,
        )  # fmt: skip
        fee += done.fee
        posted.append(done)
    return posted[0]


def wish(client, sale, tokens, *, confirmed="", key="k", reason=""):
    data = {"tokens": tokens, "confirmed": confirmed, "idempotency_key": key, "reason": reason}
    return client.post(f"/studio/earnings/{sale.pk}/back/", data)


def test_what_it_takes_is_shown_before_it_is_done(fan, creator, creator_client):
    """PAY-5: the platform's fee goes back to the fan too; shown before confirming."""
    make.buy_tokens(fan, 500)
    sale = sell(fan, creator, 100)
    assert f"/studio/earnings/{sale.pk}/back/" in creator_client.get("/studio/earnings/").content.decode()
    assert "100 were paid, 100 can be given back." in text_of(creator_client.get(f"/studio/earnings/{sale.pk}/back/"))
    page = wish(creator_client, sale, 55, reason="Sorry, my line broke.")
    assert page.status_code == 200
    assert "Leaves your earnings 44 Our fee, given back as well 11" in text_of(page)
    assert selectors.get_balance(fan) == Balance(purchased=400)
    assert wish(creator_client, sale, 55, confirmed=55, reason="Sorry, my line broke.").status_code == 303
    assert selectors.get_balance(fan) == Balance(purchased=455)
    assert selectors.get_earnings(creator).total == 36
    (news,) = Notification.objects.filter(person=fan, kind="economy.given_back")
    assert news.data == {"tokens": 55, "reason": "Sorry, my line broke."}
    assert not Notification.objects.filter(person=creator, kind="economy.taken_back").exists()
    assert broken() == []


def test_sent_twice_it_is_given_back_once(fan, creator, creator_client):
    """LEDGER-4: a double click gives one return; the same form with another amount is refused."""
    make.buy_tokens(fan, 500)
    sale = sell(fan, creator, 100)
    for _ in range(2):
        assert wish(creator_client, sale, 40, confirmed=40).status_code == 303
    assert selectors.get_balance(fan) == Balance(purchased=440)
    assert wish(creator_client, sale, 50, confirmed=50).status_code == 422
    assert LedgerTransaction.objects.filter(type="refund").count() == 1


def test_all_of_it_sent_twice_is_answered_as_the_first_time(fan, creator, creator_client):
    """LEDGER-4: nothing is left by then, and the twin hears what the first heard."""
    make.buy_tokens(fan, 500)
    sale = sell(fan, creator, 100)
    answers = [wish(creator_client, sale, 100, confirmed=100) for _ in range(2)]
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(303, "/studio/earnings/")] * 2
    assert selectors.get_balance(fan) == Balance(purchased=500)
    assert LedgerTransaction.objects.filter(type="refund").count() == 1
    assert wish(creator_client, sale, 100, confirmed=100, key="another").status_code == 422


@pytest.mark.parametrize("confirmed", ["", "2001"])
def test_what_is_too_much_is_told_beside_its_field_in_groups_of_digits(fan, creator, creator_client, confirmed):
    make.buy_tokens(fan, 2_000)
    page = wish(creator_client, sell(fan, creator, 2_000), 2001, confirmed=confirmed)
    assert page.status_code == 422
    said = "Only 2,000 tokens of this are left to give back."
    assert page.context["form"].errors == {"tokens": [said]}


@pytest.mark.parametrize(
    ("tokens", "said"),
    [("0", "Choose 1 or more."), ("9" * 12, "Choose 1,000,000,000 or less."), ("x", "Write a whole")],
)
def test_a_wrong_amount_is_told_once_also_where_it_was_sent_as_confirmed(fan, creator, creator_client, tokens, said):
    make.buy_tokens(fan, 500)
    page = wish(creator_client, sell(fan, creator, 100), tokens, confirmed=tokens)
    assert page.status_code == 422
    assert page.context["form"].errors.keys() == {"tokens"}
    assert said in text_of(page)


def test_a_call_goes_back_with_all_its_minutes(fan, creator, creator_client):
    """A sale that was posted in parts is one thing: the latest minutes go back first, the fee of the whole is exact."""
    make.buy_tokens(fan, 500)
    head = talk(fan, creator, 4)
    assert wish(creator_client, head, 60, confirmed=60).status_code == 303
    assert selectors.get_balance(fan).purchased == 460
    sale = selectors.get_sale(id=head.pk)
    assert [part.left for part in sale.parts] == [0, 0, 15, 25]
    assert wish(creator_client, head, 40, confirmed=40, key="again").status_code == 303
    assert selectors.get_balance(fan) == Balance(purchased=500)
    assert selectors.get_earnings(creator).total == 0
    assert "All of it is given back." in text_of(creator_client.get(f"/studio/earnings/{head.pk}/back/"))
    assert broken() == []


def test_what_the_page_says_of_the_fee_is_what_is_posted(fan, creator):
    """LEDGER-11: the fee of any part is the total's floor less what went back before, on the page as in the ledger."""
    make.buy_tokens(fan, 500)
    sold = sell(fan, creator, 99)
    for number, tokens in enumerate((1, 2, 3, 7, 11, 25, 50)):
        said = selectors.get_sale(id=sold.pk).fee_of(tokens)
        made = services.give_back(actor=creator, sale_id=sold.pk, tokens=tokens, reason="", key=f"k{number}")
        assert -made.fee == said
    assert selectors.get_sale(id=sold.pk).left == 0


@pytest.mark.parametrize("tokens", ["0", "-5", "101", "1.5", "a lot", "", "9" * 30])
def test_a_wrong_amount_names_what_to_change(fan, creator, creator_client, tokens):
    make.buy_tokens(fan, 500)
    sale = sell(fan, creator, 100)
    page = wish(creator_client, sale, tokens, confirmed=tokens)
    assert page.status_code == 422
    assert selectors.get_balance(fan) == Balance(purchased=400)
    assert 'aria-invalid="true"' in page.content.decode()


def test_nobody_gives_back_another_creators_sale(fan, creator, fan_client):
    make.buy_tokens(fan, 500)
    sale = sell(fan, make.make_creator("other"), 100)
    assert fan_client.get(f"/studio/earnings/{sale.pk}/back/").status_code == 403
    other = make.make_creator("third")
    client = Client()
    client.force_login(other)
    assert client.get(f"/studio/earnings/{sale.pk}/back/").status_code == 404
    assert wish(client, sale, 10, confirmed=10).status_code == 404


def test_what_was_paid_out_stands_as_owed(fan, creator, creator_client, clock):
    """PAY-4: the fan is repaid at once regardless; the creator owes what is gone."""
    make.buy_tokens(fan, 500)
    sale = sell(fan, creator, 500)
    clock.advance(days=30)
    services.mature_earnings()
    open_payout(creator=creator, tokens=400, kind=Payout.Kind.MANUAL, key="out")
    assert wish(creator_client, sale, 500, confirmed=500).status_code == 303
    assert selectors.get_balance(fan) == Balance(purchased=500)
    assert selectors.get_payable(creator).owed == 400
    assert broken() == []


def test_our_staff_give_back_with_a_reason_that_both_read(fan, creator, staff_client):
    """Refunds by staff: in the admin, audited, told to both sides."""
    make.buy_tokens(fan, 500)
    sale = sell(fan, creator, 100)
    address = f"/admin/economy/ledgertransaction/{sale.pk}/"
    assert "Give all of it back" in staff_client.get(f"{address}change/").content.decode()
    assert staff_client.post(f"{address}act/give_back/", {"reason": ""}).status_code == 422
    assert staff_client.post(f"{address}act/give_back/", {"reason": "Never delivered."}).status_code in {302, 303}
    assert selectors.get_balance(fan) == Balance(purchased=500)
    assert Notification.objects.get(person=fan, kind="economy.given_back").data["reason"] == "Never delivered."
    assert Notification.objects.get(person=creator, kind="economy.taken_back").data["tokens"] == 80
    entry = AuditEntry.objects.get(action="economy.sale_given_back")
    assert (entry.reason, entry.target_id) == ("Never delivered.", str(sale.pk))
    assert "Give all of it back" not in staff_client.get(f"{address}change/").content.decode()


def test_an_anonymous_tip_stays_anonymous(fan, creator, creator_client):
    """LIVE-6: giving it back does not tell whose it was."""
    make.buy_tokens(fan, 500)
    tip = services.send_tip(payer=fan, payee=creator, amount=50, is_anonymous=True, key="anon")
    page = creator_client.get(f"/studio/earnings/{tip.transaction_id}/back/").content.decode()
    assert fan.username not in page
    assert fan.display_name not in page
