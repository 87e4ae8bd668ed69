"""A canary: the first few of a run go ahead, then it waits for a look, or for some minutes.

They are drawn by lot, by a hash that is another for each run, and have batches of their own; the others' batches are
`held`, which no worker sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import exists, select, text

from app.audit import record
from app.audit.actor import SYSTEM
from app.db import db
from app.deliveries import alarms
from app.deliveries.batch import Batch
from app.deliveries.run import Run
from app.settings import team

# As the batches that they are taken from: lane and time stay.
AHEAD = text(
    """
    WITH chosen AS (
      SELECT d.id, b.lane, b.not_before
        FROM deliveries d
        JOIN batches b ON b.run_id = d.run_id AND b.part = d.part
       WHERE d.run_id = :run AND d.state = 'planned'
       ORDER BY hashtextextended(CAST(:run AS text) || ':' || d.customer_id, 0), d.id
       LIMIT :n
    ), counted AS (
      SELECT *, (row_number() OVER (PARTITION BY not_before ORDER BY id) - 1) / :people AS nth FROM chosen
    ), placed AS (
      SELECT *, :part - 1 + dense_rank() OVER (ORDER BY not_before, nth) AS part FROM counted
    ), moved AS (
      UPDATE deliveries d SET part = placed.part FROM placed WHERE d.id = placed.id
    )
    INSERT INTO batches (run_id, part, lane, not_before) SELECT DISTINCT :run, part, lane, not_before FROM placed
    """
)
EMPTY = text(
    """
    DELETE FROM batches b
     WHERE b.run_id = :run AND NOT EXISTS (SELECT FROM deliveries d WHERE d.run_id = b.run_id AND d.part = b.part)
    """
)
HOLD = text("UPDATE batches SET state = 'held', waiting_since = NULL WHERE run_id = :run AND part < :part")
LET_GO = text(
    "UPDATE batches SET state = 'open', waiting_since = clock_timestamp() WHERE run_id = :run AND state = 'held'"
)
IS_HELD = exists().where(Batch.run_id == Run.id, Batch.state == "held")
IS_OUT = (
    Run.state == "sending",
    Run.limits["canary"].is_not(None),
    Run.canary_out_at.is_(None),
    IS_HELD,
    ~exists().where(Batch.run_id == Run.id, Batch.waiting_since.is_not(None)),
)


def set_apart(run: Run, part: int, people: int) -> None:
    """`part`: the first that no batch of the run has; `people`: of a batch."""
    wanted = run.limits.get("canary")
    if wanted:
        db.session.execute(AHEAD, {"run": run.id, "n": wanted["n"], "part": part, "people": people})
        db.session.execute(EMPTY, {"run": run.id})
        db.session.execute(HOLD, {"run": run.id, "part": part})


def stop_behind(now: datetime) -> None:
    """The first are all out, and the others were held. Locked first and looked at again, as where a run ends."""
    held = select(Run.id).where(*IS_OUT).with_for_update(skip_locked=True, key_share=True)
    ids = db.session.scalars(held).all()
    for run in _fresh(ids) if ids else ():
        run.canary_out_at = now
        minutes = run.limits["canary"].get("minutes")
        if minutes:
            _wait(run, now + timedelta(minutes=minutes))
        else:
            _ask(run)


def let_go_due(now: datetime) -> None:
    """Whoever wanted to stop them has paused the run."""
    due = select(Run).where(Run.state == "sending", Run.canary_until <= now)
    for run in db.session.scalars(due.with_for_update(skip_locked=True, key_share=True)):
        run.state_reason = ""
        let_go(run)


def let_go(run: Run) -> None:
    db.session.execute(LET_GO, {"run": run.id})
    run.canary_until = None


def resumed(run: Run) -> None:
    """By a person, who has looked. Paused before the first were out, it goes on with them."""
    if run.canary_out_at is not None:
        let_go(run)


def _fresh(ids: Sequence[int]) -> Sequence[Run]:
    return db.session.scalars(
        select(Run).where(Run.id.in_(ids), *IS_OUT).execution_options(populate_existing=True)
    ).all()


def _wait(run: Run, until: datetime) -> None:
    run.canary_until = until
    there = until.astimezone(team.zone())
    run.state_reason = f"{_first(run)} The others follow at {there:%Y-%m-%d %H:%M %Z} unless somebody pauses it."


def _ask(run: Run) -> None:
    run.state, run.state_reason = "paused", f"{_first(run)} Look at what became of them, then resume it."
    record(SYSTEM, "paused", "run", (str(run.id), run.name))
    alarms.waits(run)


def _first(run: Run) -> str:
    n = run.limits["canary"]["n"]
    return f"The first {n:,} are out." if n > 1 else "The first one is out."
