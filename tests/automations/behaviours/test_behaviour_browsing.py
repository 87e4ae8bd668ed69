"""Who looked at a product again and again, and not any more, is reminded of it."""

from __future__ import annotations

from tests.automations.behaviours.shop import (
    BAG,
    DAY,
    HOUR,
    MUG,
    SHIRT,
    answers,
    buys,
    called,
    fills_cart,
    ids,
    looks,
    looks_at,
    moments,
    people,
    products_of,
    sells,
    waiting,
)
from tests.automations.happening import settle
from tests.automations.making import NOW
from tests.factories import make_event

SEEN = NOW - 3 * DAY


def test_whoever_looked_three_times_and_no_more_for_two_days(app):
    often, twice, lately, long_ago = people(4)
    sells("shirt", price=1900)
    looks_at(often, "shirt", *moments(SEEN, 3))
    looks_at(twice, "shirt", *moments(SEEN, 2))
    looks_at(lately, "shirt", *moments(NOW - 47 * HOUR, 3))
    looks_at(long_ago, "shirt", SEEN, SEEN - HOUR, NOW - 31 * DAY)
    assert looks(answers("browse")) == 1
    assert called() == ids(often)
    assert waiting()[0].facts["products"][0]["views"] == 3


def test_not_whoever_wants_it_already(app):
    in_cart, added, bought, other = people(4)
    sells("shirt", price=1900)
    for one in (in_cart, added, bought, other):
        looks_at(one, "shirt", *moments(SEEN, 3))
    fills_cart(in_cart, SHIRT)
    make_event(added, "cart_added", SEEN - HOUR, product_id="shirt")
    buys(bought, SHIRT, at=SEEN + HOUR)
    fills_cart(other, MUG)
    make_event(other, "cart_added", SEEN, product_id="mug")
    make_event(other, "cart_added", SEEN - 5 * HOUR, product_id="shirt")
    buys(other, BAG, at=SEEN + HOUR)
    looks(answers("browse"))
    assert called() == ids(other)


def test_only_what_is_in_the_catalogue_and_in_stock(app):
    for product_id, said in (("gone", {"stock": 0}), ("shut", {"in_stock": False}), ("shirt", {})):
        sells(product_id, price=1900, **said)
    some = people(4)
    for one, product_id in zip(some, ("gone", "shut", "shirt", "unknown"), strict=True):
        looks_at(one, product_id, *moments(SEEN, 3))
    looks(answers("browse"))
    assert called() == ids(some[2])


def test_of_several_the_one_seen_most_and_of_these_the_latest(app):
    maya, noor = people(2)
    for product_id in ("shirt", "mug"):
        sells(product_id, price=1900)
    looks_at(maya, "shirt", *moments(SEEN - DAY, 4))
    looks_at(maya, "mug", *moments(SEEN, 3))
    looks_at(noor, "shirt", *moments(SEEN - DAY, 3))
    looks_at(noor, "mug", *moments(SEEN, 3))
    automation = answers("browse", at_most_every="0h")
    looks(automation)
    assert [products_of(one) for one in waiting()] == [["shirt"], ["mug"]]
    settle(NOW)
    assert looks(automation, NOW + HOUR) == 0


def test_who_answers_at_once_asks_about_those_who_have_just_stopped(app):
    stopped, long_ago = people(2)
    sells("shirt", price=1900)
    looks_at(stopped, "shirt", *moments(NOW - 49 * HOUR, 3))
    looks_at(long_ago, "shirt", *moments(NOW - 8 * DAY, 3))
    looks(answers("browse", when="at_once"))
    assert called() == ids(stopped)
