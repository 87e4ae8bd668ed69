"""A share of an automation's people gets nothing, so that what its mail brings can be held against no mail at all.

Who that is is drawn by lot: the same people in each of its runs, whatever version the others get, and a larger share
keeps everybody of a smaller one. Asked last: whoever would not get the mail anyway is not held out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, text

from app import spans
from app.db import db
from app.deliveries import capping, lots
from app.deliveries.delivery import ACCEPTED
from app.deliveries.lift import Group
from app.deliveries.run import Run
from app.settings.limits import Cap

REASON = "holdout"
LIMIT = "holdout_percent"
HELD = f"CASE WHEN {lots.drawn(':held_by')} < CAST(:held_below AS bigint) THEN {{why}} END"
CAPPED = f"CASE WHEN customer_id IN ({capping.CAPPED}) THEN 'capped' ELSE '{REASON}' END"
# Each person once, however many runs they were in. Whoever is in both groups was merged from two, and tells nothing.
COUNTED = text(
    f"""
    WITH mine AS (
      SELECT id, coalesce(open_until, planned_for) AS planned_for FROM runs
       WHERE automation_id = :automation AND state = 'finished'
         AND goal = CAST(:goal AS jsonb) AND limits -> '{LIMIT}' = CAST(:percent AS jsonb)
    ), people AS (
      SELECT bool_or(d.state = 'skipped') AS is_held, bool_or(d.state <> 'skipped') AS is_mailed,
             bool_or(d.reached_at IS NOT NULL) AS has_reached
        FROM mine JOIN deliveries d ON d.run_id = mine.id
       WHERE d.state = ANY (:accepted) AND d.accepted_at <= :until
          OR d.state = 'skipped' AND d.reason = '{REASON}' AND mine.planned_for <= :until
       GROUP BY d.customer_id
    )
    SELECT is_held, count(*) FILTER (WHERE has_reached) AS reached, count(*) AS people
      FROM people WHERE is_held <> is_mailed GROUP BY is_held
    """
)


@dataclass(frozen=True)
class Held:
    """Why a `customer_id` is held out, as SQL, and what it is told; NULL: not at all."""

    sql: str = "NULL"
    said: Mapping[str, Any] = field(default_factory=dict)


NOBODY = Held()


def of(automation_id: int | None, limits: Mapping[str, Any], now: datetime, caps: Sequence[Cap] = ()) -> Held:
    """With `caps`: whoever has had enough already would get nothing anyway."""
    percent = limits.get(LIMIT)
    if not percent:
        return NOBODY
    said = {"held_by": f"{REASON}-{automation_id or 0}", "held_below": round(percent * lots.MOST / 100)}
    why = CAPPED if caps else f"'{REASON}'"
    return Held(HELD.format(why=why), said | (dict(capping.said(caps, now)) if caps else {}))


def share(automation_id: int, limits: Mapping[str, Any]) -> float | None:
    """In per cent, as it is now, or as it was when somebody was held out last."""
    if limits.get(LIMIT):
        return float(limits[LIMIT])
    theirs = select(Run.limits[LIMIT].as_float()).where(Run.automation_id == automation_id, Run.limits.has_key(LIMIT))
    return db.session.scalar(theirs.order_by(Run.id.desc()).limit(1))


def counts(automation_id: int, goal: Mapping[str, Any], percent: float, now: datetime) -> tuple[Group, Group]:
    """Who got the mail and who was held out, of the finished runs with this goal and this share.

    Only people whose time to reach the goal is over: the others would look as if they never did.
    """
    said = {
        "automation": automation_id,
        "goal": json.dumps(goal),
        "percent": json.dumps(percent),
        "accepted": list(ACCEPTED),
        "until": now - spans.duration(goal["within"]).length,
    }
    found = {row.is_held: Group(row.reached, row.people) for row in db.session.execute(COUNTED, said)}
    return found.get(False, Group()), found.get(True, Group())
