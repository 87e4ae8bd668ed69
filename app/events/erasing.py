"""What an erased person did: their facts go; the keys stay, which are hashes and keep the same fact from coming back.

Facts are never deleted but for this, and say so (the passage).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.customers.erasing import Person
from app.db import db, plain

SLICE = 10_000
GONE = "WITH gone AS ({} RETURNING 1) SELECT count(*) FROM gone"
EVENTS = """
    DELETE FROM events WHERE (id, occurred_at) IN (
      SELECT id, occurred_at FROM events WHERE customer_id = ANY (:ids) ORDER BY occurred_at LIMIT :slice)
"""
MOVES = """
    DELETE FROM funnel_events WHERE id IN (
      SELECT id FROM funnel_events WHERE customer_id = ANY (:ids) LIMIT :slice)
"""
# What was done since they were erased is of whoever comes next; visits are told a moment before they come in.
PENDING = """
    DELETE FROM pending_events WHERE id IN (
      SELECT id FROM pending_events
       WHERE (lms_lead_id = ANY (:leads) OR email_folded = ANY (:emails))
         AND least(received_at, occurred_at) <= :until LIMIT :slice)
"""
# A row that a worker holds ends by itself: its fact is gone.
WORK = "DELETE FROM event_work WHERE customer_id = ANY (:ids) AND (lease_until IS NULL OR lease_until < now())"
PARTS = {"events": EVENTS, "stage changes": MOVES, "waiting events": PENDING}
ORIGINS = text(
    """
    SELECT DISTINCT receipt_id, import_id FROM events WHERE customer_id = ANY (:ids)
    UNION SELECT receipt_id, import_id FROM funnel_events WHERE customer_id = ANY (:ids)
    UNION SELECT receipt_id, import_id FROM pending_events
     WHERE lms_lead_id = ANY (:leads) OR email_folded = ANY (:emails)
    """
)
# A fact that came in while its person was being erased: its work row came with it.
STRAYS = text(
    """
    SELECT w.kind, w.event_id, w.occurred_at
      FROM event_work w JOIN customers c ON c.id = w.customer_id AND c.erased_at IS NOT NULL
     WHERE w.id = ANY (:keys)
    """
)
FORGET = {
    "event": "DELETE FROM events WHERE id = :event_id AND occurred_at = :occurred_at",
    "funnel": "DELETE FROM funnel_events WHERE id = :event_id",
}
KNOWN = {
    "events": "SELECT id, occurred_at, name, properties, received_at FROM events WHERE customer_id = :id"
    " ORDER BY occurred_at, id",
    "funnel_events": "SELECT id, created_date, funnel_type, from_stage, to_stage, received_at FROM funnel_events"
    " WHERE customer_id = :id ORDER BY created_date, id",
}


def origins(person: Person) -> tuple[set[int], set[int]]:
    """The calls and the files that told of what they did."""
    said = {"ids": person.ids, "leads": person.leads, "emails": person.emails}
    rows = db.session.execute(ORIGINS, said).all()
    return {row.receipt_id for row in rows} - {None}, {row.import_id for row in rows} - {None}


def erase(person: Person, until: datetime) -> Iterator[dict[str, int]]:
    said = {"ids": person.ids, "leads": person.leads, "emails": person.emails, "until": until, "slice": SLICE}
    for word, part in PARTS.items():
        while gone := _gone(part, said):
            yield {word: gone}
    _gone(WORK, {"ids": person.ids})
    yield {}


def forget_strays(keys: Sequence[int]) -> None:
    strays = db.session.execute(STRAYS, {"keys": list(keys)}).mappings().all()
    if strays:
        _open()
        for stray in strays:
            db.session.execute(text(FORGET[stray["kind"]]), dict(stray))
        _close()


def export(customer_id: int) -> dict[str, list[dict[str, Any]]]:
    return {noun: plain(asked, id=customer_id) for noun, asked in KNOWN.items()}


def _gone(part: str, said: dict[str, Any]) -> int:
    _open()
    gone = db.session.scalar(text(GONE.format(part)), said) or 0
    _close()
    return gone


def _open() -> None:
    db.session.execute(text("SELECT set_config('campus.passage', 'erasure', true)"))


def _close() -> None:
    db.session.execute(text("SELECT set_config('campus.passage', '', true)"))
