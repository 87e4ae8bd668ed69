"""What tests of the catalogue bring in; each shows only the facts that matter."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from app.catalogue import carts, orders, products
from app.catalogue.item import Item
from app.customers.who import Who
from app.db import db
from app.tally import Tally
from tests.factories import NOW

EARLIER, LATER = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
SHIRT, MUG = Item("shirt", 2, 1900), Item("mug", 1, 900)


def lead(lms_lead_id: str) -> Who:
    return Who(lms_lead_id=lms_lead_id)


def mail(email: str) -> Who:
    return Who(email=email)


def product(product_id: str = "shirt", **said: Any) -> products.Incoming:
    return products.Incoming(0, product_id, said)


def cart(who: Who, *items: Item, at: datetime = NOW, session: str | None = None, **said: Any) -> carts.Incoming:
    return carts.Incoming(0, who, items, at, session, said)


def order(order_id: str, who: Who = Who(), **said: Any) -> orders.Incoming:  # noqa: B008 — it is frozen
    return orders.Incoming(0, order_id, who, said)


def paid(order_id: str, who: Who, total: int = 4700, **said: Any) -> orders.Incoming:
    return order(order_id, who, total=total, **{"currency": "EUR", "occurred_at": NOW, **said})


def bring(room: Any, *items: Any, now: datetime = NOW) -> tuple[Tally, list[Any]]:
    numbered = [type(item)(**{**_fields(item), "index": place}) for place, item in enumerate(items)]
    tally, happened = room.upsert_many(numbered, "Shop (API)", now)
    db.session.commit()
    return tally, happened


def counts(tally: Tally) -> tuple[int, int, int, list[str]]:
    return tally.created, tally.updated, tally.unchanged, [f"{one.code} {one.field}" for one in tally.rejects]


def rows(table: str) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in db.session.execute(text(f"SELECT * FROM {table} ORDER BY id"))]


def _fields(item: Any) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__slots__}
