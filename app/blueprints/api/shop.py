"""/api/v1/products, /carts and /orders"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response

from app.access import key
from app.blueprints.api import shapes, taking
from app.blueprints.api.shapes import those_said
from app.blueprints.api.taking import Call
from app.catalogue import carts, orders, products, visiting
from app.catalogue.item import Item
from app.queue import ring
from app.tally import Tally

door = Blueprint("api_shop", __name__, url_prefix="/api/v1")


@door.post("/products")
@key("ingest")
def post_products() -> Response:
    """Prices and stock are what some mail is about: whoever answers at once looks."""
    taken = taking.take("products", shapes.Product, _store_products)
    ring("automations.look_at_shop")
    return taken


@door.post("/carts")
@key("ingest")
def post_carts() -> Response:
    return taking.take("carts", shapes.Cart, _store_carts)


@door.post("/orders")
@key("ingest")
def post_orders() -> Response:
    return taking.take("orders", shapes.Order, _store_orders)


def _store_products(items: Sequence[tuple[int, shapes.Product]], call: Call) -> Tally:
    said = [products.Incoming(index, item.product_id, those_said(item, *products.FIELDS)) for index, item in items]
    return products.upsert_many(said, call.said, call.now)[0]


def _store_carts(items: Sequence[tuple[int, shapes.Cart]], call: Call) -> Tally:
    """A cart that names a session alone is of whoever has signed in with it."""
    owners = visiting.owners({item.session_id for _, item in items if item.session_id and not item.who.is_named})
    said = [
        carts.Incoming(
            index,
            item.who if item.who.is_named else owners.get(item.session_id or "", item.who),
            _lines(item.items),
            item.occurred_at or call.now,
            item.session_id,
            those_said(item, "checkout_url"),
        )
        for index, item in items
    ]
    tally, told = carts.upsert_many(said, call.said, call.now)
    taking.happened(told, call)
    return tally


def _store_orders(items: Sequence[tuple[int, shapes.Order]], call: Call) -> Tally:
    said = [orders.Incoming(index, item.order_id, item.who, _order(item)) for index, item in items]
    tally, told = orders.upsert_many(said, call.said, call.now)
    taking.happened(told, call)
    return tally


def _order(item: shapes.Order) -> dict[str, Any]:
    said = those_said(item, *orders.FIELDS)
    return said | ({"items": _lines(said["items"])} if "items" in said else {})


def _lines(lines: Sequence[shapes.Line]) -> list[Item]:
    return [Item(line.product_id, line.quantity, line.price, line.name, line.image_url, line.url) for line in lines]
