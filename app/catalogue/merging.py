"""Whose carts and orders are when two customers become one, and what waits under an address that fits several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select, text

from app.catalogue import carts, orders
from app.catalogue.cart import Cart
from app.catalogue.order import Order
from app.db import db

# A product that both watch is watched as the survivor wished.
VISITS = (
    """
    DELETE FROM watchlist o USING watchlist s
     WHERE o.customer_id = :other AND s.customer_id = :survivor AND s.product_id = o.product_id
    """,
    "UPDATE watchlist SET customer_id = :survivor WHERE customer_id = :other",
    "UPDATE product_views SET customer_id = :survivor WHERE customer_id = :other",
    "UPDATE sessions SET customer_id = :survivor WHERE customer_id = :other",
    "UPDATE cart_rounds SET customer_id = :survivor WHERE customer_id = :other",
    "UPDATE discount_codes SET customer_id = :survivor WHERE customer_id = :other",
)


@dataclass(frozen=True)
class Holding:
    orders: int
    cart_items: int


def holding(customer_id: int) -> Holding:
    ordered = db.session.scalar(select(func.count()).select_from(Order).where(Order.customer_id == customer_id))
    items = db.session.scalar(select(Cart.items).where(Cart.customer_id == customer_id))
    return Holding(ordered or 0, len(items or ()))


def move(survivor_id: int, other_id: int) -> None:
    """The newer cart stays."""
    cart = db.session.scalar(select(Cart.id).where(Cart.customer_id == other_id))
    if cart is not None:
        carts.give({cart: survivor_id})
    db.session.execute(
        text("UPDATE orders SET customer_id = :survivor WHERE customer_id = :other"),
        {"survivor": survivor_id, "other": other_id},
    )
    _move_visits(survivor_id, other_id)


def _move_visits(survivor_id: int, other_id: int) -> None:
    for statement in VISITS:
        db.session.execute(text(statement), {"survivor": survivor_id, "other": other_id})


def waiting(emails: Collection[str]) -> Counter[str]:
    """How many carts and orders name nobody but this address."""
    found: Counter[str] = Counter()
    for table in (Cart, Order):
        named, is_waiting = table.email_folded, table.customer_id.is_(None) & table.lms_lead_id.is_(None)
        counted = select(named, func.count()).where(named.in_(emails), is_waiting).group_by(named)
        found.update({str(email): count for email, count in db.session.execute(counted)})
    return found


def give(email_folded: str, customer_id: int) -> int:
    """Somebody decided whom the address meant so far."""
    given = 0
    for table, room in ((Cart, carts), (Order, orders)):
        is_waiting = table.customer_id.is_(None) & table.lms_lead_id.is_(None)
        ids = db.session.scalars(select(table.id).where(table.email_folded == email_folded, is_waiting))
        given += room.give(dict.fromkeys(ids, customer_id))
    return given
