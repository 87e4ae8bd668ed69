"""Before a batch is sealed, and again before it is posted: whether a limit that somebody set holds it back."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from datetime import datetime, timedelta

from sqlalchemy import text

from app.claims import NotYet
from app.clock import clock
from app.db import db
from app.deliveries import discounting, quiet_hours, splitting, throttle, warming
from app.deliveries.batch import Batch
from app.deliveries.limits import Limits
from app.deliveries.run import Run
from app.pump import STILL_HERE

QUIET = "Quiet hours."
FULL = "The warm-up plan has no room left today."
WAKE = text(
    """
    UPDATE batches SET not_before = now(), waiting_since = least(waiting_since, now()), error = NULL
     WHERE waiting_since IS NOT NULL AND not_before > now() AND held_for = ANY (:why)
    """
)
Steps = Generator[bool, None, bool]


def look(batch: Batch, run: Run, limits: Limits, now: datetime) -> Steps:
    """Of an open batch. True: what it held is in other batches now. Raises NotYet."""
    if limits.is_too_late(batch, run, now):
        return False  # nobody gets it any more
    if limits.quiet:
        yield from _let_sleep(batch, run, limits, now)
    if limits.per_minute and run.next_post_at and run.next_post_at > now:
        yield from throttle.wait(run, throttle.takes(limits.per_minute, throttle.size(limits.per_minute)))
    if run.discount_pool_id is not None:
        yield from _let_wait_for_codes(batch, run, now)
    if limits.warm_up and (room := warming.room(limits.warm_up, now)) is not None:
        if room == 0:
            yield from _hold(batch, warming.NAME, FULL, warming.tomorrow(now))
        return (yield from cut(batch, run, room))
    return False


def is_held(batch: Batch, run: Run, limits: Limits, now: datetime) -> bool:
    """Of a sealed one: it would not be sealed like this at this moment."""
    if limits.is_too_late(batch, run, now) or (limits.quiet and quiet_hours.asleep(batch, run, limits.quiet, now)[0]):
        return True
    room = warming.room(limits.warm_up, now) if limits.warm_up else None
    return room is not None and room < len(batch.sealed_ids or [])


def cut(batch: Batch, run: Run, size: int) -> Steps:
    """True: it was larger than that."""
    if not splitting.is_too_large(batch, size):
        return False
    yield STILL_HERE  # the batch is let go of: who splits it holds the run first
    splitting.cut(batch, run, size)
    return True


def take_place(run: Run, limits: Limits, mails: int, was_out: bool) -> Iterator[bool]:
    """Right before the post, until its commit. What may be out already has its place in the day."""
    if limits.per_minute:
        yield from throttle.must_be_free(run, limits.per_minute, mails)
    if limits.warm_up and not was_out and not warming.take(limits.warm_up, mails, clock()):
        raise NotYet(FULL, timedelta(seconds=1))


def give_back(batch: Batch, limits: Limits, mails: int) -> None:
    """They were refused, surely: the day has room for others."""
    if limits.warm_up and mails and batch.posted_at:
        warming.give_back(mails, batch.posted_at)


def wake() -> None:
    """Somebody has changed what the team set: what it holds asks again."""
    db.session.execute(WAKE, {"why": [quiet_hours.NAME, warming.NAME]})


def _let_sleep(batch: Batch, run: Run, limits: Limits, now: datetime) -> Iterator[bool]:
    held, people = quiet_hours.asleep(batch, run, limits.quiet, now)
    if not held:
        return
    if len(held) == people and len(set(held.values())) == 1:
        until = min(held.values())
        batch.meant_for = until
        yield from _hold(batch, quiet_hours.NAME, QUIET, until)
    yield STILL_HERE  # as above
    db.session.refresh(run, with_for_update={"key_share": True})
    db.session.refresh(batch, with_for_update={"key_share": True})
    quiet_hours.move(batch, run, held)
    yield STILL_HERE  # the run is let go of before mails are drawn
    db.session.refresh(batch, with_for_update={"key_share": True})


def _let_wait_for_codes(batch: Batch, run: Run, now: datetime) -> Iterator[bool]:
    """Those for whom there are codes do not wait with the others."""
    lacking, is_all = discounting.lacking(batch, run)
    if is_all:
        waits = discounting.wait(batch, run, now)
        yield STILL_HERE
        raise waits
    if batch.held_for == discounting.NAME:
        discounting.go_on(batch, run)
    if lacking:
        yield STILL_HERE  # as above
        splitting.set_apart(batch, run, lacking)
        yield STILL_HERE
        db.session.refresh(batch, with_for_update={"key_share": True})


def _hold(batch: Batch, why: str, said: str, until: datetime) -> Iterator[bool]:
    batch.held_for, batch.waiting_since = why, until
    yield STILL_HERE
    raise NotYet(said, until - clock())
