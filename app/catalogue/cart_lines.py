"""One product at a time goes into a cart or out of it, as the pages of the shop tell it.

What they tell may overtake each other on its way: whoever puts in what was taken out since puts in nothing, and
whoever takes out what was put in since takes out nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, true

from app.catalogue import carts, products, sessions, visiting
from app.catalogue.cart import Cart
from app.catalogue.cart_keeping import AT, Content, Line, Row, Shelf, told, written
from app.catalogue.happened import Happened
from app.catalogue.item import Item
from app.catalogue.product import Product
from app.catalogue.screening import LARGEST, Refused, check_items, check_link
from app.catalogue.visiting import Owner
from app.catalogue.visitor import Visitor
from app.db import db

MOST = 10_000  # of one product
SHOWN = ("price", "name", "image_url", "url")  # of a product, in a line


@dataclass(frozen=True, slots=True)
class Change:
    """`quantity`: None takes out all of it. `said`: what the page showed of SHOWN; else the catalogue knows.

    `checkout_url`: where the shop's pages have the cart; none: as it was said before.
    """

    product_id: str
    at: datetime
    quantity: int | None = 1
    said: Mapping[str, Any] = field(default_factory=dict)
    checkout_url: str | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    lines: int  # that the cart has now
    happened: list[Happened]


def held(visitor: Visitor) -> Cart | None:
    """What lies in their cart, to be looked at."""
    name, value = visiting.owner(visitor).key
    return db.session.scalar(select(Cart).where(getattr(Cart, name) == value, _is_of(name)))


def put_in(visitor: Visitor, change: Change, now: datetime) -> Changed:
    """Never commits."""
    return _changed(visitor, change, "cart_added", now)


def take_out(visitor: Visitor, change: Change, now: datetime) -> Changed:
    """Never commits."""
    return _changed(visitor, change, "cart_removed", now)


def _is_of(name: str) -> ColumnElement[bool]:
    """A cart that is a customer's is nobody else's, whatever else it says."""
    return true() if name == "customer_id" else Cart.customer_id.is_(None)


def _changed(visitor: Visitor, change: Change, name: str, now: datetime) -> Changed:
    owner = _owner(visitor)
    known = products.find(change.product_id)
    row, shelf = _opened(owner, change)
    before = row.content
    after = _with(before, change, known) if name == "cart_added" else _without(before, change)
    _check(after)
    row.change(after)
    shelf.write(now)
    happened = [owner.did(name, change.at, _one(change, before, known))]
    if told(after.items) != told(before.items):
        happened.append(owner.did("cart_updated", change.at, _whole(after)))
    return Changed(len(after.items), happened)


def _owner(visitor: Visitor) -> Owner:
    """A session stays whose it is until the cart is written: else its cart would come over its owner's."""
    if visitor.lead is None and visitor.session_id:
        sessions.hold([visitor.session_id])
    return visiting.owner(visitor)


def _opened(owner: Owner, change: Change) -> tuple[Row, Shelf]:
    session = owner.session_id if owner.key[0] != "session_id" else None
    shelf = Shelf([owner.key, *([("session_id", session)] if session else [])])
    return shelf.open(owner.key, session, change.at), shelf


def _with(cart: Content, change: Change, known: Product | None) -> Content:
    if cart.is_over(change.product_id, change.at):
        return cart
    before = cart.line(change.product_id)
    line = _shown(change, before or {}, known)
    line["quantity"] = (before["quantity"] if before else 0) + (change.quantity or 1)
    line[AT] = max(before.get(AT, "") if before else "", written(change.at))
    return _touched(cart, change, [line if one is before else one for one in cart.items] + ([] if before else [line]))


def _without(cart: Content, change: Change) -> Content:
    """Some of it goes whenever that was; all of it only if none was put in since."""
    before = cart.line(change.product_id)
    is_all = change.quantity is None
    if cart.is_over(change.product_id, change.at) or (is_all and before and before.get(AT, "") > written(change.at)):
        return cart
    left = before["quantity"] - change.quantity if before and change.quantity is not None else 0
    if before and left > 0:
        return _touched(cart, change, [{**one, "quantity": left} if one is before else one for one in cart.items])
    removed = cart.removed | {change.product_id: written(change.at)}
    if before is None:
        return replace(cart, removed=removed)
    return replace(_touched(cart, change, [one for one in cart.items if one is not before]), removed=removed)


def _touched(cart: Content, change: Change, items: list[Line]) -> Content:
    checkout_url = change.checkout_url or cart.checkout_url
    return replace(cart, items=items, checkout_url=checkout_url, occurred_at=max(cart.occurred_at, change.at))


def _shown(change: Change, before: Line, known: Product | None) -> Line:
    """As the page shows it, else as the catalogue has it, else as it lay there."""
    line: Line = {"product_id": change.product_id, "quantity": 0}
    for name in SHOWN:
        said = (change.said.get(name), getattr(known, name, None), before.get(name))
        value = next((one for one in said if one not in (None, "")), None)
        if value is not None:
            line[name] = value
    return line


def _one(change: Change, before: Content, known: Product | None) -> dict[str, Any]:
    line = before.line(change.product_id) or {}
    shown = _shown(change, line, known)
    quantity = line.get("quantity") if change.quantity is None else change.quantity
    currency, category = (known.currency, known.category) if known else (None, None)
    said = {"product_id": change.product_id, "name": shown.get("name"), "quantity": quantity}
    return visiting.told({**said, "price": shown.get("price"), "currency": currency, "category": category})


def _whole(cart: Content) -> dict[str, Any]:
    lines = told(cart.items)
    return carts.whole(lines, cart.checkout_url, products.prices({line["product_id"] for line in lines}))


def _check(cart: Content) -> None:
    check_link("checkout_url", cart.checkout_url)
    check_items([Item(**line) for line in told(cart.items)])
    if any(line["quantity"] > MOST for line in cart.items):
        raise Refused("too_large", "quantity", f"A cart holds at most {MOST:,} of a product.")
    if sum((line.get("price") or 0) * line["quantity"] for line in cart.items) > LARGEST:
        raise Refused("too_large", "product_price", f"All items together are worth more than {LARGEST:,}.")
