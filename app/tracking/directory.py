"""What came back of one mail, to be shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from app.db import db
from app.tracking.robots import HUMAN, REASONS_SAID

# The link as it was in the mail that went out: of the run, or of one of its versions.
SHOWN = text(
    """
    SELECT e.kind, e.at, e.is_human, e.reason, e.agent, l.label, l.href
      FROM delivery_events e
      JOIN deliveries d ON d.id = e.delivery_id
      JOIN runs r ON r.id = d.run_id
      LEFT JOIN run_variants v ON v.run_id = d.run_id AND v.place = d.variant
      LEFT JOIN links l ON l.version_id = coalesce(v.version_id, r.version_id) AND l.place = e.place
     WHERE e.delivery_id = :delivery
     ORDER BY e.at, e.id LIMIT :most
    """
)


@dataclass(frozen=True)
class Shown:
    kind: str
    at: datetime
    is_human: bool
    reason: str
    agent: str
    label: str | None
    href: str | None

    @property
    def link(self) -> str | None:
        return self.label or self.href

    @property
    def why(self) -> str:
        return "" if self.reason == HUMAN else REASONS_SAID.get(self.reason, self.reason)


def of_delivery(delivery_id: int, most: int) -> list[Shown]:
    """The earliest, in order."""
    return [Shown(*row) for row in db.session.execute(SHOWN, {"delivery": delivery_id, "most": most})]
