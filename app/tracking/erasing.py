"""What came back of an erased person's mails goes, and so do the programs that they read with.

The first times stay on their mails, which are nobody's from now on: an open rate must not change with each erasure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import text

from app.customers.erasing import Person
from app.db import db, plain

SLICE = 10_000
HITS = text(
    """
    WITH gone AS (
      DELETE FROM delivery_events WHERE id IN (
        SELECT id FROM delivery_events WHERE customer_id = ANY (:ids) LIMIT :slice)
      RETURNING 1
    )
    SELECT count(*) FROM gone
    """
)
KNOWN = {
    "delivery_events": "SELECT e.kind, e.at, r.name AS run, e.place, e.reason, e.agent"
    " FROM delivery_events e JOIN runs r ON r.id = e.run_id WHERE e.customer_id = :id ORDER BY e.at, e.id",
}


def erase(person: Person) -> Iterator[dict[str, int]]:
    while gone := db.session.scalar(HITS, {"ids": person.ids, "slice": SLICE}):
        yield {"opens and clicks": gone}
    yield {}


def export(customer_id: int) -> dict[str, list[dict[str, Any]]]:
    return {noun: plain(asked, id=customer_id) for noun, asked in KNOWN.items()}
