"""Pages by keyset: every row once, in both directions, whatever happens to the rows meanwhile."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from app import paging
from app.customers.customer import Customer
from app.db import db
from app.paging import BadCursor, Order, page
from tests.factories import make_customers

CREATED = Order("-created", Customer.created_date, Customer.id)
NAME = Order("name", Customer.sort_name, Customer.id)


def walk(order: Order, limit: int) -> list[int]:
    seen, cursor = [], None
    while True:
        here = page(select(Customer), order, cursor, limit)
        seen += [row.id for row in here.rows]
        if here.older is None:
            return seen
        cursor = here.older


@pytest.mark.usefixtures("app")
class TestPages:
    def test_every_row_comes_once_although_all_have_the_same_key(self):
        people = make_customers(23, created_date="2026-01-01T00:00:00Z")
        assert sorted(walk(CREATED, 5)) == [person.id for person in people]

    def test_rows_come_in_the_order_asked_for(self):
        people = make_customers(7)
        assert walk(CREATED, 3) == [person.id for person in reversed(people)]
        assert walk(NAME, 3) == [person.id for person in people]

    def test_newer_leads_back_to_the_very_same_rows(self):
        make_customers(9)
        first = page(select(Customer), CREATED, None, 3)
        second = page(select(Customer), CREATED, first.older, 3)
        back = page(select(Customer), CREATED, second.newer, 3)
        assert [row.id for row in back.rows] == [row.id for row in first.rows]
        assert back.newer is None
        assert (second.first, second.last, back.first) == (4, 6, 1)

    def test_a_row_that_left_meanwhile_shifts_nothing(self):
        people = make_customers(6)
        first = page(select(Customer), CREATED, None, 2)
        db.session.delete(people[-1])  # it stood on the page that was just read
        db.session.commit()
        second = page(select(Customer), CREATED, first.older, 2)
        assert [row.id for row in second.rows] == [people[3].id, people[2].id]

    def test_the_count_is_exact_below_the_cap_and_says_so_above_it(self, monkeypatch):
        make_customers(12)
        assert paging.capped_count(select(Customer), cap=12) == (12, False)
        assert paging.capped_count(select(Customer), cap=11) == (11, True)

    def test_empty_names_do_not_fall_out_of_the_list(self):
        make_customers(5)
        db.session.execute(update(Customer).where(Customer.id < 4).values(first_name=None, last_name=None))
        db.session.commit()
        assert len(walk(NAME, 2)) == 5


BAD = [
    "x",
    "%%%",
    "e30",
    "bnVsbA",
    "WyJuYW1lIixmYWxzZSwwLDEsMV0",
    "A" * 3000,
    "é",
    "WyItY3JlYXRlZCIsZmFsc2UsMCwieCIsMV0",
]


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("cursor", BAD)
def test_a_forged_cursor_is_refused(cursor):
    with pytest.raises(BadCursor):
        page(select(Customer), CREATED, cursor, 3)


@pytest.mark.usefixtures("app")
def test_a_cursor_of_another_sort_is_refused():
    make_customers(5)
    cursor = page(select(Customer), CREATED, None, 2).older
    with pytest.raises(BadCursor):
        page(select(Customer), NAME, cursor, 2)
