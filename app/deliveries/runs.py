"""Runs: made once per occasion, paused, resumed, cancelled, and accounted for from their rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import RowMapping, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.audit import Actor, record
from app.db import db
from app.deliveries import alarms, canary, discounting, figures
from app.deliveries.batch import Batch
from app.deliveries.delivery import ACCEPTED, WAITING, Delivery
from app.deliveries.run import Run

CANCEL = (
    # Whoever holds one of them loses it by the fencing number, unless it is out already.
    """
    UPDATE batches SET state = 'done', payload = NULL, waiting_since = NULL, fence = fence + 1
     WHERE run_id = :run AND state IN ('open', 'sealed', 'held')
    """,
    """
    UPDATE deliveries d SET state = 'skipped', reason = 'cancelled'
     WHERE d.run_id = :run AND d.state IN ('planned', 'sealed')
       AND NOT EXISTS (SELECT FROM batches b WHERE b.run_id = d.run_id AND b.part = d.part AND b.state = 'posting')
    """,
)
RETRY = """
    WITH failed AS (
      UPDATE deliveries SET state = 'planned', reason = NULL, part = :part + (n - 1) / 100
        FROM (SELECT id AS failed_id, row_number() OVER (ORDER BY id) AS n
                FROM deliveries WHERE run_id = :run AND state = 'failed') numbered
       WHERE id = failed_id
      RETURNING part
    )
    INSERT INTO batches (run_id, part, lane) SELECT DISTINCT :run, part, :lane FROM failed
"""
URGENT, ANSWER, CAMPAIGN = range(3)  # the lowest goes first
# What waits since before the pause may be too late by now; what has a time of its own ahead is not.
HELD = """
    UPDATE batches SET held_for = coalesce(held_for, 'pause')
     WHERE run_id = :run AND waiting_since IS NOT NULL AND not_before <= now() + interval '1 minute'
"""
AS_IT_IS = {"populate_existing": True, "synchronize_session": False}

# What came back of a mail, each by the time that it was first heard of.
CAME = {
    "delivered": Delivery.delivered_at,
    "opened": Delivery.opened_at,
    "clicked": Delivery.clicked_at,
    "converted": Delivery.converted_at,
    "bounced": Delivery.bounced_at,
    "complained": Delivery.complained_at,
}
Counted = RowMapping  # state, reason, how many people, and of how many of them each of these came back


class WrongState(ValueError):
    """What was asked for fits no run of this state."""


@dataclass(frozen=True)
class Account:
    """`planned` = waiting + accepted + skipped + failed + uncertain, always; the others are some of the accepted.

    Opened and clicked are those by people.
    """

    planned: int = 0
    waiting: int = 0
    accepted: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    converted: int = 0
    bounced: int = 0
    complained: int = 0
    uncertain: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)


def make(run: Run) -> Run | None:
    """None: this occasion has its run already, whoever made it."""
    names = [column.name for column in Run.__table__.columns]
    values = {name: value for name in names if (value := getattr(run, name)) is not None}
    made = insert(Run).values(values).on_conflict_do_nothing(index_elements=["key"]).returning(Run.id)
    made_id = db.session.scalar(made)
    return db.session.get_one(Run, made_id) if made_id is not None else None


def find(run_id: int) -> Run | None:
    return db.session.get(Run, run_id) if run_id < 2**63 else None


def called(key: str) -> Run | None:
    return db.session.scalars(select(Run).where(Run.key == key)).one_or_none()


def begin(run: Run, now: datetime) -> None:
    """Planned: from here on its batches are the work."""
    run.state, run.started_at = "sending", now
    alarms.planned(run)
    finish_done(now)


def fail(run: Run, said: str, now: datetime) -> None:
    """Nobody gets anything: what it needs is not there, or cannot be computed."""
    run.state, run.state_reason, run.finished_at = "failed", said[:500], now
    run.waiting_since = None
    alarms.failed(run)


def pause(run: Run, said: str, by: Actor) -> None:
    _from(run, ("planning", "sending"))
    _take_from_planner(run)
    run.state, run.state_reason = "paused", said
    record(by, "paused", "run", (str(run.id), run.name))


def resume(run: Run, by: Actor) -> None:
    _from(run, ("paused",))
    run.state, run.state_reason = "planning" if run.started_at is None else "sending", ""
    if run.limits.get("late_hours") is not None:
        db.session.execute(text(HELD), {"run": run.id})
    canary.resumed(run)
    alarms.attended(run, "Somebody resumed it.")
    figures.remember(run)
    record(by, "resumed", "run", (str(run.id), run.name))


def cancel(run: Run, now: datetime, by: Actor) -> None:
    """What is out already stays accepted; of everything else nothing goes out any more."""
    _from(run, ("planning", "sending", "paused"))
    _take_from_planner(run)
    for statement in CANCEL:
        db.session.execute(text(statement), {"run": run.id})
    run.state, run.finished_at, run.waiting_since = "cancelled", now, None
    run.canary_until = None
    discounting.cancelled(run)
    alarms.settle_unplanned(run)
    alarms.attended(run, "The run is cancelled.")
    record(by, "cancelled", "run", (str(run.id), run.name))


def retry_failed(run: Run, by: Actor) -> None:
    _from(run, ("sending", "finished"))
    failed = exists().where(Delivery.run_id == run.id, Delivery.state == "failed")
    if not db.session.scalar(select(failed)):
        raise WrongState("Nothing of this run has failed.")
    try:
        discounting.must_be_there(run)
    except discounting.Gone:
        raise WrongState("Its discount codes were deleted, and its mails would go out without.") from None
    db.session.execute(text(RETRY), {"run": run.id, "part": next_part(run), "lane": lane(run)})
    run.state, run.finished_at = "sending", None
    figures.remember(run)
    alarms.tried_again(run)
    record(by, "tried again", "run", (str(run.id), run.name))


def next_part(run: Run) -> int:
    last = db.session.scalar(select(func.max(Batch.part)).where(Batch.run_id == run.id))
    return 0 if last is None else last + 1


def lane(run: Run) -> int:
    """Somebody waits for a transactional mail; and what answers to something is worth more while it is fresh."""
    if run.purpose == "transactional":
        return URGENT
    return CAMPAIGN if run.open_until is None else ANSWER


def account(run: Run) -> Account:
    return accounts([run.id]).get(run.id, Account())


def accounts(run_ids: Sequence[int]) -> dict[int, Account]:
    """Computed from rows, never from counters that could drift."""
    key = Delivery.run_id, Delivery.state, Delivery.reason
    counts = [func.count(at).label(name) for name, at in CAME.items()]
    counted = select(*key, func.count().label("people"), *counts).where(Delivery.run_id.in_(run_ids))
    found: dict[int, list[Counted]] = {}
    for row in db.session.execute(counted.group_by(*key)).mappings():
        found.setdefault(row["run_id"], []).append(row)
    return {run_id: _account(own) for run_id, own in found.items()}


def finish_done(now: datetime) -> int:
    """A run is over when none of its batches waits any more.

    Locked first and looked at again: somebody who adds a batch holds the run, and is seen afterwards.
    """
    canary.stop_behind(now)
    waits = exists().where(Batch.run_id == Run.id, or_(Batch.waiting_since.is_not(None), Batch.state == "held"))
    is_closed = or_(Run.open_until.is_(None), Run.open_until <= now)
    is_over = Run.state == "sending", is_closed, ~waits
    held = select(Run.id).where(*is_over).with_for_update(skip_locked=True, key_share=True)
    ids = db.session.scalars(held).all()
    if not ids:
        return 0
    over = update(Run).where(Run.id.in_(ids), *is_over).values(state="finished", finished_at=now)
    done = db.session.scalars(over.returning(Run).execution_options(**AS_IT_IS)).all()
    alarms.look_at(done)
    return len(done)


def _account(rows: Sequence[Counted]) -> Account:
    people: Counter[str] = Counter()
    for row in rows:
        people[row["state"]] += row["people"]
    accepted = [row for row in rows if row["state"] in ACCEPTED]
    return Account(
        planned=people.total(),
        waiting=sum(people[one] for one in WAITING),
        accepted=sum(people[one] for one in ACCEPTED),
        uncertain=people["uncertain"],
        skipped=_by_reason(rows, "skipped"),
        failed=_by_reason(rows, "failed"),
        **{name: sum(row[name] for row in accepted) for name in CAME},
    )


def _by_reason(rows: Sequence[Counted], state: str) -> dict[str, int]:
    """The most common first."""
    found = [(row["reason"] or state, row["people"]) for row in rows if row["state"] == state]
    return dict(sorted(found, key=lambda pair: (-pair[1], pair[0])))


def _from(run: Run, states: Sequence[str]) -> None:
    db.session.refresh(run, with_for_update={"key_share": True})
    if run.state not in states:
        raise WrongState(f"The run is {run.state}.")


def _take_from_planner(run: Run) -> None:
    """Whoever plans it at this moment cannot record it any more."""
    if run.state == "planning":
        run.fence, run.lease_until = run.fence + 1, None
