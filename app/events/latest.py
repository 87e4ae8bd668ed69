"""For the customers on one page of a list: where they stand and when they were last seen. One query, not a hundred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from app.db import db

# A lateral per customer, so each reads one index entry per table instead of all of that customer's events.
LATEST = text(
    """
    SELECT c.id, stage.to_stage, seen.occurred_at
      FROM unnest(CAST(:ids AS bigint[])) AS c(id)
      LEFT JOIN LATERAL (SELECT to_stage FROM funnel_events
                          WHERE customer_id = c.id AND funnel_type = 'sales'
                          ORDER BY created_date DESC LIMIT 1) stage ON true
      LEFT JOIN LATERAL (SELECT occurred_at FROM events
                          WHERE customer_id = c.id
                          ORDER BY occurred_at DESC LIMIT 1) seen ON true
    """
)


@dataclass(frozen=True)
class Latest:
    stage: str | None = None
    seen_at: datetime | None = None


def of(customer_ids: Sequence[int]) -> dict[int, Latest]:
    if not customer_ids:
        return {}
    rows = db.session.execute(LATEST, {"ids": list(customer_ids)})
    return {row.id: Latest(row.to_stage, row.occurred_at) for row in rows}
