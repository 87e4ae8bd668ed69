"""What sells best and what goes together, as it was worked out by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.catalogue import counting, jobs
from app.db import db
from app.ops import recurring
from app.queue import BELLS
from tests.factories import NOW, make_customers
from tests.recommendations.shopping import (
    DAY,
    best,
    count,
    make_order,
    make_product,
    make_view,
    pairs,
    sell,
)

pytestmark = pytest.mark.usefixtures("app")


def test_best_sellers_are_the_pieces_paid_in_ninety_days_by_category_and_over_all():
    for product_id, category in (("tent", "camping"), ("stove", "camping"), ("ticket", "festivals"), ("mug", None)):
        make_product(product_id, category)
    sell("stove", "stove", "stove", "tent", "ticket", "ticket", "mug")
    sell("tent", "tent", "tent", at=NOW - 91 * DAY)
    make_order(make_customers(1)[0].id, "tent", "tent", "tent", status="cancelled")
    sell("what nobody knows")
    count()
    assert best() == {
        "": ["stove", "ticket", "mug", "tent"],
        "camping": ["stove", "tent"],
        "festivals": ["ticket"],
    }


def test_pieces_count_and_not_orders():
    make_product("tent", "camping"), make_product("stove", "camping")
    sell("stove", "stove")
    make_order(make_customers(1)[0].id, "tent", at=NOW)
    db.session.execute(text("""UPDATE orders SET items = '[{"product_id": "tent", "quantity": 5}]'
                               WHERE customer_id IS NOT NULL"""))  # fmt: skip
    count()
    assert best()["camping"] == ["tent", "stove"]


def test_only_the_best_two_dozen_of_a_category_are_kept():
    for n in range(30):
        make_product(f"p{n:02}", "books")
    sell(*(f"p{n:02}" for n in range(30)), "p29")
    count()
    assert best()["books"] == ["p29", *(f"p{n:02}" for n in range(counting.BEST - 1))]


def test_who_looked_at_one_looked_at_the_other():
    maya, jonas, wen = (one.id for one in make_customers(3))
    for one in ("tent", "stove", "mug", "old"):
        make_product(one)
    for person, seen in ((maya, "tent stove mug"), (jonas, "tent stove stove"), (wen, "mug")):
        for product_id in seen.split():
            make_view(person, product_id)
    make_view(maya, "old", NOW - 40 * DAY)
    make_view(maya, "what nobody knows")
    for product_id in ("stove", "mug"):
        make_view(None, product_id, session_id="anybody could invent it")
    count()
    assert pairs("viewed") == {
        "tent": [("stove", 2), ("mug", 1)],
        "stove": [("tent", 2), ("mug", 1)],
        "mug": [("tent", 1), ("stove", 1)],
    }


def test_of_somebody_who_looks_at_everything_only_the_last_products_count(monkeypatch):
    monkeypatch.setattr(counting, "LAST", 2)
    [maya] = make_customers(1)
    for n, one in enumerate(("first", "second", "third")):
        make_product(one)
        make_view(maya.id, one, NOW - DAY + timedelta(minutes=n))
    make_view(maya.id, "first", NOW - 2 * DAY)
    count()
    assert pairs("viewed") == {"second": [("third", 1)], "third": [("second", 1)]}


def test_of_many_people_those_who_came_last_count(monkeypatch):
    monkeypatch.setattr(counting, "WORK", 1)
    maya, jonas = (one.id for one in make_customers(2))
    for one in ("tent", "stove", "mug"):
        make_product(one)
    make_view(maya, "tent", NOW - 2 * DAY), make_view(maya, "mug", NOW - 2 * DAY)
    make_view(jonas, "tent"), make_view(jonas, "stove")
    count()
    assert pairs("viewed") == {"tent": [("stove", 1)], "stove": [("tent", 1)]}


def test_what_one_person_bought_goes_together_also_in_several_orders():
    maya, jonas = (one.id for one in make_customers(2))
    for one in ("tent", "stove", "mug"):
        make_product(one)
    make_order(maya, "tent", at=NOW - 100 * DAY)
    make_order(maya, "stove", "stove")
    make_order(jonas, "tent", "mug", at=NOW - 181 * DAY)
    make_order(jonas, "tent", "mug", status="refunded")
    count()
    assert pairs("bought") == {"tent": [("stove", 1)], "stove": [("tent", 1)]}


def test_counting_again_writes_only_what_differs():
    [maya] = make_customers(1)
    make_product("tent", "camping"), make_product("stove", "camping")
    make_order(maya.id, "tent", "stove")
    make_view(maya.id, "tent"), make_view(maya.id, "stove")
    assert count() == 8
    assert count() == 0
    make_product("mug", "camping")
    make_order(maya.id, "mug")
    db.session.execute(text("UPDATE products SET name = NULL WHERE product_id = 'stove'"))
    count()
    assert best()["camping"] == ["mug", "tent"]
    assert pairs("bought") == {"tent": [("mug", 1)], "mug": [("tent", 1)]}
    assert count(NOW + 200 * DAY) > 0
    assert (best(), pairs("viewed"), pairs("bought")) == ({}, {}, {})


def test_a_count_that_is_killed_half_way_has_changed_nothing():
    make_product("tent", "camping")
    sell("tent")
    count()
    make_product("stove", "camping")
    sell("stove", "stove")
    counting.best_sellers(NOW)
    db.session.rollback()
    assert best()["camping"] == ["tent"]


def test_once_an_hour_the_clock_rings_the_job_that_counts():
    make_product("tent", "camping")
    db.session.execute(text("INSERT INTO orders (order_id, email_folded, total, currency, status, items, occurred_at)"
                            " VALUES ('1', 'p@posteo.example', 1, 'EUR', 'paid',"
                            " '[{\"product_id\": \"tent\", \"quantity\": 1}]', now() - interval '1 day')"))  # fmt: skip
    db.session.commit()
    recurring.do("Count what sells and what goes together", NOW)
    assert BELLS["catalogue.count"].queue == "upkeep"
    assert jobs.count() == 2
    assert best() == {"": ["tent"], "camping": ["tent"]}
