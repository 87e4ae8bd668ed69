"""Keys of facts that count once, whatever time they tell: one for each id of a source, one for each order."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import delete

from app.db import db
from app.events.event_key import EventKey
from app.events.incoming import Incoming

KEPT = timedelta(days=730)  # as long as the behaviour that they guard
ORDER_COMPLETED = "order_completed"


def of(fact: Incoming) -> str | None:
    """As PostgreSQL reads a uuid; None for a fact without an id, which counts each time it comes."""
    if fact.name == ORDER_COMPLETED and fact.kind == "event" and (order := order_of(fact)):
        return key("order", order)
    return key(fact.kind, fact.source_id) if fact.source_id else None


def key(kind: str, source_id: str) -> str:
    return hashlib.blake2b(f"{kind}\0{source_id}".encode(), digest_size=16).hexdigest()


def order_of(fact: Incoming) -> str | None:
    """The shop's own id of the order that this event tells of: posted as an order too, it counts once."""
    named = fact.properties.get("order_id")
    return str(named) if isinstance(named, str | int) and not isinstance(named, bool) and named != "" else None


def forget_old(now: datetime) -> None:
    db.session.execute(delete(EventKey).where(EventKey.seen_at < now - KEPT))
