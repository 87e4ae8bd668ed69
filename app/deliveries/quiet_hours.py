"""Whoever is asleep gets it when they wake: their mails move to batches of the moment when their quiet hours end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import text

from app import wall_clock
from app.db import db
from app.deliveries import runs
from app.deliveries.batch import Batch
from app.deliveries.run import Run
from app.settings.limits import QuietHours

NAME = "quiet_hours"
HOPS = 8  # from the end of one into another: two that cover a whole day have no end
ZONES = """
    SELECT d.id, c.timezone FROM deliveries d JOIN customers c ON c.id = d.customer_id
     WHERE d.run_id = :run AND d.part = :part AND d.state = :state
"""
MOVE = text(
    """
    WITH moved AS (
      UPDATE deliveries d SET part = said.part
        FROM unnest(CAST(:ids AS bigint[]), CAST(:parts AS integer[])) AS said(id, part)
       WHERE d.id = said.id AND d.state = 'planned'
      RETURNING d.part
    )
    INSERT INTO batches (run_id, part, lane, not_before, waiting_since, meant_for, held_for)
    SELECT :run, part, :lane, until, until, until, :why
      FROM unnest(CAST(:new AS integer[]), CAST(:untils AS timestamptz[])) AS held(part, until)
     WHERE part IN (SELECT part FROM moved)
    """
)


def asleep(batch: Batch, run: Run, quiet: Sequence[QuietHours], now: datetime) -> tuple[dict[int, datetime], int]:
    """Until when, for each delivery of these that may not go out yet; and of how many."""
    said = {"run": run.id, "part": batch.part, "state": "planned" if batch.state == "open" else "sealed"}
    rows = db.session.execute(text(ZONES), said).all()
    ends = {name: end_of(quiet, now, zone_of(name, run)) for name in {row.timezone for row in rows}}
    return {row.id: end for row in rows if (end := ends[row.timezone]) is not None}, len(rows)


def move(batch: Batch, run: Run, held: Mapping[int, datetime]) -> None:
    """The run is held by whoever calls: nobody else takes the same parts."""
    first = runs.next_part(run)
    parts = {until: first + place for place, until in enumerate(sorted(set(held.values())))}
    said = {
        "ids": list(held),
        "parts": [parts[until] for until in held.values()],
        "new": list(parts.values()),
        "untils": list(parts),
    }
    db.session.execute(MOVE, {**said, "run": run.id, "lane": batch.lane, "why": NAME})


def end_of(quiet: Sequence[QuietHours], now: datetime, zone: ZoneInfo) -> datetime | None:
    """When the quiet that lies over this moment is over, for somebody who lives there; none: there is none."""
    moment = now
    for _ in range(HOPS):
        ends = [end for one in quiet if (end := _end(one, moment, zone))]
        if not ends:
            break
        moment = max(ends)
    return moment if moment > now else None


def zone_of(name: str | None, run: Run) -> ZoneInfo:
    return zone_in(name, run.timezone)


def zone_in(name: str | None, otherwise: str) -> ZoneInfo:
    """What is written there may be anything."""
    return ZoneInfo(name if name and name in zones() else otherwise)


@cache
def zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _end(quiet: QuietHours, moment: datetime, zone: ZoneInfo) -> datetime | None:
    start, end = quiet.times
    shown = wall_clock.shown(moment, zone)
    at = shown.time()
    is_inside = start <= at < end if start < end else start != end and (at >= start or at < end)
    if not is_inside:
        return None
    on = datetime.combine(shown.date() + timedelta(days=at >= end), end)
    first = wall_clock.first(on, zone)
    return first if first > moment else wall_clock.second(on, zone)
