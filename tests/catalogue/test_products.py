"""Products: what is said is kept, what becomes of price and stock is remembered."""

from __future__ import annotations

import threading

import pytest

from app.catalogue import products
from app.catalogue.product import Product, ProductChange
from app.db import db
from tests.catalogue.buying import bring, counts, product, rows


def changes() -> list[tuple[str, object, object]]:
    return [(change.name, change.old, change.new) for change in db.session.query(ProductChange).order_by("id")]


def held(product_id: str = "shirt") -> Product:
    db.session.expire_all()
    return db.session.query(Product).filter_by(product_id=product_id).one()


def test_a_new_product_is_kept_with_what_was_said(app):
    tally, happened = bring(
        products, product(name="Shirt", price=1900, currency="eur", stock=3, url="https://x.example/s")
    )
    assert (counts(tally), happened) == ((1, 0, 0, []), [])
    shirt = held()
    assert (shirt.name, shirt.price, shirt.currency, shirt.stock, shirt.in_stock) == ("Shirt", 1900, "EUR", 3, True)


def test_what_is_absent_stays_and_what_is_null_goes(app):
    bring(products, product(name="Shirt", category="Wear", price=1900))
    tally, _ = bring(products, product(category=None))
    assert counts(tally) == (0, 1, 0, [])
    assert (held().name, held().category, held().price) == ("Shirt", None, 1900)


def test_prices_and_stock_are_remembered_with_their_source(app):
    bring(products, product(price=1900, stock=1))
    bring(products, product(price=1500))
    bring(products, product(stock=0))
    assert changes() == [
        ("price", None, 1900),
        ("stock", None, 1),
        ("in_stock", None, True),
        ("price", 1900, 1500),
        ("stock", 1, 0),
        ("in_stock", True, False),
    ]
    assert {change["source"] for change in rows("product_changes")} == {"Shop (API)"}


def test_of_currencies_a_change_is_remembered_and_the_first_is_not(app):
    bring(products, product(currency="EUR"))
    bring(products, product(currency="chf"))
    assert changes() == [("currency", "EUR", "CHF")]


def test_the_stock_says_whether_it_is_there_unless_that_is_said(app):
    bring(products, product("a", stock=0, in_stock=True), product("b", stock=4, in_stock=False))
    assert (held("a").in_stock, held("b").in_stock) == (True, False)


def test_the_same_again_changes_nothing(app):
    bring(products, product(name="Shirt", price=1900))
    tally, _ = bring(products, product(name="Shirt", price=1900))
    assert counts(tally) == (0, 0, 1, [])
    assert len(changes()) == 1


def test_a_product_that_comes_twice_counts_each_time_and_the_last_wins(app):
    tally, _ = bring(products, product(price=1900), product(price=1500), product(price=1500))
    assert counts(tally) == (1, 1, 1, [])
    assert held().price == 1500
    assert changes() == [("price", None, 1900), ("price", 1900, 1500)]


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ({"price": -1}, "bad_value price"),
        ({"stock": -1}, "bad_value stock"),
        ({"price": 2**63}, "bad_value price"),
        ({"currency": "EURO"}, "bad_value currency"),
        ({"currency": "€€€"}, "bad_value currency"),
        ({"url": "javascript:alert(1)"}, "bad_value url"),
        ({"image_url": "http://[x"}, "bad_value image_url"),
        ({"name": "x" * 2001}, "too_long name"),
        ({"name": "a\0b"}, "bad_value name"),
    ],
)
def test_nonsense_is_refused_by_name_and_the_rest_is_kept(app, said, refused):
    tally, _ = bring(products, product("good"), product("bad", **said))
    assert counts(tally) == (1, 0, 0, [refused])
    assert tally.rejects[0].index == 1


def test_a_product_needs_an_id(app):
    assert counts(bring(products, product(""))[0])[3] == ["missing product_id"]


def test_several_at_once_neither_lose_nor_repeat_anything(app):
    keys = [f"p{n}" for n in range(40)]

    def feed(price: int, order: list[str]) -> None:
        with app.app_context():
            for _ in range(5):
                bring(products, *(product(key, price=price) for key in order))
            db.session.remove()

    threads = [threading.Thread(target=feed, args=(n, keys[:: 1 if n % 2 else -1])) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rows("products")) == 40
    assert {product["price"] for product in rows("products")} <= {1, 2, 3, 4}
