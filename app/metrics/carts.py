"""What became of carts that were begun in a range of days, and what reminders of them brought back.

A cart has a day before it counts as left; younger ones are in no rate. Reminders are mails of abandoned carts that were
sent in the same days: recovered is one that has the credit for what its person did then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import text

from app.db import db
from app.metrics.figures import Figures
from app.metrics.ranges import Range

PATIENCE = timedelta(hours=24)
COUNT = """
    SELECT count(*) AS begun,
           count(*) FILTER (WHERE is_ripe) AS ripe,
           count(*) FILTER (WHERE is_ripe AND outcome = 'ordered') AS ordered,
           count(*) FILTER (WHERE is_ripe AND outcome = 'emptied') AS emptied
      FROM (SELECT outcome, began_at <= :ripe AS is_ripe FROM cart_rounds
             WHERE began_at >= :starts AND began_at < :ends) begun
"""


@dataclass(frozen=True, slots=True)
class Carts:
    """`begun` counts all of them; the others only those that were begun a day ago or earlier: `ripe`."""

    begun: int = 0
    ripe: int = 0
    ordered: int = 0
    emptied: int = 0
    mailed: int = 0
    recovered: int = 0
    revenue: Mapping[str, int] = field(default_factory=dict)

    @property
    def left(self) -> int:
        return self.ripe - self.ordered - self.emptied

    @property
    def abandoned_rate(self) -> float | None:
        return 1 - self.ordered / self.ripe if self.ripe else None

    @property
    def recovered_rate(self) -> float | None:
        return self.recovered / self.mailed if self.mailed else None


def of(days: Range, reminders: Figures, now: datetime) -> Carts:
    """`reminders`: the figures of all mails of abandoned carts that were sent in these days."""
    said = {"starts": days.starts, "ends": days.ends, "ripe": now - PATIENCE}
    row = db.session.execute(text(COUNT), said).mappings().one()
    return Carts(**row, mailed=reminders.sent, recovered=reminders.converted, revenue=reminders.revenue)
