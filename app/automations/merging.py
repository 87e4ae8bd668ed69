"""Two customers become one: what waits for one of them waits for the survivor, and they have one turn together."""

from __future__ import annotations

from sqlalchemy import text

from app.db import db

# What the survivor waits for already is not waited for twice.
MOVE = (
    """
    DELETE FROM trigger_waits o USING trigger_waits s
     WHERE o.customer_id = :other AND s.customer_id = :survivor AND s.automation_id = o.automation_id
       AND (s.occasion = o.occasion OR (s.is_alone AND o.is_alone AND s.outcome IS NULL AND o.outcome IS NULL))
    """,
    "UPDATE trigger_waits SET customer_id = :survivor WHERE customer_id = :other",
    """
    INSERT INTO trigger_last (automation_id, customer_id, at)
    SELECT automation_id, :survivor, at FROM trigger_last WHERE customer_id = :other
    ON CONFLICT (automation_id, customer_id) DO UPDATE SET at = greatest(trigger_last.at, excluded.at)
    """,
    "DELETE FROM trigger_last WHERE customer_id = :other",
    """
    INSERT INTO behaviour_claims (automation_id, customer_id, about, product_id, occasion, at)
    SELECT automation_id, :survivor, about, product_id, occasion, at FROM behaviour_claims WHERE customer_id = :other
    ON CONFLICT DO NOTHING
    """,
    "DELETE FROM behaviour_claims WHERE customer_id = :other",
)


def move(survivor_id: int, other_id: int) -> None:
    for statement in MOVE:
        db.session.execute(text(statement), {"survivor": survivor_id, "other": other_id})
