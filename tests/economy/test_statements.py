"""Months as statements and sales as numbered documents: they balance to the ledger, stay as they are, and leave no gap."""

import csv
import io
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from pypdf import PdfReader

from economy import selectors, services
from economy.invariants import broken
from economy.models import ClosedMonth, Invoice, Pack, Statement
from economy.services.purchases import post_purchase
from notifications.kinds import get_kind
from notifications.models import Notification
from notifications.services import set_preference
from tests import make

pytestmark = pytest.mark.django_db

WALLET, STUDIO = "/wallet/statements/", "/studio/statements/"


def said(client, address):
    """What a page says, and nothing of its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get(address).content.decode()))


def spend(fan, creator, amount, key, **options):
    return services.charge(
        payer=fan,
        payee=creator,
        amount=amount,
        kind="tip",
        key=key,
        source_type="tip",
        source_id=str(uuid4()),
        fee_bp=2_000,
        **options,
    )


def rows_of(response):
    assert response.status_code == 200, response.status_code
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


def words_of(response):
    assert response.status_code == 200, response.status_code
    assert response["Content-Type"] == "application/pdf"
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(response.content)).pages).split())


@pytest.fixture
def october(clock):
    """The middle of October 2026."""
    clock.move_to(datetime(2026, 10, 14, 12, tzinfo=UTC))
    return clock


@pytest.fixture
def month(october, fan, creator):
    """A month with a little of everything: 1,000 and 20 bought, 300 tipped, 100 of it given back, 30 granted, 50 held."""
    make.buy_tokens(fan, 1_000, bonus=20)
    make.grant_tokens(fan, 30)
    spend(fan, creator, 200, "one")
    given_back = spend(fan, creator, 100, "two")
    services.refund_charge(transaction_id=given_back.pk, key="back", reason="creator", actor=creator)
    services.place_hold(person=fan, amount=50, key="h", source_type="call", source_id="1")
    return october


def close(clock):
    """Go on to the third of the next month, and close what is over."""
    clock.move_to(datetime(2026, 11, 3, 4, tzinfo=UTC))
    return services.close_months()


def test_a_statement_balances_to_the_ledger(month, fan, creator, fan_client, creator_client):
    """PAY-8: opening and lines are the closing balance, and that is what the ledger has."""
    assert close(month) == 2
    wallet = Statement.objects.get(person=fan)
    earned = Statement.objects.get(person=creator)
    balance = selectors.get_balance(fan)
    assert wallet.opening == 0
    assert wallet.closing == balance.total == 850
    assert earned.closing == selectors.get_earnings(creator).total
    assert (earned.change, earned.fee) == (160, 40)
    for client, address, kept in ((fan_client, WALLET, wallet), (creator_client, STUDIO, earned)):
        lines = rows_of(client.get(f"{address}2026-10.csv"))
        assert len(lines) == kept.lines
        assert sum(int(line["net_tokens"]) for line in lines) == kept.change
        assert int(lines[-1]["balance_tokens"]) == kept.closing
        assert all(int(line["gross_tokens"]) - int(line["fee_tokens"]) == int(line["net_tokens"]) for line in lines)
    assert broken() == []


def test_people_are_told_once_where_their_closed_month_is(month, fan, creator, fan_client, creator_client):
    """PAY-8: fan and creator each of their own, by inbox and mail, with a link that opens."""
    make.make_person("idle")
    close(month)
    services.close_months()
    told = {row.person: row for row in Notification.objects.filter(kind="economy.statement_closed")}
    assert set(told) == {fan, creator}
    for person, client, address in ((fan, fan_client, WALLET), (creator, creator_client, STUDIO)):
        text = get_kind("economy.statement_closed").render([told[person]])
        assert text.url == f"{address}2026-10/"
        assert "October 2026" in text.title
        assert client.get(text.url).status_code == 200
        assert set(told[person].deliveries.values_list("channel", flat=True)) == {"inbox", "mail"}
    assert "850 tokens" in get_kind("economy.statement_closed").render([told[fan]]).body
    assert "$8.00" in get_kind("economy.statement_closed").render([told[creator]]).body


def test_who_chose_no_mail_of_statements_gets_none(month, fan, fan_client):
    """The settings have a row of it, and it is theirs to mute."""
    assert "Monthly statements" in fan_client.get("/settings/notifications/").content.decode()
    set_preference(person=fan, category="statements", channel="mail", is_on=False)
    close(month)
    (news,) = fan.notifications.filter(kind="economy.statement_closed")
    assert list(news.deliveries.values_list("channel", flat=True)) == ["inbox"]


def test_a_month_without_lines_is_nobodys_news(october, fan):
    """Tokens set aside and free again by its end moved nothing in or out."""
    make.buy_tokens(fan, 100)
    october.move_to(datetime(2026, 11, 2, tzinfo=UTC))
    hold = services.place_hold(person=fan, amount=50, key="h", source_type="call", source_id="1")
    services.release_hold(hold=hold)
    october.move_to(datetime(2026, 12, 3, 4, tzinfo=UTC))
    services.close_months()
    assert list(Statement.objects.order_by("month").values_list("lines", flat=True)) == [1, 0]
    assert [row.data["month"] for row in fan.notifications.filter(kind="economy.statement_closed")] == ["2026-10"]


def test_a_closed_month_stays_and_what_comes_late_stands_in_its_own_month(month, fan, creator, creator_client):
    """PAY-8: a late reversal appears in the month it happens, with a reference to what it turns round."""
    close(month)
    before = creator_client.get(f"{STUDIO}2026-10.csv").content
    sold = rows_of(creator_client.get(f"{STUDIO}2026-10.csv"))[0]
    services.refund_charge(transaction_id=UUID(sold["reference"]), key="late", reason="creator", actor=creator)
    month.move_to(datetime(2026, 12, 5, tzinfo=UTC))
    services.close_months()
    assert creator_client.get(f"{STUDIO}2026-10.csv").content == before
    (late,) = rows_of(creator_client.get(f"{STUDIO}2026-11.csv"))
    assert (late["corrects"], int(late["net_tokens"])) == (sold["reference"], -int(sold["net_tokens"]))
    assert late["what"] == "Tip, given back"
    for change in (
        "UPDATE economy_statement SET closing = 0, change = 0, opening = 0",
        "DELETE FROM economy_statement",
    ):
        with pytest.raises(DatabaseError, match="written once"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


def test_a_month_is_closed_once_and_not_before_everything_in_it_is_over(month):
    """PAY-8: 27 hours after its end; again does nothing."""
    month.move_to(datetime(2026, 11, 1, 23, tzinfo=UTC))
    assert services.close_months() == 0
    month.move_to(datetime(2026, 11, 2, 4, tzinfo=UTC))
    assert services.close_months() == 2
    assert services.close_months() == 0
    assert list(ClosedMonth.objects.values_list("month", "statements")) == [(date(2026, 10, 1), 2)]


def test_months_in_which_nothing_moved_carry_the_balance_on(month, fan):
    close(month)
    month.move_to(datetime(2027, 2, 10, tzinfo=UTC))
    spend_on = make.make_creator("later")
    spend(fan, spend_on, 10, "later")
    month.move_to(datetime(2027, 3, 5, tzinfo=UTC))
    services.close_months()
    months = list(Statement.objects.filter(person=fan).order_by("month").values_list("month", "opening", "closing"))
    assert [(f"{m:%Y-%m}", opening, closing) for m, opening, closing in months] == [
        ("2026-10", 0, 850),
        ("2027-02", 850, 840),
    ]
    assert ClosedMonth.objects.count() == 5


def test_the_document_on_paper_says_what_the_page_says(month, creator, creator_client):
    """PDF: the month's sums, its balance, its lines; the same bytes each time it is asked for."""
    close(month)
    paper = creator_client.get(f"{STUDIO}2026-10.pdf")
    words = words_of(paper)
    assert "Earnings in October 2026" in words
    assert "Tip, given back" in words
    assert "At the end 160" in words, words
    assert "@creator" in words or f"@{creator.username}" in words
    assert creator_client.get(f"{STUDIO}2026-10.pdf").content == paper.content
    page = creator_client.get(f"{STUDIO}2026-10/").content.decode()
    assert "Closed on 3 November 2026" in page


def test_the_present_month_can_be_read_before_it_is_closed(month, fan_client):
    page = fan_client.get(WALLET).content.decode()
    assert "/wallet/statements/2026-10/" in page
    assert "Not closed yet" in fan_client.get(f"{WALLET}2026-10/").content.decode()
    assert "not closed yet" in words_of(fan_client.get(f"{WALLET}2026-10.pdf"))


@pytest.mark.parametrize("address", ["2026-13/", "2026-12/", "2025-01/", "october/", "2026-10-01/", "2026-1٣/"])
def test_a_month_that_is_none_is_not_found(month, fan_client, address):
    assert fan_client.get(f"{WALLET}{address}").status_code == 404


def test_nobody_reads_another_persons_documents(month, fan, fan_client, creator_client, client):
    services.issue_invoices()
    invoice = Invoice.objects.get(person=fan)
    assert fan_client.get(f"/wallet/invoices/{invoice.pk}.pdf").status_code == 200
    assert creator_client.get(f"/wallet/invoices/{invoice.pk}.pdf").status_code == 404
    assert client.get(f"/wallet/invoices/{invoice.pk}.pdf").status_code == 302
    assert fan_client.get(STUDIO).status_code == 403


def test_a_cell_that_would_run_as_a_formula_is_text(october, fan, creator, fan_client):
    """CSV: what a spreadsheet would run starts with an apostrophe; numbers stay numbers."""
    make.buy_tokens(fan, 100)
    creator.display_name = '=HYPERLINK("http://evil.example","x")'
    creator.save()
    spend(fan, creator, 10, "x")
    (sold, _bought) = rows_of(fan_client.get("/wallet/history.csv"))
    assert sold["what"].startswith("'=") or "=HYPERLINK" not in sold["what"][:2]
    assert sold["with"] == f"'@{creator.username}"
    assert sold["tokens"] == "-10"


def test_the_history_can_be_narrowed_to_one_creator(october, fan, creator, fan_client):
    other = make.make_creator("other")
    make.buy_tokens(fan, 100)
    spend(fan, creator, 10, "x")
    spend(fan, other, 20, "y")
    page = fan_client.get(f"/wallet/history/?with={other.username}").content.decode()
    assert page.count("−20") == 1
    assert "−10" not in page
    assert [line["tokens"] for line in rows_of(fan_client.get(f"/wallet/history.csv?with={other.username}"))] == ["-20"]
    assert len(rows_of(fan_client.get("/wallet/history.csv?with=nobody&kind=nonsense"))) == 3


# ── invoices ────────────────────────────────────────────────────────────────────────────────


def test_what_was_bought_gets_a_number_and_what_is_returned_a_credit_note(october, fan, fan_client):
    """LAW-10: credit notes for refunds; together the documents are what is kept of the money."""
    purchase = make.buy_tokens(fan, 500, bonus=15, minor=2_500)
    make.handle_outbox("economy.invoice")
    post_purchase(purchase_id=purchase.pk, kept_minor=1_501, refunded_minor=999)
    make.handle_outbox("economy.invoice")
    invoice, note = Invoice.objects.filter(purchase=purchase).order_by("number")
    assert (invoice.kind, invoice.amount_minor, invoice.tokens, invoice.bonus_tokens) == ("invoice", 2_500, 500, 15)
    assert (note.kind, note.amount_minor, note.corrects) == ("credit_note", -999, invoice)
    assert (invoice.number, note.number) == (1, 2)
    purchase.refresh_from_db()
    assert note.tokens == purchase.credited_tokens - 500
    words = words_of(fan_client.get(f"/wallet/invoices/{note.pk}.pdf"))
    assert "Credit note D-000002" in words
    assert "D-000001" in words
    assert "9.99" in words
    assert "Invoice D-000001" in fan_client.get(f"/wallet/purchases/{purchase.pk}/").content.decode()
    assert broken() == []


def test_a_purchase_that_was_returned_before_anybody_numbered_it_has_both_documents(october, fan):
    purchase = make.buy_tokens(fan, 500)
    post_purchase(purchase_id=purchase.pk, kept_minor=0, refunded_minor=2_500)
    assert services.issue_invoices() == 2
    assert list(Invoice.objects.order_by("number").values_list("amount_minor", flat=True)) == [2_500, -2_500]
    assert services.issue_invoices() == 0


def test_fees_of_a_month_are_invoiced_to_the_creator(month, creator, creator_client):
    """LAW-10: the platform's service to creators is its fee: 40 tokens at what they are paid out as."""
    close(month)
    invoice = Invoice.objects.get(person=creator)
    assert (invoice.tokens, invoice.amount_minor, invoice.statement.month) == (40, 200, date(2026, 10, 1))
    words = words_of(creator_client.get(f"/studio/invoices/{invoice.pk}.pdf"))
    assert "Fees of the platform on your sales in October 2026" in words


def test_documents_are_written_once(october, fan):
    """LAW-10: neither a document nor the count of a series is changed by hand."""
    make.buy_tokens(fan, 100)
    services.issue_invoices()
    for change in (
        "UPDATE economy_invoice SET amount_minor = 1",
        "DELETE FROM economy_invoice",
        "UPDATE economy_invoiceseries SET last = last + 2",
        "DELETE FROM economy_invoiceseries",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


@pytest.mark.django_db(transaction=True)
def test_numbers_have_no_gap_however_many_are_given_out_at_once(october):
    """LAW-10: gap-free; a document that is not written in the end leaves its number to the next."""
    purchases = [make.buy_tokens(make.make_person(), 100 + number) for number in range(12)]

    def number(purchase):
        try:
            return services.invoice_purchase(purchase_id=purchase.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(number, [*purchases, *purchases])) == 12
    lost = make.buy_tokens(make.make_person(), 100)
    with transaction.atomic():
        services.invoice_purchase(purchase_id=lost.pk)
        transaction.set_rollback(True)
    services.issue_invoices()
    assert sorted(Invoice.objects.values_list("number", flat=True)) == list(range(1, 14))
    assert broken() == []


def test_a_name_in_any_script_stands_on_paper(october, fan, fan_client):
    """What our letters lack is taken from others; what nobody has is a box, never a failure."""
    fan.display_name = "Łucja Ελένη Юлия 日本"
    fan.save()
    make.buy_tokens(fan, 100)
    services.issue_invoices()
    words = words_of(fan_client.get(f"/wallet/invoices/{Invoice.objects.get().pk}.pdf"))
    assert "Łucja Ελένη Юлия □□" in words


def test_staff_read_money_of_packs_purchases_and_documents_as_money(fan, staff_client):
    """A buyer's amounts are written as on their own pages, on the lists and on each row's page, and sort by amount."""
    pack = Pack.objects.create(tokens=500, amount_minor=2_345, currency="EUR")
    bought = make.buy_tokens(fan, 500, minor=2_500)
    services.issue_invoices()
    paper = Invoice.objects.get()
    for path, amount in (
        (f"pack/{pack.pk}", "€23.45"),
        (f"purchase/{bought.pk}", "$25.00"),
        (f"invoice/{paper.pk}", "$25.00"),
    ):
        kind = path.split("/")[0]
        for page in (
            said(staff_client, f"/admin/economy/{path}/change/"),
            said(staff_client, f"/admin/economy/{kind}/"),
        ):
            assert amount in page
            assert "minor" not in page
    post_purchase(purchase_id=bought.pk, kept_minor=1_500, refunded_minor=1_000)
    page = said(staff_client, f"/admin/economy/purchase/{bought.pk}/change/")
    for line in ("Amount: $25.00", "Refunded: $10.00", "Disputed: $0.00", "Invoiced: $25.00"):
        assert line in page
    make.buy_tokens(fan, 900, minor=900)
    listed = said(staff_client, "/admin/economy/purchase/?o=5")
    assert listed.index("$9.00") < listed.index("$25.00")
