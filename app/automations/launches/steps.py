"""A launch moves on as its run does: received, audience, sending, done, cleaned; each step with its time.

Any number may look, and be killed between: a row is locked while it moves, and each move stands for itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from app import wording
from app.alerts import keeping as alerts
from app.audit import Actor, record
from app.automations import definition, keeping
from app.automations.launch import Launch
from app.automations.launches import again, launching
from app.db import db
from app.deliveries import alarms, runs
from app.deliveries.batch import Batch
from app.deliveries.run import OPEN, Run
from app.deliveries.runs import Account
from app.segments import definition as segment_definition
from app.segments import keeping as segments
from app.segments import usage

BY = Actor("system", None, "Launches")
HELD_CAUSE = "launches-held"
AT_ONCE = 500
SENDING = 2  # its place among the steps


def move_on(now: datetime) -> Iterator[None]:
    """Each in a transaction of its own."""
    for launch_id in _open():
        if (launch := _held(launch_id)) is not None:
            _follow(launch, now)
        yield
        if (launch := _held(launch_id)) is not None and launch.done_at is not None:
            _clean(launch, now)
        yield


def drop(launch: Launch, now: datetime, by: Actor) -> bool:
    """One that was held goes to nobody. False: it is held no more."""
    held = _held(launch.id)
    if held is None or held.outcome != launching.HELD:
        return False
    held.outcome, held.done_at, held.cleaned_at = launching.DROPPED, now, now
    record(by, "dropped", "launch", launching.named(held))
    settle_held("Somebody has seen to them.")
    return True


def drop_all(now: datetime, by: Actor) -> int:
    """Of all that are held: how many there were."""
    held = select(Launch.id).where(Launch.outcome == launching.HELD).with_for_update(skip_locked=True)
    gone = {"outcome": launching.DROPPED, "done_at": now, "cleaned_at": now}
    over = update(Launch).where(Launch.id.in_(held.scalar_subquery())).values(gone).returning(Launch.id)
    count = len(db.session.scalars(over.execution_options(synchronize_session=False)).all())
    if count:
        record(by, "dropped", "launches", (None, f"{count:,} that were held"))
    settle_held("Somebody has seen to them.")
    return count


def send(launch: Launch, now: datetime, by: Actor) -> bool:
    """One that was held goes out after all. False: it is held no more. Raises NotReady."""
    held = _held(launch.id)
    if held is None or held.outcome != launching.HELD:
        return False
    if held.source == "catalogue":
        again.look(held)
    launching.let_go(held, now, by)
    record(by, "sent", "launch", launching.named(held))
    settle_held("Somebody has seen to them.")
    return True


def settle_held(how: str) -> None:
    if not db.session.scalar(select(Launch.id).where(Launch.outcome == launching.HELD).limit(1)):
        alerts.settle(HELD_CAUSE, how)


def _open() -> list[int]:
    """Those whose runs have begun or ended, the ended first; what waits for its time is left alone."""
    began = select(Launch.id).join(Run, Run.id == Launch.run_id, isouter=True)
    moves = Launch.cleaned_at.is_(None), Launch.outcome.is_distinct_from(launching.HELD)
    mine = began.where(*moves, Run.state.is_distinct_from("planning"))
    is_open = func.coalesce(Run.state.in_(OPEN), False)
    return list(db.session.scalars(mine.order_by(is_open, Launch.id).limit(AT_ONCE)))


def _held(launch_id: int) -> Launch | None:
    """None: somebody else moves it, or has."""
    wanted = select(Launch).where(Launch.id == launch_id, Launch.cleaned_at.is_(None))
    held = wanted.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    return db.session.scalars(held).one_or_none()


def _follow(launch: Launch, now: datetime) -> None:
    run = runs.find(launch.run_id) if launch.run_id else None
    if run is None:
        launch.done_at, launch.outcome = launch.done_at or now, launch.outcome or "gone"
        return
    launch.audience_at = launch.audience_at or run.started_at
    launch.sending_at = launch.sending_at or first_post(run)
    if run.state not in OPEN and launch.done_at is None:
        launch.done_at, launch.outcome = run.finished_at or now, run.state


def first_post(run: Run) -> datetime | None:
    return db.session.scalar(select(func.min(Batch.posted_at)).where(Batch.run_id == run.id))


def _clean(launch: Launch, now: datetime) -> None:
    """Its run, mails and figures stay. A segment that somebody uses meanwhile becomes one of theirs."""
    segment_id = launch.segment_id
    if launch.automation_id is not None and (automation := keeping.find(launch.automation_id)) is not None:
        if (run := runs.find(launch.run_id) if launch.run_id else None) is not None and run.state == "failed":
            alarms.gone_with(run)
        record(BY, "deleted", "automation", (automation.id, automation.name), definition.of(automation).kept(), None)
        alarms.gone(automation.id)
        db.session.delete(automation)
        db.session.flush()
    if segment_id is not None and (segment := segments.held(segment_id)) is not None:
        if usage.of(segment_id):
            segment.is_passing = False
        else:
            kept = segment_definition.of(segment).kept()
            record(BY, "deleted", "segment", (segment.id, segment.name), kept, None)
            db.session.delete(segment)
        db.session.flush()
    db.session.refresh(launch)
    launch.cleaned_at = now


@dataclass(frozen=True)
class Step:
    """`state`: done, now, ahead, or left out."""

    name: str
    said: str
    at: datetime | None
    state: str


def of(launch: Launch, run: Run | None, account: Account) -> list[Step]:
    """As it stands at this moment: the rows of the run know it before the clock comes round."""
    is_over = launch.done_at is not None or (run is not None and run.state not in OPEN)
    audience_at = launch.audience_at or (run.started_at if run else None)
    sending_at = launch.sending_at or (first_post(run) if run and audience_at else None)
    done_at = launch.done_at or (run.finished_at if run and is_over else None)
    steps = [
        ("Received", "Its interest, its product and its facts are kept.", launch.received_at),
        ("Audience", _audience(launch, account, audience_at, is_over), audience_at),
        ("Sending", _sending(account, audience_at, is_over), sending_at),
        ("Done", _done(launch, run, is_over), done_at),
        ("Cleaned", "Its segment and its automation are deleted; the run stays.", launch.cleaned_at),
    ]
    states = _states([at for _, _, at in steps], is_over, launch.outcome == launching.HELD)
    return [Step(name, said, at, state) for (name, said, at), state in zip(steps, states, strict=True)]


def _states(times: list[datetime | None], is_over: bool, is_held: bool) -> list[str]:
    """Sending goes on until it is done; else the first without a time, unless a later one has one: it was left out."""
    last = max(index for index, at in enumerate(times) if at is not None)
    if is_over:
        last = max(last, SENDING)  # nothing is sent any more
    going = None if is_held else last if last == SENDING and not is_over else last + 1
    return [
        "now" if index == going else "done" if at else "left out" if index <= last else "ahead"
        for index, at in enumerate(times)
    ]


def _audience(launch: Launch, account: Account, at: datetime | None, is_over: bool) -> str:
    if at is not None:
        return f"{wording.said(account.planned, 'person', 'people')} with an interest in {launch.interest}."
    if is_over:
        return "Nobody was looked up."
    if launch.scheduled_for:
        return "Whoever has the interest when its time has come."
    return "Who has the interest is being looked up."


def _sending(account: Account, audience_at: datetime | None, is_over: bool) -> str:
    if audience_at is None:
        return "Nothing is sent." if is_over else "The mails go out."
    return f"{account.accepted:,} accepted, {account.waiting:,} waiting, {sum(account.skipped.values()):,} skipped."


def _done(launch: Launch, run: Run | None, is_over: bool) -> str:
    outcome = launch.outcome or (run.state if run and is_over else None)
    if run is not None and outcome == "failed":
        return f"The run failed: {run.state_reason}"
    if outcome == launching.DROPPED:
        return "Somebody dropped it: nobody gets it."
    return f"The run is {outcome}." if outcome else "All mails are out, or have their reason."
