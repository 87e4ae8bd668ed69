"""One customer in the shop: what they bought and are worth, what lies in their cart, what they watch and look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text

from app.catalogue import directory
from app.catalogue.cart import Cart
from app.catalogue.order import Order
from app.catalogue.product import Product
from app.catalogue.view import ProductView
from app.catalogue.watch import Watch
from app.db import db

ORDERS = 10
VIEWS = 50
WATCHES = 20

# What was given back is not theirs any more; what was cancelled never was. An order of which something stays counts.
WORTH = text(
    """
    SELECT currency, sum(total - refunded_total) AS spent,
           count(*) FILTER (WHERE status = 'paid' OR refunded_total < total) AS orders,
           min(occurred_at) AS first, max(occurred_at) AS last
      FROM orders
     WHERE customer_id = :id AND status <> 'cancelled'
     GROUP BY currency ORDER BY spent DESC, currency
    """
)


@dataclass(frozen=True)
class Worth:
    currency: str
    spent: int
    orders: int
    first: datetime
    last: datetime

    @property
    def average(self) -> int | None:
        return round(self.spent / self.orders) if self.orders else None


@dataclass(frozen=True)
class Line:
    product_id: str
    id: int | None  # ours, if the catalogue knows it
    name: str
    quantity: int
    price: int | None
    currency: str | None


@dataclass(frozen=True)
class Basket:
    lines: Sequence[Line]
    total: int
    currency: str | None
    touched_at: datetime


@dataclass(frozen=True)
class Look:
    product_id: str
    id: int | None
    name: str
    times: int
    last: datetime


@dataclass(frozen=True)
class Watching:
    watch: Watch
    id: int | None
    name: str
    price: int | None
    currency: str | None


@dataclass(frozen=True)
class Buyer:
    worth: Sequence[Worth]
    orders: Sequence[Order]
    basket: Basket | None
    watches: Sequence[Watching]
    looks: Sequence[Look]
    views: int
    category: str | None  # the one they look at most

    @property
    def is_known(self) -> bool:
        return bool(self.worth or self.orders or self.basket or self.watches or self.looks)


def of(customer_id: int) -> Buyer:
    orders = db.session.scalars(_latest(select(Order).where(Order.customer_id == customer_id))).all()
    cart = db.session.scalar(select(Cart).where(Cart.customer_id == customer_id))
    mine = select(Watch).where(Watch.customer_id == customer_id)
    watches = db.session.scalars(mine.order_by(Watch.updated_date.desc(), Watch.id.desc()).limit(WATCHES)).all()
    theirs = select(ProductView).where(ProductView.customer_id == customer_id)
    views = db.session.scalars(theirs.order_by(ProductView.viewed_at.desc()).limit(VIEWS)).all()
    keys = {line["product_id"] for line in (cart.items if cart else ())}
    keys |= {watch.product_id for watch in watches} | {view.product_id for view in views}
    known = directory.named(keys)
    return Buyer(
        [Worth(*row) for row in db.session.execute(WORTH, {"id": customer_id})],
        orders,
        _basket(cart, known),
        [_watching(watch, known.get(watch.product_id)) for watch in watches],
        _looks(views, known),
        len(views),
        _category(views, known),
    )


def _latest(orders: Any) -> Any:
    return orders.order_by(Order.occurred_at.desc(), Order.id.desc()).limit(ORDERS)


def _basket(cart: Cart | None, known: Mapping[str, Product]) -> Basket | None:
    if cart is None or not cart.items:
        return None
    lines = [_line(item, known.get(item["product_id"])) for item in cart.items]
    currencies = {line.currency for line in lines if line.currency}
    total = sum((line.price or 0) * line.quantity for line in lines)
    return Basket(lines, total, currencies.pop() if len(currencies) == 1 else None, cart.occurred_at)


def _line(item: Mapping[str, Any], product: Product | None) -> Line:
    """What an item does not say, the product does."""
    name = item.get("name") or (product.title if product else item["product_id"])
    price = item.get("price", product.price if product else None)
    currency = product.currency if product else None
    return Line(item["product_id"], product.id if product else None, name, item.get("quantity", 1), price, currency)


def _watching(watch: Watch, product: Product | None) -> Watching:
    if product is None:
        return Watching(watch, None, watch.product_id, None, None)
    return Watching(watch, product.id, product.title, product.price, product.currency)


def _looks(views: Sequence[ProductView], known: Mapping[str, Product]) -> list[Look]:
    """By product, the latest first; views come in that order."""
    times = Counter(view.product_id for view in views)
    latest: dict[str, ProductView] = {}
    for view in views:
        latest.setdefault(view.product_id, view)
    return [_look(view, known.get(key), times[key]) for key, view in latest.items()]


def _look(view: ProductView, product: Product | None, times: int) -> Look:
    name = (product.name if product else None) or view.name or view.product_id
    return Look(view.product_id, product.id if product else None, name, times, view.viewed_at)


def _category(views: Sequence[ProductView], known: Mapping[str, Product]) -> str | None:
    def of(view: ProductView) -> str | None:
        product = known.get(view.product_id)
        return (product.category if product else None) or view.category

    counted = Counter(category for view in views if (category := of(view)))
    return counted.most_common(1)[0][0] if counted else None
