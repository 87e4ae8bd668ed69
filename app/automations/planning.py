"""A run is planned: its segment becomes people, each with what is going to happen to them, all in one transaction."""

from __future__ import annotations

from datetime import datetime

from app.automations import meant, occasions
from app.automations.automation import Automation
from app.claims import NotYet
from app.db import db
from app.deliveries import alarms, filling, holdout, limits, runs
from app.deliveries.filling import Whom
from app.deliveries.run import Run
from app.segments import audience, keeping
from app.segments.unavailable import Unavailable
from app.settings import limits as of_team

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
        began = since(run)
        wanted = audience.of(segment, now, began)
        meant.keep(run, segment, wanted, now, began)
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
    wanted = audience.of(segment, now, occasions.covered_until(automation.id))
    caps = limits.of(automation.purpose, automation.limits, of_team.current()).caps
    held = holdout.of(automation.id, automation.limits, now)
    return filling.counted(Whom(wanted.sql, wanted.said), automation.purpose, automation.topic, now, caps, held)


def since(run: Run) -> datetime | None:
    """Where “since the last run” in a rule begins. A run whose automation was deleted meanwhile still knows."""
    later = occasions.covered_until(run.automation_id) if run.automation_id else None
    return max(filter(None, (run.since, later)), default=None)
