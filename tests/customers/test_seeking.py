"""Whichever way a page is found, it is the page that a plain sort of all matches would show."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app import seeking
from app.customers.customer import Customer
from app.seeking import Seek
from tests.factories import make_customers

WAYS = {
    "near": {"NEAR": 100},
    "few": {"NEAR": 2, "cap": 100},
    "few by a wrong estimate": {"NEAR": 2, "FEW": 1_000},
    "farther": {"NEAR": 2, "cap": 3, "FEW": -1, "FARTHER": 30},
    "all": {"NEAR": 2, "cap": 3, "FEW": -1, "FARTHER": 4},
}
EVEN = (Customer.id % 2) == 0


CAP = {"cap": seeking.COUNT_CAP}  # of the way that a test goes


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    monkeypatch.setitem(CAP, "cap", WAYS[request.param].get("cap", seeking.COUNT_CAP))
    for name, value in WAYS[request.param].items():
        if name != "cap":
            monkeypatch.setattr(seeking, name, value)
    return request.param


@pytest.mark.usefixtures("app", "way")
@pytest.mark.parametrize("is_downward", [False, True], ids=["up", "down"])
class TestWays:
    def test_the_first_page_is_the_beginning_of_all_matches(self, is_downward):
        people = make_customers(40)
        assert seek(is_downward, None) == expected(people, is_downward)[:6]

    def test_a_later_page_goes_on_behind_the_key(self, is_downward):
        people = make_customers(40)
        whole = expected(people, is_downward)
        behind = next(person for person in people if person.id == whole[5])
        assert seek(is_downward, (behind.created_date, behind.id)) == whole[6:12]

    def test_the_last_page_ends_the_list(self, is_downward):
        people = make_customers(40)
        whole = expected(people, is_downward)
        behind = next(person for person in people if person.id == whole[-3])
        assert seek(is_downward, (behind.created_date, behind.id)) == whole[-2:]

    def test_matches_that_crowd_at_one_end_are_found(self, is_downward):
        people = make_customers(40)
        far = people[:8] if is_downward else people[-8:]
        rows = select(Customer).where(Customer.id.in_([person.id for person in far]))
        whole = sorted((person.id for person in far), reverse=is_downward)
        assert list(found(rows, is_downward, None).ids) == whole[:6]

    def test_a_filter_on_the_sort_column_keeps_its_order(self, is_downward):
        people = make_customers(40)
        late = people[30].created_date
        rows = select(Customer).where(Customer.created_date < late)
        whole = sorted((p.id for p in people if p.created_date < late), reverse=is_downward)
        assert list(found(rows, is_downward, None).ids) == whole[:6]


@pytest.mark.usefixtures("app")
class TestCounts:
    def test_it_is_exact_up_to_the_cap(self, monkeypatch):
        monkeypatch.setattr(seeking, "NEAR", 2)
        make_customers(9)
        assert found(select(Customer).where(EVEN), False, None).count == 4

    def test_nobody_is_a_page_of_nobody(self):
        make_customers(3)
        nobody = found(select(Customer).where(Customer.id < 0), True, None)
        assert (list(nobody.ids), nobody.count) == ([], 0)


def seek(is_downward, past):
    return list(found(select(Customer).where(EVEN), is_downward, past).ids)


def found(rows, is_downward, past):
    return Seek(rows, Customer.created_date, Customer.id, is_downward, past, most=6, **CAP).found()


def expected(people, is_downward):
    return sorted((person.id for person in people if person.id % 2 == 0), reverse=is_downward)
