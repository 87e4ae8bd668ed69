"""What was going to be answered to an erased person, and when they were answered last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import text

from app.customers.erasing import Person
from app.db import db, plain

PARTS = {
    "answers that waited": "trigger_waits",
    "turns of answers": "trigger_last",
    "what they were called for": "behaviour_claims",
}
KNOWN = """
    SELECT a.name AS automation, w.happened_at, w.due_at, w.facts, w.outcome, w.settled_at
      FROM trigger_waits w JOIN automations a ON a.id = w.automation_id WHERE w.customer_id = :id ORDER BY w.id
"""


def erase(person: Person) -> Iterator[dict[str, int]]:
    """Whoever has one of them in hand finds it gone when they record it."""
    for noun, table in PARTS.items():
        gone = text(f"DELETE FROM {table} WHERE customer_id = ANY (:ids) RETURNING 1")
        yield {noun: len(db.session.execute(gone, {"ids": person.ids}).all())}


def export(customer_id: int) -> dict[str, list[dict[str, Any]]]:
    return {"answers": plain(KNOWN, id=customer_id)}
