"""The list of products: by which words, filters and orders; one of them, by our number or the shop's own."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Select, select, text

from app.catalogue.product import Product
from app.db import db
from app.listing import Field, Listing, words

IS = {"is": "is"}
STOCK = (("in", "in stock"), ("out", "out of stock"), ("unknown", "not known"))
CATEGORIES = 200  # offered; others may be asked for, too
# Reads one entry of the index for each category, however many products it has.
DIFFERENT = text(
    """
    WITH RECURSIVE found AS (
      (SELECT category FROM products WHERE category IS NOT NULL ORDER BY category LIMIT 1)
      UNION ALL
      SELECT (SELECT category FROM products WHERE category > f.category ORDER BY category LIMIT 1)
        FROM found f WHERE f.category IS NOT NULL
    )
    SELECT category FROM found WHERE category IS NOT NULL LIMIT :most
    """
)


def listing() -> Listing:
    offered = tuple((one, one) for one in categories())
    fields = (
        Field("category", "Category", "text", IS, lambda _op, value: Product.category == value, offered, is_open=True),
        Field("stock", "Stock", "choice", IS, _stock, STOCK),
    )
    return Listing(
        {
            "name": (Product.sort_name, Product.id),
            "price": (Product.sort_price, Product.id),
            "stock": (Product.sort_stock, Product.id),
            "updated": (Product.updated_date, Product.id),
        },
        "name",
        words(Product.search_text),
        {field.name: field for field in fields},
    )


def everything() -> Select[Product]:
    return select(Product)


def find(product_id: int) -> Product | None:
    return db.session.get(Product, product_id) if product_id < 2**63 else None


def find_by_key(key: str) -> Product | None:
    """As the shop calls it."""
    return db.session.scalar(select(Product).where(Product.product_id == key)) if "\0" not in key else None


def named(keys: Collection[str]) -> dict[str, Product]:
    """For lists of other things: which products these are, as far as the catalogue knows them."""
    found = select(Product).where(Product.product_id.in_(set(keys)))
    return {product.product_id: product for product in db.session.scalars(found)} if keys else {}


def after(product_id: int, most: int, q: str = "") -> Sequence[Product]:
    """In order of our numbers."""
    rest = select(Product).where(Product.id > product_id)
    if q:
        rest = rest.where(words(Product.search_text)(q))
    return db.session.scalars(rest.order_by(Product.id).limit(most)).all()


def categories() -> Sequence[str]:
    return db.session.scalars(DIFFERENT, {"most": CATEGORIES}).all()


def _stock(_op: str, value: str) -> ColumnElement[bool]:
    said: dict[str, ColumnElement[bool]] = {
        "in": Product.in_stock.is_(True),
        "out": Product.in_stock.is_(False),
        "unknown": Product.in_stock.is_(None),
    }
    return said[value]
