"""Who watches a product hears of each drop of its price once, where it is low enough for them."""

from __future__ import annotations

import pytest

from tests.automations.behaviours.shop import (
    DAY,
    HOUR,
    answers,
    called,
    ids,
    looks,
    people,
    products_of,
    sells,
    waiting,
    watches,
)
from tests.automations.happening import settle
from tests.automations.making import NOW

DROP = NOW - DAY


@pytest.fixture
def shirt(app):
    sells("shirt", price=3000, name="Shirt", currency="EUR")


def test_whoever_named_a_price_above_it_or_saw_a_higher_one(shirt):
    target, too_low, saw, paid_less, not_asked = people(5)
    watches(target, "shirt", target_price=2500, seen_price=3000)
    watches(too_low, "shirt", target_price=2400, seen_price=3000)
    watches(saw, "shirt", seen_price=3000)
    watches(paid_less, "shirt", seen_price=2400)
    watches(not_asked, "shirt", seen_price=3000, on_price_drop=False)
    sells("shirt", at=DROP, price=2400)
    assert looks(answers("price_drop")) == 2
    assert called() == ids(target, saw)
    assert waiting()[0].facts["products"] == [
        {"product_id": "shirt", "old_price": 3000, "below": 2500, "currency": "EUR"}
    ]


def test_only_a_drop_after_they_began_to_watch(shirt):
    before, after = people(2)
    watches(before, "shirt", at=DROP - HOUR, seen_price=3000)
    sells("shirt", at=DROP, price=2400)
    watches(after, "shirt", at=DROP + HOUR, target_price=2900, seen_price=2400)
    looks(answers("price_drop"))
    assert called() == ids(before)


@pytest.mark.parametrize(("price", "is_called"), [(2701, False), (2700, True)])
def test_cheaper_by_so_many_percent_of_what_they_saw(shirt, price, is_called):
    (maya,) = people(1)
    watches(maya, "shirt", seen_price=3000)
    sells("shirt", at=DROP, price=price)
    assert bool(looks(answers("price_drop", percent=10))) is is_called


def test_who_never_saw_a_price_compares_with_the_one_before(shirt):
    (maya,) = people(1)
    watches(maya, "shirt")
    sells("shirt", at=DROP, price=2900)
    looks(answers("price_drop"))
    assert waiting()[0].facts["products"][0]["old_price"] == 3000


def test_once_for_each_drop(shirt):
    (maya,) = people(1)
    watches(maya, "shirt", target_price=2500)
    automation = answers("price_drop")
    sells("shirt", at=DROP, price=2400)
    assert looks(automation) == 1
    settle(NOW)
    sells("shirt", at=NOW + HOUR, price=2450)
    assert looks(automation, NOW + DAY) == 0
    sells("shirt", at=NOW + 2 * DAY, price=2300)
    assert looks(automation, NOW + 3 * DAY) == 1


def test_not_what_is_sold_out_or_dear_again(shirt):
    maya, noor = people(2)
    sells("mug", price=900)
    watches(maya, "shirt", seen_price=3000)
    watches(noor, "mug", seen_price=900)
    sells("shirt", at=DROP, price=2400, stock=0)
    sells("mug", at=DROP, price=500)
    sells("mug", at=DROP + HOUR, price=950)
    assert looks(answers("price_drop")) == 0


def test_what_one_mail_does_not_show_calls_for_the_next(shirt):
    (maya,) = people(1)
    for number in range(14):
        sells(f"mug-{number:02}", price=900)
        watches(maya, f"mug-{number:02}", seen_price=900)
        sells(f"mug-{number:02}", at=DROP, price=800)
    automation = answers("price_drop")
    assert (looks(automation), len(products_of(waiting()[0]))) == (1, 12)
    settle(NOW)
    assert looks(automation, NOW + DAY) == 1
    assert products_of(waiting()[1]) == ["mug-12", "mug-13"]


def test_another_currency_is_no_lower_price(shirt):
    before, after = people(2)
    watches(before, "shirt", seen_price=3000)
    sells("shirt", at=DROP, price=2400, currency="CHF")
    automation = answers("price_drop")
    assert looks(automation) == 0
    watches(after, "shirt", at=DROP + HOUR, seen_price=2400)
    sells("shirt", at=NOW + HOUR, price=2300)
    looks(automation, NOW + DAY)
    assert called() == ids(after)


def test_no_drop_of_before_the_currency_changed(shirt):
    (maya,) = people(1)
    watches(maya, "shirt", seen_price=3000)
    sells("shirt", at=DROP, price=2400)
    sells("shirt", at=DROP + HOUR, currency="CHF")
    assert looks(answers("price_drop")) == 0


def test_several_products_are_one_mail_the_best_first(shirt):
    maya, noor = people(2)
    sells("mug", price=900)
    sells("bag", price=9000)
    for product_id, seen in (("shirt", 3000), ("mug", 900), ("bag", 9000)):
        watches(maya, product_id, seen_price=seen)
    watches(noor, "mug", seen_price=900)
    for product_id, price in (("shirt", 2400), ("mug", 800), ("bag", 5000)):
        sells(product_id, at=DROP, price=price)
    assert looks(answers("price_drop")) == 2
    assert [products_of(one) for one in waiting()] == [["bag", "shirt", "mug"], ["mug"]]
