"""What facts set off, in sets of their work rows. Most set off nothing yet: their work just ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from app.db import db

# A fact that came in while its person was being merged: the merge could not see it.
STRAYS = text(
    """
    SELECT w.id, w.kind, w.event_id, w.occurred_at, a.customer_id
      FROM event_work w JOIN customer_aliases a ON a.merged_id = w.customer_id
     WHERE w.id = ANY (:keys)
    """
)
MEND = {
    "event": "UPDATE events SET customer_id = :customer_id WHERE id = :event_id AND occurred_at = :occurred_at",
    "funnel": "UPDATE funnel_events SET customer_id = :customer_id WHERE id = :event_id",
}


def take(keys: Sequence[int], _now: datetime) -> None:
    """Never commits. Safe to run twice."""
    _follow_merges(keys)


def _follow_merges(keys: Sequence[int]) -> None:
    strays = db.session.execute(STRAYS, {"keys": list(keys)}).mappings().all()
    if not strays:
        return
    db.session.execute(text("SELECT set_config('campus.passage', 'merge', true)"))
    for stray in strays:
        db.session.execute(text(MEND[stray["kind"]]), dict(stray))
        db.session.execute(text("UPDATE event_work SET customer_id = :customer_id WHERE id = :id"), dict(stray))
    db.session.execute(text("SELECT set_config('campus.passage', '', true)"))
