"""A file of products: what its columns mean, what it would change, that it is written once, and undone."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.catalogue import export, products
from app.catalogue.product import Product, ProductChange
from app.catalogue.watch import Watch
from app.customers.attribute_values import Wrong
from app.db import db
from app.imports import journey, mapping, showing
from app.imports.prices import minor_units
from app.imports.upload import ImportReject
from tests.catalogue.buying import bring as publish
from tests.catalogue.buying import product
from tests.factories import make_customer
from tests.imports.bringing import (
    MAX,
    bring,
    carried_on,
    confirmed,
    counts,
    foreseen,
    some_steps,
    undone,
    uploaded,
    written,
)

FILE = "product_id,name,price,currency,stock\nshirt,Shirt,19.90,EUR,5\nmug,Mug,9,EUR,\n"

pytestmark = pytest.mark.usefixtures("app")


def held(product_id: str = "shirt") -> Product | None:
    db.session.expire_all()
    return db.session.scalar(select(Product).where(Product.product_id == product_id))


def rejected(upload) -> list[tuple[int, str | None, str]]:
    rows = db.session.scalars(select(ImportReject).where(ImportReject.import_id == upload.id).order_by("line"))
    return [(row.line, row.column_name, row.reason) for row in rows]


def fields(content: str) -> list[str]:
    return [column["field"] for column in uploaded(content, "products").columns]


def test_a_file_creates_products_and_an_empty_cell_says_nothing():
    upload = written(FILE, "products")
    assert counts(upload) == foreseen(upload) == (2, 0, 0, 0)
    shirt, mug = held("shirt"), held("mug")
    assert (shirt.name, shirt.price, shirt.currency, shirt.stock, shirt.in_stock) == ("Shirt", 1990, "EUR", 5, True)
    assert (mug.price, mug.stock, mug.in_stock, mug.import_id) == (900, None, None, upload.id)


def test_the_same_file_again_changes_nothing():
    written(FILE, "products")
    assert foreseen(bring(FILE, "products")) == (0, 0, 2, 0)


def test_the_preview_says_what_would_change_with_the_money_and_writes_nothing():
    publish(products, product("shirt", price=2490, currency="EUR", stock=5))
    upload = bring(FILE, "products")
    assert foreseen(upload) == (1, 1, 0, 0)
    assert upload.preview["values"] == 2, "name and price"
    (changed,) = showing.samples(upload, "updated")
    assert [(change.name, change.old, change.new) for change in changed.changes][1] == (
        "price",
        "24.90 EUR",
        "19.90 EUR",
    )
    assert held().price == 2490


def test_a_changed_price_and_stock_are_remembered_as_those_of_the_api_are():
    publish(products, product("shirt", price=2490, currency="EUR", stock=5))
    upload = written("product_id,price,stock\nshirt,19.90,0\n", "products")
    mine = db.session.scalars(select(ProductChange).where(ProductChange.import_id == upload.id).order_by("id"))
    told = [(change.name, change.old, change.new, change.source) for change in mine]
    changed = (("price", 2490, 1990), ("stock", 5, 0), ("in_stock", True, False))
    assert told == [(*change, upload.said) for change in changed]


def test_a_price_of_whole_numbers_is_read_as_the_api_has_it_until_somebody_says_otherwise():
    assert fields("product_id,price\nshirt,1990\nmug,900\n") == ["product_id", "price_minor"]
    assert fields("product_id,price\nshirt,1990\nmug,9.00\n") == ["product_id", "price"]
    assert fields("sku,price_cents,title,link\nshirt,1990,Shirt,https://x.example\n") == [
        "product_id", "price_minor", "name", "url"]  # fmt: skip
    written("product_id,price,currency\nshirt,1990,EUR\n", "products")
    assert held().price == 1990


@pytest.mark.parametrize(
    ("cell", "currency", "minor"),
    [
        ("19.90", "EUR", 1990),
        ("19,9", "EUR", 1990),
        ("20", "EUR", 2000),
        ("1.234,56", "EUR", 123456),
        ("1,234.5", None, 123450),
        ("1’234’567.00", "CHF", 123456700),
        ("1.234.567", "EUR", 123456700),
        ("500", "JPY", 500),
        ("500.00", "JPY", 500),
        ("1.234", "KWD", 1234),
    ],
)
def test_prices_as_people_write_them(cell, currency, minor):
    assert minor_units(cell, currency) == minor


@pytest.mark.parametrize(
    ("cell", "currency"),
    [
        ("1.234", "EUR"),
        ("1,234", None),
        ("19.905", "EUR"),
        ("-5", "EUR"),
        ("19.90 EUR", "EUR"),
        ("1,2,3", "EUR"),
        ("٣", "EUR"),
    ],
)
def test_a_price_that_is_none_or_may_mean_two_is_refused(cell, currency):
    with pytest.raises(Wrong):
        minor_units(cell, currency)


def test_the_currency_of_a_known_product_says_how_many_places_a_price_has():
    publish(products, product("fan", price=500, currency="JPY"))
    written("product_id,price\nfan,620.0\nmug,6.20\n", "products")
    assert (held("fan").price, held("mug").price) == (620, 620)


def test_rows_that_cannot_be_taken_are_left_out_each_with_its_line_column_and_reason():
    upload = written(
        "product_id,price,currency,stock,in_stock,url\n"
        ",1.00,EUR,1,yes,\n"
        "a,1.234,EUR,1,yes,\n"
        "b,1.00,Euro,1,yes,\n"
        "c,1.00,EUR,many,yes,\n"
        "d,1.00,EUR,1,perhaps,\n"
        "e,1.00,EUR,1,yes,javascript:alert(1)\n"
        "f,1.00,EUR,-1,yes,\n"
        "g,1.00,EUR,,out of stock,https://shop.example/g\n",
        "products",
    )
    assert counts(upload) == (1, 0, 0, 7)
    columns = ["product_id", "price", "currency", "stock", "in_stock", "url", "stock"]
    assert [(line, column) for line, column, _ in rejected(upload)] == list(enumerate(columns, start=2))
    assert "may mean two prices" in rejected(upload)[1][2]
    assert held("g").in_stock is False


def test_of_several_rows_of_a_product_each_counts_and_the_last_wins():
    upload = written("product_id,price\nshirt,1.00\nshirt,2.00\nshirt,2.00\n", "products")
    assert counts(upload) == (1, 1, 1, 0)
    assert held().price == 200


def test_without_a_column_that_says_which_product_is_meant_nothing_is_read():
    upload = uploaded("name,price\nShirt,1.00\n", "products")
    assert "product_id" in mapping.problems("products", upload.columns)["columns"]


def test_two_columns_for_the_price_are_one_too_many():
    upload = uploaded("product_id,price,price_cents\nshirt,1.00,100\n", "products")
    assert "Two columns" in mapping.problems("products", upload.columns)["columns"]


def test_a_worker_that_is_killed_in_the_middle_writes_nothing_twice():
    upload = bring("product_id,stock\n" + "".join(f"p{n},{n}\n" for n in range(1_500)), "products")
    journey.confirm(upload, MAX)
    db.session.commit()
    some_steps(upload, 1)
    assert counts(carried_on(upload)) == (1_500, 0, 0, 0)
    assert db.session.query(ProductChange).filter_by(name="stock").count() == 1_500


def test_whoever_changed_a_product_since_the_preview_changes_what_becomes_of_its_row():
    upload = bring("product_id,price\nshirt,19.90\n", "products")
    publish(products, product("shirt", price=1990))
    assert counts(confirmed(upload)) == (0, 0, 1, 0)


def test_undo_puts_back_what_still_stands_and_removes_what_was_created():
    publish(products, product("shirt", name="Shirt", price=2490, stock=5), product("mug", price=900))
    upload = written("product_id,name,price,stock\nshirt,Tee,19.90,3\nmug,Mug,8.00,\nlamp,Lamp,149.00,1\n", "products")
    publish(products, product("shirt", price=1790))
    upload = undone(upload)
    shirt, mug = held("shirt"), held("mug")
    assert (shirt.name, shirt.price, shirt.stock) == ("Shirt", 1790, 5)
    assert (mug.name, mug.price) == (None, 900)
    assert held("lamp") is None
    assert upload.state == "undone"
    assert (upload.undo["values"], upload.undo["kept_values"], upload.undo["removed"]) == (4, 1, 1)


def test_a_value_that_somebody_set_to_the_same_again_after_another_is_newer():
    publish(products, product("shirt", price=2490))
    upload = written("product_id,price\nshirt,19.90\n", "products")
    publish(products, product("shirt", price=1790))
    publish(products, product("shirt", price=1990))
    assert undone(upload).undo["kept_values"] == 1
    assert held().price == 1990


def test_a_created_product_that_somebody_changed_or_watches_stays():
    upload = written("product_id,name,price\nshirt,Shirt,19.90\nmug,Mug,9.00\nlamp,Lamp,1.50\n", "products")
    publish(products, product("shirt", name="Tee"))
    db.session.add(Watch(customer_id=make_customer().id, product_id="mug"))
    db.session.commit()
    upload = undone(upload)
    assert (upload.undo["removed"], upload.undo["kept_products"]) == (1, 2)
    assert (held("shirt").name, held("mug").price, held("lamp")) == ("Tee", 900, None)


def test_what_the_export_guards_from_spreadsheets_comes_back_as_it_was():
    names = {"=1+1": "-50% tent", "@A1": "+1 mug", "'s-Gravenhage": "'quoted'", "-7": "plain"}
    publish(products, *(product(key, name=name) for key, name in names.items()))
    exported = "".join(export.lines(select(Product)))
    assert "'-50% tent" in exported
    assert counts(written(exported, "products")) == (0, 0, 4, 0)
