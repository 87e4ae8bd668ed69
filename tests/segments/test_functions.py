"""Who is found by each function that comes along."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.audit.actor import SYSTEM
from app.catalogue import orders
from app.customers.who import Who
from app.db import db
from app.segments.functions import running
from app.settings import team
from app.settings.team import Team
from tests.catalogue.buying import bring, order, paid
from tests.factories import NOW, make_customer, make_customers


@pytest.fixture(autouse=True)
def _app(app):
    """Every test is on a clean database."""


def drawn(percent, salt="spring"):
    return set(running.ids("random_percent", {"percent": percent, "salt": salt}))


def top(n, now=NOW, **said):
    return running.ids("top_spenders", {"n": n, **said}, now=now)


def whose_birthday(days=0, now=NOW):
    return set(running.ids("birthdays", {"days": days}, now=now))


def born(day, name="birthday"):
    return make_customer(attributes={name: day}).id


def bought(customer, total, order_id=None, **said):
    bring(orders, paid(order_id or f"o{customer.id}", Who(customer_id=customer.id), total, **said))


def days_begin_in(zone):
    team.save(Team(timezone=zone), 0, SYSTEM)
    db.session.commit()


def test_no_percent_draws_nobody_and_a_hundred_everybody():
    everybody = {one.id for one in make_customers(50)}
    assert drawn(0) == set()
    assert drawn(100) == everybody
    assert drawn(100.0) == everybody


def test_a_percentage_draws_about_as_many():
    make_customers(2000)
    assert 430 < len(drawn(25)) < 570
    assert 4 < len(drawn(1.25)) < 50


def test_the_same_word_draws_the_same_people_whoever_joins_later():
    first = {one.id for one in make_customers(200)}
    before = drawn(30)
    make_customers(200, email=None, lms_lead_id=None)
    assert drawn(30) & first == before


def test_another_word_draws_other_people():
    make_customers(200)
    assert drawn(50, "spring") != drawn(50, "autumn")
    assert drawn(50, "") == set(running.ids("random_percent", {"percent": 50}))


def test_a_higher_percentage_keeps_who_was_drawn():
    make_customers(300)
    assert drawn(10) < drawn(30) < drawn(80)


def test_the_lot_falls_the_same_on_every_server_and_in_every_year():
    for number in range(7_000_001, 7_000_021):
        make_customer(id=number)
    found = sorted(one - 7_000_000 for one in drawn(30, "golden"))
    assert found == [1, 3, 4, 7, 8, 9, 10, 12, 13, 18, 20]


def test_the_top_is_who_spent_the_most():
    little, much, nothing = make_customers(3)
    bought(little, 100)
    bought(much, 60, "a")
    bought(much, 50, "b")
    assert top(1) == [much.id]
    assert top(5) == [much.id, little.id]
    assert nothing.id not in top(5)


def test_of_the_same_sum_the_older_customer_is_taken():
    people = make_customers(4)
    for one in reversed(people):
        bought(one, 500)
    assert top(2) == [people[0].id, people[1].id]


def test_what_was_given_back_was_not_spent():
    kept, half, gone, cancelled = make_customers(4)
    bought(kept, 600)
    bought(half, 1000)
    bring(orders, order(f"o{half.id}", Who(), status="refunded", refunded_total=500))
    bought(gone, 9000)
    bring(orders, order(f"o{gone.id}", Who(), status="refunded"))
    bought(cancelled, 9000, status="cancelled")
    assert top(10) == [kept.id, half.id]


def test_only_orders_within_the_time_count():
    early, late, next_year = make_customers(3)
    bought(early, 900, occurred_at=NOW - timedelta(days=30, seconds=1))
    bought(late, 100, occurred_at=NOW - timedelta(days=30))
    bought(next_year, 500, occurred_at=NOW + timedelta(hours=1))
    assert top(10, within="30d") == [late.id]
    assert top(10) == [early.id, late.id]
    assert top(10, within="31d") == [early.id, late.id]


def test_somebody_erased_takes_no_place_at_the_top():
    gone, here = make_customers(2)
    bought(gone, 900)
    bought(here, 100)
    gone.erased_at = NOW
    db.session.commit()
    assert top(1) == [here.id]
    assert drawn(100) == {here.id}


def test_a_birthday_is_today_and_in_the_days_ahead():
    today, tomorrow, in_a_week, in_eight = (born(f"1990-10-{day}") for day in (22, 23, 29, 30))
    yesterday = born("1990-10-21")
    assert whose_birthday() == {today}
    assert whose_birthday(1) == {today, tomorrow}
    assert whose_birthday(7) == {today, tomorrow, in_a_week}
    assert whose_birthday(366) == {today, tomorrow, in_a_week, in_eight, yesterday}


def test_three_names_hold_a_birthday_and_the_first_of_them_counts():
    people = {born("1990-10-22", name) for name in ("birthday", "birthdate", "date_of_birth")}
    both = make_customer(attributes={"birthday": "unknown", "date_of_birth": "1990-10-22"}).id
    make_customer(attributes={"birthday": "1990-10-24", "birthdate": "1990-10-22"})
    born("1990-10-22", "wedding")
    assert whose_birthday() == {*people, both}


@pytest.mark.parametrize(
    "odd", ["22.10.1990", "10-22", "", None, 19901022, ["1990-10-22"], "1990-10-22T00:00:00Z", "born-10-22"]
)
def test_what_is_no_day_is_nobodys_birthday(odd):
    born(odd)
    assert whose_birthday(366) == set()


def test_the_day_is_the_teams():
    born("1990-10-22")
    tokyo = born("1990-10-23")
    days_begin_in("Asia/Tokyo")
    assert whose_birthday(now=datetime(2026, 10, 22, 15, 0, tzinfo=UTC)) == {tokyo}
    assert tokyo not in whose_birthday(now=datetime(2026, 10, 22, 14, 59, 59, tzinfo=UTC))


def test_at_new_year_the_days_go_on():
    eve, new_year, second = (born(f"1990-{day}") for day in ("12-31", "01-01", "01-02"))
    now = datetime(2026, 12, 31, 12, tzinfo=UTC)
    assert whose_birthday(0, now) == {eve}
    assert whose_birthday(1, now) == {eve, new_year}
    assert whose_birthday(2, now) == {eve, new_year, second}


@pytest.mark.parametrize(
    ("year", "day", "is_theirs"),
    [
        (2027, "02-28", True),
        (2027, "03-01", False),
        (2028, "02-28", False),
        (2028, "02-29", True),
        (2100, "02-28", True),
    ],
)
def test_the_29th_of_february_is_the_28th_in_other_years(year, day, is_theirs):
    leap = born("2000-02-29")
    now = datetime.fromisoformat(f"{year}-{day}T12:00:00+00:00")
    assert (leap in whose_birthday(0, now)) == is_theirs


def test_somebody_born_on_the_28th_has_it_every_year():
    one = born("1999-02-28")
    assert whose_birthday(0, datetime(2027, 2, 28, 12, tzinfo=UTC)) == {one}
    assert whose_birthday(0, datetime(2028, 2, 28, 12, tzinfo=UTC)) == {one}
