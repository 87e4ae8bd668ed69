"""Whose a session of the shop is. From the first call that names somebody it is theirs, with what nobody has claimed.

Somebody else who signs in with it gets what comes from then on, and nothing of what was before. Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, text

from app.catalogue import carts, locks, views, whose
from app.catalogue.session import Session
from app.catalogue.visitor import Visitor
from app.customers import who
from app.customers.who import Who
from app.db import db

MISSED_WITHIN = timedelta(minutes=30)
SOURCE = "visits of the shop"

CLOSE = text(
    """
    UPDATE sessions s SET to_at = greatest(s.from_at, turn.at)
      FROM unnest(CAST(:sessions AS text[]), CAST(:ats AS timestamptz[])) AS turn(session_id, at)
     WHERE s.session_id = turn.session_id AND s.to_at IS NULL
    """
)
SPANS = text(
    """
    SELECT session_id, customer_id, from_at, to_at FROM sessions
     WHERE session_id = ANY (:sessions) AND (to_at IS NULL OR to_at > :since)
     ORDER BY session_id, from_at, id
    """
)
CARTS = text(
    """
    SELECT id, session_id FROM carts
     WHERE customer_id IS NULL AND lms_lead_id IS NULL AND email_folded IS NULL AND session_id = ANY (:sessions)
    """
)
# A product that both watch is watched as they wished themselves.
WATCHES = """
    WITH person AS MATERIALIZED ({person}),
    gone AS (
      DELETE FROM watchlist w USING person
       WHERE w.customer_id IS NULL AND {waits}
      RETURNING w.*, person.customer_id AS whose
    )
    INSERT INTO watchlist (customer_id, product_id, target_price, seen_price, on_price_drop, on_restock, created_date,
                           updated_date)
    SELECT whose, product_id, target_price, seen_price, on_price_drop, on_restock, created_date, updated_date
      FROM gone ORDER BY updated_date DESC, id DESC
    ON CONFLICT (customer_id, product_id) DO NOTHING
"""
WATCHES_OF_SESSIONS = text(
    WATCHES.format(
        person="SELECT * FROM unnest(CAST(:sessions AS text[]), CAST(:customers AS bigint[]))"
        " AS person(session_id, customer_id)",
        waits="w.lms_lead_id IS NULL AND w.session_id = person.session_id",
    )
)
WATCHES_OF_LEADS = text(WATCHES.format(person=views.LEADS, waits="w.lms_lead_id = person.lead"))
WATCHERS_MISSED = text(
    """
    SELECT c.id FROM watchlist w JOIN customers c ON c.lms_lead_id = w.lms_lead_id AND c.erased_at IS NULL
     WHERE w.customer_id IS NULL AND w.updated_date > :since
    UNION
    SELECT a.customer_id FROM watchlist w JOIN customer_aliases a ON a.lms_lead_id = w.lms_lead_id
     WHERE w.customer_id IS NULL AND w.updated_date > :since
    """
)
# What came of a session in the very moment in which it became somebody's.
LEFT = text(
    """
    WITH lately AS MATERIALIZED (
      SELECT session_id FROM product_views WHERE customer_id IS NULL AND lms_lead_id IS NULL AND viewed_at > :since
      UNION
      SELECT session_id FROM watchlist WHERE customer_id IS NULL AND lms_lead_id IS NULL AND updated_date > :since
      UNION
      SELECT session_id FROM carts WHERE customer_id IS NULL AND updated_date > :since
    )
    SELECT s.session_id, s.customer_id FROM lately JOIN sessions s USING (session_id) WHERE s.to_at IS NULL
    """
)


@dataclass(frozen=True, slots=True)
class Turn:
    """From this moment on a session is somebody's."""

    session_id: str
    customer_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """Whose a session was from when on; until the next, but nobody's where that one has been forgotten."""

    customer_id: int | None
    from_at: datetime
    to_at: datetime | None = None

    def is_over(self, at: datetime) -> bool:
        return self.to_at is not None and self.to_at <= at


def join(visitor: Visitor, now: datetime) -> int | None:
    """The session becomes the customer's, with its views, watches and cart. None: nobody knows the lead."""
    if visitor.lead is None:
        return None
    customer = _held(visitor.lead)
    if customer and visitor.session_id and owners([visitor.session_id]).get(visitor.session_id) != customer:
        turn([Turn(visitor.session_id, customer, now)], now)
    return customer


def customer_of(visitor: Visitor) -> int | None:
    """By lead; of a session that names nobody by whose it is."""
    if visitor.lead:
        return who.find_many([Who(lms_lead_id=visitor.lead)])[0].id
    return owners([visitor.session_id]).get(visitor.session_id) if visitor.session_id else None


def owners(session_ids: Collection[str]) -> dict[str, int]:
    """Whose these sessions are now."""
    asked = select(Session.session_id, Session.customer_id).where(
        Session.session_id.in_(session_ids), Session.to_at.is_(None)
    )
    return {row.session_id: row.customer_id for row in db.session.execute(asked)} if session_ids else {}


def spans(session_ids: Collection[str], since: datetime) -> dict[str, list[Span]]:
    """Whose these sessions have been from then on, in the order of time."""
    rows = db.session.execute(SPANS, {"sessions": list(session_ids), "since": since}) if session_ids else ()
    found: dict[str, list[Span]] = {}
    for row in rows:
        found.setdefault(row.session_id, []).append(Span(row.customer_id, row.from_at, row.to_at))
    return found


def is_turn(before: Span | None, customer_id: int, at: datetime) -> bool:
    """What was said before somebody else signed in takes nothing back from them."""
    return before is None or before.is_over(at) or (before.customer_id != customer_id and before.from_at <= at)


def hold(session_ids: Iterable[str]) -> None:
    """Until the commit nobody else makes them somebody's. Before any of what they did is locked."""
    locks.take("sessions", session_ids)


def turn(turns: Sequence[Turn], now: datetime) -> dict[str, int]:
    """In the order of time; what nobody has claimed goes to the first. Answers who got it, by session."""
    if not turns:
        return {}
    hold(one.session_id for one in turns)
    theirs = _new(turns)
    if not theirs:
        return {}
    said = {"sessions": list(theirs), "ats": [first.at for first, *_ in theirs.values()]}
    db.session.execute(CLOSE, said)
    db.session.execute(insert(Session), [row for some in theirs.values() for row in _rows(some)])
    first = {session: some[0].customer_id for session, some in theirs.items()}
    give(first, now)
    return first


def give(owners: Mapping[str, int], now: datetime) -> None:
    """Views, watches and the cart of these sessions to these people."""
    said = {"sessions": list(owners), "customers": list(owners.values())}
    views.give(owners, now)
    db.session.execute(WATCHES_OF_SESSIONS, said)
    found = db.session.execute(CARTS, said).all()
    if found:
        carts.give({row.id: owners[row.session_id] for row in found})


def join_known(customer_ids: Sequence[int], now: datetime) -> dict[str, int]:
    """Who appears gets what waited under their lead, and the sessions in which they said who they are."""
    if not customer_ids:
        return {}
    db.session.execute(WATCHES_OF_LEADS, {"customers": list(customer_ids)})
    given = views.join(customer_ids, now)
    taken = owners([one.session_id for one in given])
    return turn([Turn(one.session_id, one.customer_id, one.at) for one in given if one.session_id not in taken], now)


def missed(now: datetime) -> set[int]:
    """Customers who came in the same moment as what named them."""
    since = now - MISSED_WITHIN
    return {*views.missed(since), *db.session.scalars(WATCHERS_MISSED, {"since": since})}


def left(now: datetime) -> dict[str, int]:
    """Sessions of which something was not given to whose they are."""
    rows = db.session.execute(LEFT, {"since": now - MISSED_WITHIN})
    return {row.session_id: row.customer_id for row in rows}


def _new(turns: Sequence[Turn]) -> dict[str, list[Turn]]:
    """By session, those that change whose it is: asked once nobody else can change it."""
    sessions = {one.session_id for one in turns}
    now = {session: some[-1] for session, some in spans(sessions, max(one.at for one in turns)).items()}
    found: dict[str, list[Turn]] = {}
    for one in turns:
        if is_turn(now.get(one.session_id), one.customer_id, one.at):
            found.setdefault(one.session_id, []).append(one)
            now[one.session_id] = Span(one.customer_id, one.at)
    return found


def _rows(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """Each until the next."""
    ends = [*(one.at for one in turns[1:]), None]
    return [
        {"session_id": one.session_id, "customer_id": one.customer_id, "from_at": one.at, "to_at": end}
        for one, end in zip(turns, ends, strict=True)
    ]


def _held(lead: str) -> int | None:
    named = Who(lms_lead_id=lead)
    return whose.find([named], SOURCE)[named].id
