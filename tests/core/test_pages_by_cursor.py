"""API-2: lists by cursor neither repeat nor skip, whatever happens meanwhile."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from digis.core import clock
from digis.core.errors import ValidationFailed
from digis.core.models import OutboxEntry
from digis.core.pagination import cursor_page

pytestmark = pytest.mark.django_db


def entries(count, *, ties=False):
    start = clock.now()
    return OutboxEntry.objects.bulk_create(
        OutboxEntry(kind=f"k{n % 3}", tries=n % 4, created_at=start + timedelta(seconds=0 if ties else n))
        for n in range(count)
    )


def page_of(cursor="", order="-created_at", size=10):
    request = RequestFactory().get("/list/", {"q": "x", **({"cursor": cursor} if cursor else {})})
    return cursor_page(OutboxEntry.objects.all(), request=request, order=order, size=size)


def walk(order, size=7):
    found, cursor = [], ""
    while True:
        page = page_of(cursor, order, size)
        found += [entry.pk for entry in page]
        if not page.has_next:
            return found
        cursor = page.next_cursor


@pytest.mark.parametrize("order", ["-created_at", "created_at", "-tries,kind", "kind,-created_at", "-pk", "pk"])
@pytest.mark.parametrize("ties", [False, True])
def test_walking_the_pages_meets_every_row_once_and_in_order(order, ties):
    entries(40, ties=ties)
    names = order.split(",")
    if "pk" not in order:
        names.append("-pk" if names[0].startswith("-") else "pk")
    assert walk(order) == list(OutboxEntry.objects.order_by(*names).values_list("pk", flat=True))


def test_a_row_that_comes_meanwhile_shifts_nothing():
    entries(20)
    first = page_of()
    entries(5)
    second = page_of(first.next_cursor)
    assert not {e.pk for e in first} & {e.pk for e in second}
    assert len(second) == 10


def test_a_page_is_one_query_whatever_its_place():
    entries(50)
    cursor = page_of().next_cursor
    for asked in ("", cursor):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page_of(asked)
        assert len(queries) == 1


def test_the_link_to_more_keeps_the_filters():
    entries(11)
    page = page_of()
    assert page.next_url.startswith("/list/?q=x&cursor=")
    assert page_of(page.next_cursor).next_cursor is None


def test_a_last_page_that_is_full_leads_nowhere():
    entries(10)
    assert page_of().next_cursor is None


def test_a_cursor_cannot_be_made_up():
    entries(12)
    other = page_of(order="kind").next_cursor
    for cursor in ("x", "eyJhIjoxfQ", page_of().next_cursor + "x", other):
        with pytest.raises(ValidationFailed):
            page_of(cursor)
