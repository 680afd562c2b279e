"""The inbox as a page: by day, by tab and category, marked as read, without a script."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.dateparse import parse_datetime

from notifications import selectors, services
from notifications.models import Notification
from tests import make
from tests.notifications.inbox import lines, tell

pytestmark = pytest.mark.django_db


def titles(client: Client, query: str = "") -> list[str]:
    page = client.get(f"/notifications/{query}")
    assert page.status_code == 200
    found = re.findall(r'class="news-link"[^>]*>(.*?)</a>', page.content.decode(), re.DOTALL)
    return [re.sub(r"<span.*?</span>", "", text).strip() for text in found]


def headings(html: str) -> list[str]:
    return re.findall(r'<h2 class="news-day">(.*?)</h2>', html)


def test_the_inbox_is_grouped_by_the_days_of_its_reader(news: Any, fan: Any, fan_client: Client, clock: Any):
    fan.time_zone = "America/Los_Angeles"
    fan.save(update_fields=["time_zone"])
    for moment in ("2027-03-01T12:00:00Z", "2027-06-02T06:30:00Z", "2027-06-02T07:30:00Z", "2027-06-03T01:00:00Z"):
        clock.move_to(parse_datetime(moment))
        tell(fan, words=moment)
    html = fan_client.get("/notifications/").content.decode()
    assert headings(html) == ["Today", "Yesterday", "Monday 1 March"]
    assert html.count('class="news-link"') == 4


def test_tabs_and_categories_are_addresses(news: Any, fan: Any, fan_client: Client, creator: Any):
    first = tell(fan, words="Old")
    services.mark_read(person=fan, ids=[first.pk])
    tell(fan, words="New")
    services.notify(kind="accounts.followed", person=fan, key="f", actor=creator)
    assert titles(fan_client) == ["Creator follows you", "New", "Old"]
    assert titles(fan_client, "?tab=unread") == ["Creator follows you", "New"]
    assert titles(fan_client, "?category=followers") == ["Creator follows you"]
    assert titles(fan_client, "?tab=unread&category=test") == ["New"]
    assert titles(fan_client, "?tab=nonsense&category=nonsense") == ["Creator follows you", "New", "Old"]


def test_load_more_is_a_link_that_goes_on_where_the_page_ended(news: Any, fan: Any, fan_client: Client):
    for number in range(35):
        tell(fan, words=f"News {number}")
    page = fan_client.get("/notifications/").content.decode()
    assert page.count('class="news-link"') == 30
    address = re.search(r'href="([^"]*cursor=[^"]*)" rel="next"', page)
    assert address
    tell(fan, words="Meanwhile")
    more = address[1].replace("&amp;", "&").removeprefix("/notifications/")
    assert titles(fan_client, more) == [f"News {number}" for number in (4, 3, 2, 1, 0)]
    part = fan_client.get(f"/notifications/{more}", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert part.count('class="news-link"') == 5


def test_opening_marks_as_read_and_leads_to_the_thing(news: Any, fan: Any, fan_client: Client):
    row = tell(fan)
    assert fan_client.head(f"/notifications/{row.pk}/").status_code == 200
    assert selectors.count_unread(fan) == 1, "looking is not reading"
    answer = fan_client.get(f"/notifications/{row.pk}/")
    assert (answer.status_code, answer["Location"]) == (303, "/wallet/")
    assert selectors.count_unread(fan) == 0


def test_nobody_opens_or_reads_what_is_somebody_elses(news: Any, fan: Any, stranger_client: Client):
    row = tell(fan)
    assert stranger_client.get(f"/notifications/{row.pk}/").status_code == 404
    assert stranger_client.post("/notifications/read/", {"ids": [row.pk]}).status_code == 303
    assert stranger_client.post("/notifications/read/", {"all": "1"}).status_code == 303
    assert selectors.count_unread(fan) == 1


def test_one_or_all_are_marked_as_read_by_plain_forms(news: Any, fan: Any, fan_client: Client):
    rows = [tell(fan) for _ in range(3)]
    answer = fan_client.post("/notifications/read/", {"ids": [rows[0].pk], "next": "/notifications/?tab=unread"})
    assert (answer.status_code, answer["Location"]) == (303, "/notifications/?tab=unread")
    assert selectors.count_unread(fan) == 2
    assert fan_client.post("/notifications/read/", {"all": "1"})["Location"] == "/notifications/"
    assert selectors.count_unread(fan) == 0
    assert fan_client.post("/notifications/read/", {"ids": ["nonsense"]}).status_code == 422


def test_reading_one_of_a_group_reads_the_line(register: Any, fan: Any, fan_client: Client):
    """NOT-3."""
    register("test.like", groups=True)
    rows = [tell(fan, kind="test.like") for _ in range(3)]
    fan_client.post("/notifications/read/", {"ids": [rows[1].pk]})
    assert not Notification.objects.filter(read_at__isnull=True).exists()


@pytest.mark.parametrize(
    ("query", "words"),
    [("", "Nothing yet"), ("?tab=unread", "You are up to date"), ("?category=calls", "Nothing about this yet")],
)
def test_an_empty_inbox_says_why(query: str, words: str, fan_client: Client):
    assert words in fan_client.get(f"/notifications/{query}").content.decode()


def test_the_bell_of_every_page_counts_lines(news: Any, fan: Any, fan_client: Client):
    def bell() -> str:
        found = re.search(r'<a id="bell-count".*?</a>', fan_client.get("/help/").content.decode(), re.DOTALL)
        assert found
        return re.sub(r"<[^>]*>", " ", re.sub(r"<svg.*?</svg>", "", found[0], flags=re.DOTALL)).split(">")[-1].strip()

    assert bell().split() == ["Notifications"]
    tell(fan)
    assert bell().split() == ["Notifications,", "1", "new", "1"]
    for _ in range(105):
        tell(fan)
    assert bell().endswith("99+")


def test_the_list_costs_the_same_for_any_number_of_lines(register: Any, fan: Any, fan_client: Client):
    register("test.like", groups=True)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert fan_client.get("/notifications/").status_code == 200
        return len(captured)

    tell(fan, kind="test.like", actor=make.make_person())
    fan_client.get("/notifications/")
    few = queries()
    for number in range(12):
        Notification.objects.update(
            created_at=Notification.objects.latest("id").created_at - timedelta(days=number + 2)
        )
        tell(fan, kind="test.like", actor=make.make_person())
    assert len(lines(fan)) > 5
    assert queries() == few


def test_a_banner_says_that_mail_comes_back(fan: Any, fan_client: Client, clock: Any):
    """NOT-7."""
    from notifications.bounces import Reason, suppress

    assert "comes back" not in fan_client.get("/settings/notifications/").content.decode()
    suppress(address=fan.email, reason=Reason.HARD_BOUNCE, since=clock.now())
    for path in ("/notifications/", "/settings/notifications/"):
        page = fan_client.get(path).content.decode()
        assert f"Mail to {fan.email} comes back" in page
        assert "/settings/notifications/address/" in page


@pytest.mark.parametrize("broken", ["words", "right to see"])
def test_one_poison_row_is_left_out_and_the_inbox_is_shown(
    broken: str, register: Any, fan: Any, fan_client: Client, monkeypatch: pytest.MonkeyPatch
):
    """NOT-1, NOT-2: on the page, in its tab and in the API; the log names it once each time."""
    told: list[dict[str, Any]] = []
    monkeypatch.setattr("notifications.selectors.inbox.log.exception", lambda _event, **data: told.append(data))

    def fail(*_any: Any) -> Any:
        raise KeyError("amount")

    register("test.poison", **({"render": fail} if broken == "words" else {"can_view": fail}))
    register("test.fine")
    tell(fan, kind="test.fine", words="Old")
    poison = tell(fan, kind="test.poison")
    tell(fan, kind="test.fine", words="New")
    assert titles(fan_client) == titles(fan_client, "?tab=unread") == ["New", "Old"]
    answer = fan_client.get("/api/v1/notifications")
    assert answer.status_code == 200
    assert [line["title"] for line in answer.json()["results"]] == ["New", "Old"]
    told.clear()
    assert lines(fan) == ["New", "Old"]
    assert told == [{"notification": str(poison.pk), "kind": "test.poison"}]
    assert selectors.count_unread(fan) == (3 if broken == "words" else 2)
    if broken == "words":  # from a mail or a push that was sent before
        assert fan_client.get(f"/notifications/{poison.pk}/")["Location"] == "/notifications/"
    fan_client.post("/notifications/read/", {"all": "1"})
    assert selectors.count_unread(fan) == 0


def test_a_receipt_without_its_numbers_does_not_close_the_inbox(news: Any, fan: Any, fan_client: Client):
    """NOT-1: a real kind."""
    tell(fan, words="Fine")
    services.notify(kind="economy.tip_received", person=fan, key="t", data={})
    assert titles(fan_client) == ["Fine"]


def test_a_broken_transaction_is_not_taken_for_a_poison_row(register: Any, fan: Any):
    def fail(*_any: Any) -> Any:
        raise OperationalError("gone")

    register(render=fail)
    tell(fan)
    with pytest.raises(OperationalError):
        lines(fan)
