"""A run is planned: its segment becomes people, each with what is going to happen to them, all in one transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from app.automations.automation import Automation
from app.claims import NotYet
from app.db import db
from app.deliveries import alarms, filling, runs
from app.deliveries.filling import Whom
from app.deliveries.run import Run
from app.segments import audience, keeping
from app.segments.unavailable import Unavailable

GONE = "Its segment was deleted."


def plan(run_id: int, now: datetime) -> None:
    """A segment that cannot be computed makes the run fail with the reason: never everybody, never half."""
    run = db.session.get_one(Run, run_id)
    if run.state == "paused":
        raise NotYet("The run is paused.")
    if run.state == "planning":
        _plan(run, now)


def _plan(run: Run, now: datetime) -> None:
    segment = keeping.find(run.segment_id) if run.segment_id else None
    try:
        if segment is None:
            raise Unavailable(GONE)
        wanted = audience.of(segment, now, last_run(run))
    except Unavailable as why:
        runs.fail(run, why.said, now)
    else:
        filling.fill(run, Whom(wanted.sql, wanted.said), now)
        runs.begin(run, now)


def give_up(run_id: int) -> None:
    """Set aside by the loop: somebody must see to it."""
    run = db.session.get_one(Run, run_id, populate_existing=True)
    if run.failed_at is not None:
        alarms.unplanned(run)


def preflight(automation: Automation, now: datetime) -> dict[str | None, int]:
    """The same question as planning asks: what it says is what a run at this moment would do. Raises Unavailable."""
    segment = keeping.find(automation.segment_id) if automation.segment_id else None
    if segment is None:
        raise Unavailable(GONE)
    wanted = audience.of(segment, now, last_of(automation.id))
    return filling.counted(Whom(wanted.sql, wanted.said), automation.purpose, automation.topic, now)


def last_run(run: Run) -> datetime | None:
    """When the run before this one was planned for: “since the last run” in a rule begins there."""
    return last_of(run.automation_id, run.planned_for) if run.automation_id else None


def last_of(automation_id: int, before: datetime | None = None) -> datetime | None:
    earlier = select(func.max(Run.planned_for)).where(
        Run.automation_id == automation_id, Run.state.in_(("sending", "paused", "finished"))
    )
    return db.session.scalar(earlier.where(Run.planned_for < before) if before is not None else earlier)
