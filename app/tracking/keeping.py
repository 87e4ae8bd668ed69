"""How long hits are kept; what they said of their mail stays on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import text

from app.db import db
from app.tracking.judging import KEPT

SLICE = 10_000
# No mail that is judged again has lost one: a hit is never older than its mail.
FORGET = text(
    """
    WITH gone AS (
      DELETE FROM delivery_events WHERE id IN (
        SELECT id FROM delivery_events WHERE at < :before LIMIT :slice)
      RETURNING 1
    )
    SELECT count(*) FROM gone
    """
)


def forget_old(now: datetime) -> Iterator[None]:
    while db.session.scalar(FORGET, {"before": now - KEPT, "slice": SLICE}):
        yield
