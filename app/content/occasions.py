"""What would trigger a mail, for a preview: what lies in this person's cart, what they did last, else samples."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.catalogue.cart import Cart
from app.content.samples import COURSE, FACTS
from app.db import db
from app.events.event import Event

NAMELESS = "Something from your cart"


def of(customer_id: int) -> dict[str, Any]:
    return FACTS | _cart(customer_id) | _event(customer_id)


def _cart(customer_id: int) -> dict[str, Any]:
    cart = db.session.scalar(select(Cart).where(Cart.customer_id == customer_id))
    if cart is None or not cart.items:
        return {}
    items = [_item(item) for item in cart.items]
    total = sum((item["price"] or 0) * item["quantity"] for item in items)
    found = {"cart": {"items": items, "total": total, "currency": COURSE["currency"]}}
    return found | ({"checkout_url": cart.checkout_url} if cart.checkout_url else {})


def _item(item: dict[str, Any]) -> dict[str, Any]:
    """A cart says as little as the shop told; a mail names all of this."""
    unknown = {"name": NAMELESS, "url": "", "image_url": "", "price": None, "quantity": 1}
    return unknown | {"currency": COURSE["currency"]} | item


def _event(customer_id: int) -> dict[str, Any]:
    latest = select(Event.name, Event.properties).where(Event.customer_id == customer_id)
    row = db.session.execute(latest.order_by(Event.occurred_at.desc()).limit(1)).first()
    return {"event": {"name": row.name, "properties": row.properties}} if row else {}
