"""Two customers become one: their statements stand side by side, and the survivor stands where all of them lead."""

from __future__ import annotations

from sqlalchemy import text

from app.consent import statements
from app.db import db

MOVE = (
    "SELECT set_config('campus.passage', 'merge', true)",
    "UPDATE consents SET customer_id = :survivor WHERE customer_id = :other",
    "SELECT set_config('campus.passage', '', true)",
    """
    INSERT INTO pauses (customer_id, until, since) SELECT :survivor, until, since FROM pauses WHERE customer_id = :other
    ON CONFLICT (customer_id) DO UPDATE SET until = greatest(pauses.until, excluded.until)
    """,
    "UPDATE customers s SET asks_first = s.asks_first OR o.asks_first FROM customers o"
    " WHERE s.id = :survivor AND o.id = :other",
)


def move(survivor_id: int, other_id: int) -> None:
    for statement in MOVE:
        db.session.execute(text(statement), {"survivor": survivor_id, "other": other_id})
    statements.reckon([survivor_id, other_id])
