"""Whose a session of the shop is, and what becomes of what it did once it is somebody's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, text

from app.catalogue import carts, locks
from app.catalogue.cart import Cart
from app.catalogue.session import Session
from app.catalogue.visitor import Visitor
from app.customers import who
from app.customers.who import Who
from app.db import db

CLOSE = text(
    "UPDATE sessions SET to_at = :now WHERE session_id = :session AND to_at IS NULL AND customer_id <> :person"
)
OPEN = text(
    """
    INSERT INTO sessions (session_id, customer_id, from_at) VALUES (:session, :person, :now)
    ON CONFLICT (session_id) WHERE to_at IS NULL DO NOTHING
    """
)
GIVE = (
    """
    DELETE FROM watchlist o USING watchlist s
     WHERE o.session_id = :session AND o.customer_id IS NULL AND o.lms_lead_id IS NULL
       AND s.customer_id = :person AND s.product_id = o.product_id
    """,
    """
    UPDATE watchlist SET customer_id = :person, session_id = NULL
     WHERE session_id = :session AND customer_id IS NULL AND lms_lead_id IS NULL
    """,
    "UPDATE product_views SET customer_id = :person WHERE session_id = :session AND customer_id IS NULL",
)


def customer_of(visitor: Visitor) -> int | None:
    if visitor.lead:
        return who.find_many([Who(lms_lead_id=visitor.lead)])[0].id
    named = Session.session_id == visitor.session_id
    return db.session.scalar(select(Session.customer_id).where(named, Session.to_at.is_(None)))


def join(visitor: Visitor, now: datetime) -> int | None:
    person = customer_of(visitor)
    if person is None:
        return None
    said = {"session": visitor.session_id, "person": person, "now": now}
    locks.take("sessions", [str(visitor.session_id)])
    for statement in (CLOSE, OPEN, *map(text, GIVE)):
        db.session.execute(statement, said)
    is_waiting = (Cart.session_id == visitor.session_id) & Cart.customer_id.is_(None)
    ids = db.session.scalars(select(Cart.id).where(is_waiting)).all()
    if ids:
        carts.give(dict.fromkeys(ids, person))
    return person
