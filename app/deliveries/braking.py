"""Brakes: a run that goes wrong pauses itself and says why.

It is looked at right after a batch of which something failed, and every few seconds while it goes; once it is over
nothing can be stopped, but somebody is told of what comes back.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, text, update

from app.audit.actor import SYSTEM
from app.db import db
from app.deliveries import alarms, directory, figures, runs
from app.deliveries.batch import Batch
from app.deliveries.figures import Figures
from app.deliveries.run import Run
from app.pump import STILL_HERE
from app.settings import brakes

LEAST = 100  # outcomes: of fewer, two or three bad ones say nothing
COUNTING = timedelta(seconds=5)  # whoever counts has so long before somebody else does
REST = 4  # times as long as the last count took: a thousand mails are counted whenever one fails, a million seldom
WATCHED = timedelta(days=3)  # after its end
RARELY = timedelta(minutes=10)  # while it is watched: nothing can be stopped any more
SAID = {"failed": "failed", "bounced": "bounced", "complained": "were reported as spam"}
CAME_BACK = ("bounced", "complained")
LEFT = ("open", "sealed", "posting", "held")  # of a batch: mails of it may still go out
HAS_FAILED = text(
    """
    SELECT b.run_id FROM batches b JOIN runs r ON r.id = b.run_id
     WHERE b.id = :batch AND r.state = 'sending'
       AND EXISTS (SELECT FROM deliveries d WHERE d.run_id = b.run_id AND d.part = b.part AND d.state = 'failed')
    """
)
MOST_COMMON = text(
    """
    SELECT reason FROM deliveries WHERE run_id = :run AND state = 'failed'
     GROUP BY reason ORDER BY count(*) DESC, reason LIMIT 1
    """
)


def after(batch_id: int) -> Iterator[bool]:
    """What became of the batch is recorded before anything is counted."""
    run_id = db.session.scalar(HAS_FAILED, {"batch": batch_id})
    if run_id is not None:
        yield STILL_HERE
        yield from look(run_id)


def look_at_all(now: datetime) -> Iterator[bool]:
    is_watched = or_(Run.state == "sending", and_(Run.state == "finished", Run.finished_at > now - WATCHED))
    due = select(Run.id).where(is_watched, _is_due()).order_by(Run.id)
    for run_id in db.session.scalars(due).all():
        yield from look(run_id)


def look(run_id: int) -> Iterator[bool]:
    """One of all workers counts; nothing is locked while it does."""
    if not _is_ours(run_id):
        return
    yield STILL_HERE
    began = time.monotonic()
    found = figures.of(run_id)
    _rest(run_id, timedelta(seconds=REST * (time.monotonic() - began)))
    yield STILL_HERE
    judge(run_id, found)
    yield STILL_HERE


def judge(run_id: int, found: Figures) -> None:
    run = db.session.get_one(Run, run_id, populate_existing=True)
    if not _complaint(run, found):
        return
    db.session.refresh(run, with_for_update={"key_share": True})
    said = _complaint(run, found)  # somebody may have looked at it, and resumed it, a moment ago
    if said and run.state == "sending" and _has_more(run):
        _pause(run, said)
    elif said and run.state == "finished":
        alarms.came_back(run, said)
        figures.remember(run, found)


def _is_due() -> ColumnElement[bool]:
    return or_(Run.judge_after.is_(None), Run.judge_after <= func.clock_timestamp())


def _is_ours(run_id: int) -> bool:
    taken = update(Run).where(Run.id == run_id, _is_due()).values(judge_after=func.clock_timestamp() + COUNTING)
    return db.session.scalar(taken.returning(Run.id).execution_options(synchronize_session=False)) is not None


def _rest(run_id: int, pause: timedelta) -> None:
    rest = case((Run.state == "finished", RARELY), else_=pause)
    looked = update(Run).where(Run.id == run_id).values(judge_after=func.clock_timestamp() + rest)
    db.session.execute(looked.execution_options(synchronize_session=False))


def _has_more(run: Run) -> bool:
    """Something that a pause would keep from going out."""
    is_left = exists().where(Batch.run_id == run.id, Batch.state.in_(LEFT))
    return run.takes_more or bool(db.session.scalar(select(is_left)))


def _pause(run: Run, said: str) -> None:
    runs.pause(run, f"It paused itself: {said}"[:500], SYSTEM)
    alarms.braked(run)


def _complaint(run: Run, found: Figures) -> str:
    """Empty: nothing is wrong with it. What failed of a finished run is told elsewhere."""
    recent, limits = figures.since_seen(run, found), brakes.read()
    watched = CAME_BACK if run.state == "finished" else tuple(SAID)
    kinds = {kind: limit for kind in watched if (limit := getattr(limits, kind)) is not None}
    kind = _worst(recent, kinds) if recent.outcomes >= LEAST else ""
    return f"{_words(run, recent, kind, kinds[kind])}{_why(run) if kind == 'failed' else ''}" if kind else ""


def _worst(recent: Figures, limits: Mapping[str, float]) -> str:
    """The first that is over its limit."""
    is_over = (kind for kind, limit in limits.items() if 100 * getattr(recent, kind) > _exact(limit) * recent.outcomes)
    return next(is_over, "")


def _words(run: Run, recent: Figures, kind: str, limit: float) -> str:
    count, last = getattr(recent, kind), "the last " if run.judged_from else ""
    share = _percent(100 * count / recent.outcomes, limit)
    return f"{count:,} of {last}{recent.outcomes:,} mails {SAID[kind]} ({share} %), the limit is {limit:g} %."


def _why(run: Run) -> str:
    reason = db.session.scalar(MOST_COMMON, {"run": run.id}) or "failed"
    return f" The most common reason: {directory.REASONS_SAID.get(reason, reason).rstrip('.')}."


def _percent(share: float, limit: float) -> str:
    """With as many places as show that it is more."""
    return next((said for places in (1, 2, 3, 4) if float(said := f"{share:.{places}f}") > limit), f"{share:g}")


def _exact(limit: float) -> Decimal:
    """0.1 is a little more than a tenth to a machine."""
    return Decimal(str(limit))
