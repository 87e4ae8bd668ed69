"""Each person gets it when their own clock shows the time: the batches of a run by the moment of their zone.

Whose clock has passed it when the run was meant to begin gets it the next day.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from app import wall_clock
from app.db import db
from app.deliveries import quiet_hours
from app.deliveries.run import Run

NAME = "local_time"
DUE = "unnest(CAST(:zones AS text[]), CAST(:moments AS timestamptz[])) AS due(zone, at)"
AT = "coalesce(due.at, CAST(:otherwise AS timestamptz))"
# In place of the parts by number alone: no batch holds people of two moments.
FILL = f"""
    , timed AS (
      SELECT s.customer_id, s.email, s.refusal, {AT} AS at
        FROM settled s
        JOIN customers c ON c.id = s.customer_id
        LEFT JOIN {DUE} ON due.zone = c.timezone
    ), placed AS (
      SELECT *, (row_number() OVER (PARTITION BY refusal IS NULL, at ORDER BY customer_id) - 1) / :people AS piece
        FROM timed
    )
    INSERT INTO deliveries (run_id, customer_id, state, reason, part, email, variant)
    SELECT :run, customer_id,
           CASE WHEN refusal IS NULL THEN 'planned' ELSE 'skipped' END,
           refusal,
           CASE WHEN refusal IS NULL THEN dense_rank() OVER (PARTITION BY refusal IS NULL ORDER BY at, piece) - 1 END,
           email,
           {{variant}}
      FROM placed
    ON CONFLICT (run_id, customer_id, occasion) DO NOTHING
"""
HOLD = f"""
    UPDATE batches b SET not_before = held.at, waiting_since = held.at, meant_for = held.at, held_for = :why
      FROM (SELECT DISTINCT d.part, {AT} AS at
              FROM deliveries d
              JOIN customers c ON c.id = d.customer_id
              LEFT JOIN {DUE} ON due.zone = c.timezone
             WHERE d.run_id = :run AND d.part IS NOT NULL) held
     WHERE b.run_id = :run AND b.part = held.part AND held.at > :now
"""


def moments(run: Run) -> dict[str, Any]:
    """The moment of each zone that there is, and of whoever has none."""
    at = _time(run)
    found = {name: moment(at, ZoneInfo(name), run.planned_for) for name in quiet_hours.zones()}
    otherwise = moment(at, ZoneInfo(run.timezone), run.planned_for)
    return {"zones": list(found), "moments": list(found.values()), "otherwise": otherwise}


def hold(run: Run, said: dict[str, Any], now: datetime) -> None:
    db.session.execute(text(HOLD), {**said, "run": run.id, "now": now, "why": NAME})


def moment(at: time, zone: ZoneInfo, after: datetime) -> datetime:
    """The first one from then on. A clock that goes back over midnight shows the time of the day before again."""
    day = after.astimezone(zone).date() - timedelta(days=1)
    found = (wall_clock.first(datetime.combine(day + timedelta(days=n), at), zone) for n in range(4))
    return next(one for one in found if one >= after)


def _time(run: Run) -> time:
    said = run.limits["local_time"]
    if isinstance(said, str):
        return time.fromisoformat(said)
    return wall_clock.shown(run.planned_for, ZoneInfo(run.timezone)).time()
