"""The watch list: who wants to hear when a product costs less, or is there again.

Also of a product that the catalogue does not know yet. Whoever is not known yet watches under their lead or session.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.catalogue import locks, products, visiting
from app.catalogue.happened import Happened
from app.catalogue.product import Product
from app.catalogue.screening import Refused, check_count, check_key
from app.catalogue.visiting import Owner
from app.catalogue.visitor import Visitor
from app.db import db

KEYS = {
    "customer_id": "customer_id, product_id",
    "lms_lead_id": "lms_lead_id, product_id) WHERE (customer_id IS NULL",
    "session_id": "session_id, product_id) WHERE (customer_id IS NULL AND lms_lead_id IS NULL",
}
LARGEST_KEYS = 2_500  # bytes of UTF-8: an index of the database takes 2,704
ASKED = ("target_price", "seen_price", "on_price_drop", "on_restock")
WRITE = """
    INSERT INTO watchlist ({key}, product_id, {asked}, created_date, updated_date)
    VALUES (:who, :product_id, :{said}, :now, :now)
    ON CONFLICT ({conflict}) DO UPDATE
       SET {set}, updated_date = :now
    RETURNING id
"""
REMOVE = {
    "customer_id": "customer_id = :who",
    "lms_lead_id": "lms_lead_id = :who AND customer_id IS NULL",
    "session_id": "session_id = :who AND customer_id IS NULL AND lms_lead_id IS NULL",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """`target_price`: they want to hear only once it costs less than this."""

    product_id: str
    target_price: int | None = None
    on_price_drop: bool = True
    on_restock: bool = True


@dataclass(frozen=True, slots=True)
class Watched:
    id: int
    happened: list[Happened]


def add(visitor: Visitor, wish: Wish, now: datetime) -> Watched:
    """Asked again, it is as they asked last. Never commits; raises Refused."""
    _check(wish)
    owner, known = visiting.owner(visitor), products.find(wish.product_id)
    key, who = owner.key
    _check_size(who, wish.product_id)
    asked = {
        "target_price": wish.target_price,
        "seen_price": known.price if known else None,
        "on_price_drop": wish.on_price_drop,
        "on_restock": wish.on_restock,
    }
    statement = WRITE.format(
        key=key,
        asked=", ".join(ASKED),
        said=", :".join(ASKED),
        conflict=KEYS[key],
        set=", ".join(f"{name} = excluded.{name}" for name in ASKED),
    )
    said = {"who": who, "product_id": wish.product_id, **asked, "now": now}
    _lock(owner)
    watch_id = db.session.execute(text(statement), said).scalar_one()
    return Watched(watch_id, [owner.did("watchlist_added", now, visiting.told(_told(wish.product_id, known) | asked))])


def remove(visitor: Visitor, product_id: str, now: datetime) -> list[Happened]:
    """What is not watched needs no removing, and nothing has happened."""
    check_key("product_id", product_id)
    owner = visiting.owner(visitor)
    key, who = owner.key
    _check_size(who, product_id)
    _lock(owner)
    gone = text(f"DELETE FROM watchlist WHERE {REMOVE[key]} AND product_id = :product_id RETURNING id")
    if db.session.execute(gone, {"who": who, "product_id": product_id}).first() is None:
        return []
    return [owner.did("watchlist_removed", now, visiting.told(_told(product_id, products.find(product_id))))]


def _check(wish: Wish) -> None:
    check_key("product_id", wish.product_id)
    check_count("target_price", wish.target_price)
    if not (wish.on_price_drop or wish.on_restock):
        raise Refused(
            "bad_value", "notify_on_price_drop", "Say what they want to hear of: a lower price, or the stock."
        )


def _check_size(who: object, product_id: str) -> None:
    if len(f"{who}{product_id}".encode()) >= LARGEST_KEYS:
        raise Refused("too_long", "product_id", f"With who watches it, it takes {LARGEST_KEYS:,} bytes or more.")


def _lock(owner: Owner) -> None:
    name, value = owner.key
    locks.take("watchlist", [f"{name}:{value}"])


def _told(product_id: str, known: Product | None) -> dict[str, Any]:
    said = {"product_id": product_id}
    return said | ({"name": known.name, "price": known.price, "currency": known.currency} if known else {})
