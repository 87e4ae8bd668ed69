"""Two customers become one: the survivor stands on every list on which one of them stood."""

from __future__ import annotations

from sqlalchemy import text

from app.db import db

MOVE = (
    """
    INSERT INTO customer_segment_customer_list (customer_segment_id, customer_id, created_date, source, import_id)
    SELECT customer_segment_id, :survivor, created_date, source, import_id
      FROM customer_segment_customer_list WHERE customer_id = :other
    ON CONFLICT DO NOTHING
    """,
    "DELETE FROM customer_segment_customer_list WHERE customer_id = :other",
    # Whoever was in a segment already does not join it anew.
    """
    INSERT INTO segment_members (segment_id, customer_id, since)
    SELECT segment_id, :survivor, since FROM segment_members WHERE customer_id = :other
    ON CONFLICT DO NOTHING
    """,
    "DELETE FROM segment_members WHERE customer_id = :other",
)


def move(survivor_id: int, other_id: int) -> None:
    for statement in MOVE:
        db.session.execute(text(statement), {"survivor": survivor_id, "other": other_id})
