"""What facts set off, in sets of their work rows. Most set off nothing yet: their work just ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import RowMapping, text

from app.catalogue import locks, orders
from app.catalogue.item import Item
from app.claims import Refused
from app.customers import interests
from app.customers.incoming import Source
from app.customers.who import Who
from app.db import db
from app.events import erasing
from app.events.doings import INTEREST_REGISTERED
from app.events.keys import ORDER_COMPLETED

# A fact that came in while its person was being merged: the merge could not see it.
STRAYS = text(
    """
    SELECT w.id, w.kind, w.event_id, w.occurred_at, a.customer_id
      FROM event_work w JOIN customer_aliases a ON a.merged_id = w.customer_id
     WHERE w.id = ANY (:keys)
    """
)
MEND = {
    "event": "UPDATE events SET customer_id = :customer_id WHERE id = :event_id AND occurred_at = :occurred_at",
    "funnel": "UPDATE funnel_events SET customer_id = :customer_id WHERE id = :event_id",
}
COMPLETED = text(
    """
    SELECT w.customer_id, e.properties, e.occurred_at
      FROM event_work w JOIN events e ON e.id = w.event_id AND e.occurred_at = w.occurred_at
     WHERE w.id = ANY (:keys) AND w.kind = 'event' AND w.name = :name
       AND e.properties ?& array['order_id', 'total', 'currency']
     ORDER BY e.occurred_at, e.id
    """
)

INTERESTS = text(
    """
    SELECT w.customer_id, e.properties ->> 'interest' AS interest
      FROM event_work w JOIN events e ON e.id = w.event_id AND e.occurred_at = w.occurred_at
     WHERE w.id = ANY (:keys) AND w.kind = 'event' AND w.name = :name
       AND jsonb_typeof(e.properties -> 'interest') = 'string'
     ORDER BY e.occurred_at, e.id
    """
)
SHOP = Source("shop")


class Told(msgspec.Struct):
    """What an event says of its order; what else it says is its own."""

    order_id: str | int
    total: int
    currency: str
    items: list[Item] = []
    status: str = "paid"
    ref: str | None = None


def take(keys: Sequence[int], now: datetime) -> None:
    """Never commits. Safe to run twice."""
    _follow_merges(keys)
    erasing.forget_strays(keys)
    _keep_interests(keys, now)  # before orders: whoever writes customers locks them first
    _keep_orders(keys, now)


def _follow_merges(keys: Sequence[int]) -> None:
    strays = db.session.execute(STRAYS, {"keys": list(keys)}).mappings().all()
    if not strays:
        return
    db.session.execute(text("SELECT set_config('campus.passage', 'merge', true)"))
    for stray in strays:
        db.session.execute(text(MEND[stray["kind"]]), dict(stray))
        db.session.execute(text("UPDATE event_work SET customer_id = :customer_id WHERE id = :id"), dict(stray))
    db.session.execute(text("SELECT set_config('campus.passage', '', true)"))


def _keep_interests(keys: Sequence[int], now: datetime) -> None:
    told: dict[int, list[str]] = {}
    for row in db.session.execute(INTERESTS, {"keys": list(keys), "name": INTEREST_REGISTERED}):
        if 0 < len(interests.tidy(row.interest)) <= interests.LONGEST:
            told.setdefault(row.customer_id, []).append(row.interest)
    interests.register(told, SHOP, now)


def _keep_orders(keys: Sequence[int], now: datetime) -> None:
    """An order that the shop has posted itself says more than its event, and stays as it is."""
    found = db.session.execute(COMPLETED, {"keys": list(keys), "name": ORDER_COMPLETED}).mappings()
    told = {order.order_id: order for order in map(_order, range(len(keys)), found)}
    for order_id in _known(list(told)):
        del told[order_id]
    tally, _ = orders.upsert_many(list(told.values()), "events", now)
    for reject in tally.rejects:
        raise Refused(f"Its order was not taken. {reject.field}: {reject.message}")


def _order(index: int, event: RowMapping) -> orders.Incoming:
    try:
        told = msgspec.convert(event["properties"], Told)
    except msgspec.ValidationError as error:
        raise Refused(f"Its order was not understood. {error}") from error
    said: dict[str, Any] = {name: getattr(told, name) for name in ("total", "currency", "items", "status", "ref")}
    said["occurred_at"] = event["occurred_at"]
    return orders.Incoming(index, str(told.order_id), Who(customer_id=event["customer_id"]), said)


def _known(order_ids: list[str]) -> Sequence[str]:
    """Locked first, so that nobody posts one of them in between."""
    if not order_ids:
        return []
    locks.take("orders", order_ids)
    known = text("SELECT order_id FROM orders WHERE order_id = ANY (:ids)")
    return db.session.scalars(known, {"ids": order_ids}).all()
