"""What goes out: automations that act until tomorrow night, and the runs that are on their way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select, text

from app.automations.automation import Automation
from app.db import db
from app.deliveries import directory
from app.deliveries.run import MESSAGES, OPEN, Run
from app.segments.segment import Segment

SHOWN = 6
# Of runs that have planned everybody; the index on automation and id leads to the last of each.
LAST = text(
    """
    SELECT a.id AS automation_id, r.planned
      FROM unnest(CAST(:automations AS bigint[])) AS a(id)
     CROSS JOIN LATERAL (SELECT planned FROM runs WHERE automation_id = a.id AND planned > 0
                            AND state NOT IN ('planning', 'failed') ORDER BY id DESC LIMIT 1) r
    """
)


@dataclass(frozen=True)
class Next:
    """`about`: as many as it planned last time, else its segment's size; None: nobody has counted."""

    automation: Automation
    segment: str
    about: int | None


@dataclass(frozen=True)
class Now:
    """`done` is a share of its mails, `rate` mails a second."""

    run: Run
    done: float
    rate: float


def next_ones(now: datetime, zone: ZoneInfo) -> tuple[list[Next], int]:
    """And how many there are in all."""
    local = now.astimezone(zone)
    tomorrow_night = datetime.combine(local.date() + timedelta(days=2), time(), zone)
    due = Automation.is_active, Automation.next_at <= tomorrow_night
    wanted = select(Automation, Segment).outerjoin(Segment, Segment.id == Automation.segment_id).where(*due)
    rows = db.session.execute(wanted.order_by(Automation.next_at, Automation.id).limit(SHOWN)).all()
    last = _planned_last([row[0].id for row in rows])
    found = [
        Next(automation, segment.name if segment else "", last.get(automation.id, segment.size if segment else None))
        for automation, segment in rows
    ]
    return found, db.session.scalar(select(func.count()).select_from(Automation).where(*due)) or 0


def on_their_way() -> list[Now]:
    """The latest first; what waits all day for things to happen is no news, unless it is paused."""
    is_one_day_long = Run.open_until.is_not(None) | Run.key.startswith(MESSAGES)
    news = Run.state.in_(OPEN), or_(Run.state != "sending", ~is_one_day_long)
    runs = db.session.scalars(select(Run).where(*news).order_by(Run.id.desc()).limit(SHOWN)).all()
    done = directory.shares(runs)
    return [Now(run, done.get(run.id, 0.0), directory.rate(run) if run.state == "sending" else 0.0) for run in runs]


def _planned_last(automation_ids: Sequence[int]) -> dict[int, int]:
    return {row.automation_id: row.planned for row in db.session.execute(LAST, {"automations": automation_ids})}
