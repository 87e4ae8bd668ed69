"""/demo-shop/cart and /demo-shop/orders: what a shop's own server tells of a purchase."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as Answer

from app.access import public
from app.blueprints.demo_shop import opening
from app.catalogue import cart_lines, carts, orders, products, visiting
from app.catalogue.cart import Cart
from app.catalogue.item import Item
from app.customers.who import Who, folded
from app.db import db
from app.events import doings
from app.queue import ring
from app.settings.addresses import is_address

door = Blueprint("demo_shop_buying", __name__, url_prefix="/demo-shop")
opening.keep(door)

SOURCE = "Demo shop"
CURRENCY = "EUR"


@door.get("/cart")
@public
def show() -> Response:
    return _shown()


@door.post("/orders")
@public
def order() -> Answer:
    """Paid at once, with the mail that led here; then the cart is empty."""
    cart, email = _cart(), folded(request.form.get("email", ""))
    if cart is None or not cart.items:
        return redirect(url_for("demo_shop_buying.show"), 303)
    if not opening.lead() and not is_address(email):
        return _shown(422, error="Where shall we send it? An address like maya@posteo.example.", email=email)
    buyer = Who(lms_lead_id=opening.lead()) if opening.lead() else Who(email=email)
    order_id, now = f"D-{secrets.token_hex(4).upper()}", datetime.now(UTC)
    _buy(order_id, buyer, cart, now)
    db.session.commit()
    ring("events")
    return redirect(url_for("demo_shop_buying.thank", order_id=order_id), 303)


@door.get("/orders/<order_id>")
@public
def thank(order_id: str) -> Response:
    return opening.page("thanks.html", order_id=order_id)


def _shown(status: int = 200, error: str | None = None, email: str = "") -> Response:
    cart = _cart()
    lines = cart.items if cart else []
    total = sum((line.get("price") or 0) * line["quantity"] for line in lines)
    return opening.page(
        "cart.html", status, lines=lines, total=total, currency=_currency(lines), error=error, email=email
    )


def _cart() -> Cart | None:
    visitor = opening.visitor()
    return cart_lines.held(visitor) if visitor else None


def _buy(order_id: str, buyer: Who, cart: Cart, now: datetime) -> None:
    items = [Item(**{name: value for name, value in line.items() if name != "at"}) for line in cart.items]
    said = {
        "total": sum((item.price or 0) * item.quantity for item in items),
        "currency": _currency(cart.items),
        "items": items,
        "ref": opening.ref(),
        "occurred_at": now,
    }
    _, paid = orders.upsert_many([orders.Incoming(0, order_id, buyer, said)], SOURCE, now)
    _, emptied = carts.upsert_many([_empty(now)], SOURCE, now)
    doings.tell([*paid, *emptied], now)


def _empty(now: datetime) -> carts.Incoming:
    """Of whom it is, not of whom the order is: a stranger may pay with anybody's address."""
    visitor = opening.visitor()
    assert visitor is not None
    owner = visiting.owner(visitor)
    who = Who(customer_id=owner.customer_id) if owner.customer_id else Who(lms_lead_id=owner.lms_lead_id)
    return carts.Incoming(0, who, [], now, owner.session_id)


def _currency(lines: list[dict[str, object]]) -> str:
    known = products.prices({str(line["product_id"]) for line in lines})
    return next((price.currency for price in known.values() if price.currency), CURRENCY)
