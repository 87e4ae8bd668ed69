"""A small shop, written as rows; each function shows only the facts that matter."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from app.catalogue import counting
from app.catalogue.cart import Cart
from app.catalogue.order import Order
from app.catalogue.product import Product
from app.catalogue.view import ProductView
from app.db import db
from tests.factories import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def make_product(product_id: str, category: str | None = None, **facts: Any) -> Product:
    said = {"name": product_id.capitalize(), "url": f"https://shop.example/{product_id}", "price": 1000}
    product = Product(product_id=product_id, category=category, **{**said, "currency": "EUR", **facts})
    db.session.add(product)
    db.session.commit()
    return product


def make_view(customer_id: int | None, product_id: str, at: datetime = NOW - DAY, **facts: Any) -> None:
    db.session.add(ProductView(id=uuid4(), viewed_at=at, customer_id=customer_id, product_id=product_id, **facts))
    db.session.commit()


def make_order(customer_id: int, *product_ids: str, at: datetime = NOW - DAY, **facts: Any) -> None:
    said = {"order_id": uuid4().hex, "total": 1000, "currency": "EUR", "status": "paid", **facts}
    items = [{"product_id": one, "quantity": 1} for one in product_ids]
    db.session.add(Order(customer_id=customer_id, items=items, occurred_at=at, **said))
    db.session.commit()


def make_cart(customer_id: int | None, *product_ids: str, at: datetime = NOW, **facts: Any) -> Cart:
    items = [{"product_id": one, "quantity": 1} for one in product_ids]
    cart = Cart(customer_id=customer_id, items=items, occurred_at=at, **facts)
    db.session.add(cart)
    db.session.commit()
    return cart


def sell(*product_ids: str, at: datetime = NOW - DAY) -> None:
    """To somebody whom nobody knows yet, one piece of each; the more often it is named the better it sells."""
    for one in product_ids:
        make_order(None, one, at=at, email_folded="somebody@posteo.example")  # type: ignore[arg-type]


def count(now: datetime = NOW) -> int:
    changed = 0
    for rows in counting.count(now):
        db.session.commit()
        changed += rows
    return changed


def best() -> dict[str, list[str]]:
    rows = db.session.execute(text("SELECT category, product_id FROM best_sellers ORDER BY category, place"))
    found: dict[str, list[str]] = {}
    for category, product_id in rows:
        found.setdefault(category, []).append(product_id)
    return found


def pairs(kind: str) -> dict[str, list[tuple[str, int]]]:
    asked = "SELECT product_id, other_id, times FROM product_pairs WHERE kind = :kind ORDER BY product_id, place"
    found: dict[str, list[tuple[str, int]]] = {}
    for product_id, other_id, times in db.session.execute(text(asked), {"kind": kind}):
        found.setdefault(product_id, []).append((other_id, times))
    return found
