"""What the facts of a customer are when two become one, and what waits under an address that fits several."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Select, func, select, text

from app.db import db
from app.events.event import Event
from app.events.funnel_event import FunnelEvent
from app.events.pending_event import PendingEvent
from app.paging import capped_count

# Work that another worker writes at this moment is mended by whoever takes it (effects.py).
MOVES = tuple(
    text(f"UPDATE {table} SET customer_id = :survivor WHERE customer_id = :other")
    for table in ("events", "funnel_events", "event_work")
)


@dataclass(frozen=True)
class Holding:
    events: int
    is_capped: bool
    moves: int


def holding(customer_id: int) -> Holding:
    events, is_capped = _count(select(Event).where(Event.customer_id == customer_id))
    moves, _ = _count(select(FunnelEvent).where(FunnelEvent.customer_id == customer_id))
    return Holding(events, is_capped, moves)


def move(survivor_id: int, other_id: int) -> None:
    """Facts never change, but for whose they are: merging is one of the few that may say so."""
    db.session.execute(text("SELECT set_config('campus.passage', 'merge', true)"))
    for statement in MOVES:
        db.session.execute(statement, {"survivor": survivor_id, "other": other_id})
    db.session.execute(text("SELECT set_config('campus.passage', '', true)"))


def waiting(emails: Collection[str]) -> dict[str, int]:
    """How many facts name nobody but this address; one that names a lead id too waits for that."""
    named = PendingEvent.email_folded
    counted = select(named, func.count()).where(named.in_(emails), PendingEvent.lms_lead_id.is_(None)).group_by(named)
    return {email: count for email, count in db.session.execute(counted) if email}


def _count(rows: Select[Event] | Select[FunnelEvent]) -> tuple[int, bool]:
    return capped_count(rows)
