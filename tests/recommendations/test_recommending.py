"""What somebody may like, and why."""

from __future__ import annotations

import pytest

from app.catalogue import recommending
from tests.factories import NOW, make_customer, make_customers
from tests.recommendations.shopping import (
    DAY,
    HOUR,
    count,
    make_cart,
    make_order,
    make_product,
    make_view,
    sell,
)

pytestmark = pytest.mark.usefixtures("app")


def told(customer_id: int, most: int = 6) -> list[tuple[str, str]]:
    found = recommending.of_customers([customer_id], NOW, most)[customer_id]
    return [(one.product_id, one.reason) for one in found]


def shelf(category: str, *product_ids: str) -> None:
    """They sell better the earlier they are named."""
    for place, one in enumerate(product_ids):
        make_product(one, category)
        sell(*[one] * (len(product_ids) - place))


def test_somebody_of_whom_nothing_is_known_sees_what_is_popular():
    shelf("camping", "tent", "stove")
    count()
    maya = make_customer()
    assert told(maya.id) == [("tent", "Popular now"), ("stove", "Popular now")]
    [first, _] = recommending.of_customers([maya.id], NOW)[maya.id]
    assert (first.name, first.price, first.currency, first.url) == ("Tent", 1000, "EUR", "https://shop.example/tent")


def test_an_empty_shop_recommends_nothing():
    assert told(make_customer().id) == []
    assert recommending.of_customers([], NOW) == {}


def test_best_sellers_come_of_the_category_that_was_looked_at_most_in_the_last_fifty_looks():
    shelf("festivals", "ticket", "camp", "bus")
    shelf("books", "novel", "atlas")
    count()
    maya = make_customer()
    for _ in range(60):
        make_view(maya.id, "novel", NOW - 40 * DAY)
    for n in range(30):
        make_view(maya.id, "ticket", NOW - DAY + n * HOUR / 60)
    found = told(maya.id)
    assert found[:3] == [(one, "Best seller in festivals") for one in ("ticket", "camp", "bus")]
    assert [reason for _, reason in found[3:]] == ["Popular now"] * 2


def test_a_list_has_something_of_each_reason_and_the_rest_in_their_order():
    shelf("festivals", "ticket", "camp", "bus", "shirt", "hat")
    for one in ("tent", "stove", "lamp", "guide", "map"):
        make_product(one)
    maya, jonas, wen = (one.id for one in make_customers(3))
    for product_id in ("tent", "stove", "lamp"):
        make_view(jonas, product_id)
    make_order(wen, "guide", "map", at=NOW - 60 * DAY)
    count()
    for n, product_id in enumerate(("ticket", "ticket", "tent")):
        make_view(maya, product_id, NOW - DAY + n * HOUR)
    make_order(maya, "guide", at=NOW - 100 * DAY)
    assert told(maya) == [
        ("ticket", "Best seller in festivals"),
        ("camp", "Best seller in festivals"),
        ("bus", "Best seller in festivals"),
        ("stove", "Often looked at with Tent"),
        ("lamp", "Often looked at with Tent"),
        ("map", "Bought with Guide"),
    ]
    assert [one for one, _ in told(maya, 9)] == [
        "ticket",
        "camp",
        "bus",
        "shirt",
        "hat",
        "stove",
        "lamp",
        "map",
        "guide",
    ]
    assert told(maya, 1) == [("ticket", "Best seller in festivals")]


def test_what_they_bought_lately_or_have_in_the_cart_is_left_away():
    shelf("camping", "tent", "stove", "lamp", "mat")
    count()
    maya, jonas = (one.id for one in make_customers(2))
    make_order(maya, "tent", at=NOW - 89 * DAY)
    make_order(maya, "stove", at=NOW - 91 * DAY)
    make_order(maya, "mat", status="cancelled")
    make_cart(maya, "lamp")
    assert told(maya) == [("stove", "Popular now"), ("mat", "Popular now")]
    assert len(told(jonas)) == 4


def test_what_is_sold_out_or_could_not_be_shown_is_left_away():
    shelf("camping", "tent", "stove", "lamp")
    make_product("gone", "camping", in_stock=False)
    make_product("none", "camping", stock=0)
    make_product("ordered", "camping", in_stock=True, stock=0)
    make_product("nowhere", "camping", url=None)
    make_product("nameless", "camping", name=None)
    sell(*["gone", "none", "ordered", "nowhere", "nameless"] * 5)
    count()
    assert [one for one, _ in told(make_customer().id)] == ["ordered", "tent", "stove", "lamp"]


def test_many_are_asked_for_at_once_and_each_gets_their_own():
    shelf("camping", "tent")
    shelf("books", "novel")
    count()
    maya, jonas, wen = (one.id for one in make_customers(3))
    make_view(maya, "tent"), make_view(jonas, "novel")
    found = recommending.of_customers([maya, jonas, wen, maya], NOW)
    assert [found[one][0].reason for one in (maya, jonas, wen)] == [
        "Best seller in camping", "Best seller in books", "Popular now",
    ]  # fmt: skip
    assert all(len(one) == 2 for one in found.values())


def test_a_session_that_is_nobodys_has_its_own_looks_and_cart():
    shelf("camping", "tent", "stove")
    shelf("books", "novel")
    count()
    make_view(None, "tent", session_id="s-1")
    make_cart(None, "tent", session_id="s-1")
    found = recommending.of_session("s-1", NOW)
    assert [(one.product_id, one.reason) for one in found] == [
        ("stove", "Best seller in camping"), ("novel", "Popular now"),
    ]  # fmt: skip
    assert {one.reason for one in recommending.of_session(None, NOW)} == {"Popular now"}


def test_looks_of_the_future_and_of_long_ago_say_nothing():
    shelf("camping", "tent")
    count()
    maya = make_customer()
    make_view(maya.id, "tent", NOW + HOUR)
    assert told(maya.id) == [("tent", "Popular now")]
