"""Nobody gets more promotional mail than a cap allows, whichever automations write: asked when a batch is sealed.

What counts is what was accepted in the time of the cap, and what may still be: sealed by anybody, or uncertain. Two
workers that seal for the same person wait for each other, so that the second one sees what the first has sealed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from app.db import db
from app.settings.limits import Cap

# In order, so that nobody waits in a circle; a lock may be shared by several people, which does no harm.
LOCK = text(
    """
    SELECT pg_advisory_xact_lock(hashtext('mail caps'), lock)
      FROM (SELECT DISTINCT CAST(id % 2147483647 AS integer) AS lock
              FROM unnest(CAST(:ids AS bigint[])) AS id ORDER BY 1) in_order
    """
)
CAPS = "unnest(CAST(:since AS timestamptz[]), CAST(:most AS integer[])) AS cap(since, most)"
COUNTS = """(d.accepted_at > cap.since OR d.state = 'sealed' OR d.state = 'uncertain' AND EXISTS (
               SELECT FROM batches b WHERE b.run_id = d.run_id AND b.part = d.part AND b.posted_at > cap.since))"""
ROOM = text(
    f"""
    SELECT customer_id, min(room) AS room
      FROM (SELECT d.customer_id, cap.most - count(*) AS room
              FROM {CAPS}
              JOIN deliveries d ON d.customer_id = ANY (CAST(:ids AS bigint[]))
              JOIN runs r ON r.id = d.run_id AND r.purpose = 'promotional'
             WHERE {COUNTS}
             GROUP BY d.customer_id, cap.since, cap.most) counted
     GROUP BY customer_id
    """
)
# Of everybody, for a preflight: what a run finished before the window cannot count.
CAPPED = f"""
    SELECT customer_id
      FROM (SELECT d.customer_id
              FROM {CAPS}
              JOIN runs r ON r.purpose = 'promotional'
                         AND (r.finished_at IS NULL OR r.finished_at > cap.since - interval '1 day')
              JOIN deliveries d ON d.run_id = r.id
             WHERE {COUNTS}
             GROUP BY d.customer_id, cap.since, cap.most HAVING count(*) >= cap.most) reached
     GROUP BY customer_id
"""


def over(caps: Sequence[Cap], waiting: Sequence[Row[Any]], now: datetime) -> set[int]:
    """The deliveries, of these, that would be one too many. Holds the others' place until the commit."""
    if not caps or not waiting:
        return set()
    ids = sorted({row.customer_id for row in waiting})
    db.session.execute(LOCK, {"ids": ids})
    room = _room(caps, ids, now)
    return {row.id for row in waiting if _is_over(room, row.customer_id)}


def is_reached(caps: Sequence[Cap], customer_id: int, now: datetime) -> bool:
    """Whether one more would be too many, as it looks without holding anybody's place."""
    return bool(caps) and _room(caps, [customer_id], now)[customer_id] <= 0


def said(caps: Sequence[Cap], now: datetime) -> Mapping[str, Any]:
    return {"since": [now - cap.length for cap in caps], "most": [cap.n for cap in caps]}


def _room(caps: Sequence[Cap], ids: Sequence[int], now: datetime) -> dict[int, int]:
    counted = db.session.execute(ROOM, {"ids": list(ids), **said(caps, now)})
    least = min(cap.n for cap in caps)
    return dict.fromkeys(ids, least) | {row.customer_id: min(least, row.room) for row in counted}


def _is_over(room: dict[int, int], customer_id: int) -> bool:
    """One person may wait for several mails of a run."""
    room[customer_id] -= 1
    return room[customer_id] < 0
