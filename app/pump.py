"""The loop behind every back door: claim, commit, do, record, commit, and ring again while there is more.

It is one of the edges that commit. What it does with a row is the room's verb, which never does.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rq.timeouts import JobTimeoutException
from sqlalchemy import ColumnElement, Engine
from sqlalchemy.exc import SQLAlchemyError

from app import claims
from app.claims import Claim, Claimable
from app.clock import clock
from app.db import db
from app.logs import log, place_of
from app.queue import ring

SLICE = 10.0  # seconds; then the bell is rung again, so that other work of the queue gets its turn
LEASE = timedelta(seconds=15)  # renewed while the worker lives: what was lost with it starts again after this
PAUSES = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600))  # before the second, third, … attempt
SPENT = "It stopped its worker each time it was tried."
TOO_LONG = "It took longer than a job may take."

Do = Callable[[Any, datetime], object]
# What a step may yield: after ON_ITS_WAY something leaves this machine, so it is not interrupted there.
STILL_HERE, ON_ITS_WAY = False, True
TURN = 1.0  # seconds with rows that were claimed together; what comes before them has its chance then
Portion = list[Claim]  # what is done and recorded in one transaction
stopping = threading.Event()  # somebody asked this process to stop: finish the row in hand, give back the rest


class _Interrupted(Exception):
    """This process was asked to stop in the middle of long work."""


@dataclass(frozen=True)
class Work:
    """A table of work: what it is called on the page, which job does it, how many rows it takes at once."""

    said: str
    model: type[Claimable]
    queue: str
    job: str
    batch: int = 10
    most: int = 5  # attempts
    is_clockwork: bool = False  # its rows are never done for good, they come round again
    may_be_discarded: bool = True  # by a person, once it has failed
    may_be_retried: bool = True
    only: tuple[ColumnElement[bool], ...] = ()
    first: tuple[Any, ...] = ()  # columns that come before the time when the order is asked for

    @property
    def table(self) -> str:
        return str(self.model.__tablename__)  # type: ignore[attr-defined]

    def portions(self, taken: list[Claim]) -> list[Portion]:
        return [[claim] for claim in taken]

    def named(self, portion: Portion) -> Any:
        """What the verb gets to hear of it."""
        return portion[0].key

    def end(self, portion: Portion, now: datetime) -> None:
        for claim in portion:
            self.finish(claim, now)

    def fall_apart(self, portion: Portion, error: Exception, now: datetime) -> None:
        for claim in portion:
            self.fail(claim, error, now)

    def finish(self, claim: Claim, _now: datetime) -> None:
        claims.finish(self.model, [claim])

    def fail(self, claim: Claim, error: Exception, now: datetime) -> None:
        if isinstance(error, claims.NotYet):
            claims.put_off(self.model, claim, now + error.wait, str(error), claim.attempts - 1)
        elif isinstance(error, claims.Refused) or claim.attempts >= self.most:
            claims.set_aside(self.model, claim, reason(error), now)
        else:
            claims.put_off(self.model, claim, now + pause_after(claim.attempts), reason(error), claim.attempts)


@dataclass(frozen=True)
class SetWork(Work):
    """Many small rows, done together, gone once they are done. `do` gets a list of keys.

    A set that fails is tried again row by row, so that only the row at fault is set aside.
    """

    batch: int = 500

    def portions(self, taken: list[Claim]) -> list[Portion]:
        return [taken]

    def named(self, portion: Portion) -> list[Any]:
        return [claim.key for claim in portion]

    def end(self, portion: Portion, _now: datetime) -> None:
        claims.remove(self.model, portion)

    def fall_apart(self, portion: Portion, error: Exception, now: datetime) -> None:
        if len(portion) == 1 or isinstance(error, claims.NotYet):
            super().fall_apart(portion, error, now)
        else:
            claims.part(self.model, portion, reason(error))


def pump(work: Work, do: Do) -> int:
    """Does what is due for up to SLICE seconds and says how many rows it did. `do` gets a key and the time."""
    done, ends = 0, time.monotonic() + SLICE
    while time.monotonic() < ends and not stopping.is_set():
        taken = _claim(work)
        if not taken:
            return done
        if len(taken) == work.batch:
            ring(work.job)  # there is more than one worker can hold: another may join
        done += _do_all(work, taken, do, ends)
    ring(work.job)
    return done


def pause_after(attempts: int) -> timedelta:
    return PAUSES[min(attempts, len(PAUSES)) - 1]


def reason(error: Exception) -> str:
    """A sentence for people; never the message of an error that is not ours, it may quote a customer."""
    if isinstance(error, claims.NotYet | claims.Refused):
        return str(error)
    if isinstance(error, JobTimeoutException):
        return TOO_LONG
    return f"It ended in an error that nobody foresaw ({type(error).__name__}); the log says where."


def _claim(work: Work) -> list[Claim]:
    now = clock()
    taken = claims.claim(work.model, work.batch, LEASE, now, _me(), *work.only, first=work.first)
    db.session.commit()
    return taken


def _do_all(work: Work, taken: list[Claim], do: Do, ends: float) -> int:
    done, left = 0, work.portions(taken)
    whole, ends = len(left), min(ends, time.monotonic() + TURN)
    with _renewed(db.engine, work.model, left):
        while left and (len(left) == whole or time.monotonic() < ends) and not stopping.is_set():
            try:
                done += _do(work, left[0], do)
            except JobTimeoutException:
                _give_back(work, left[1:])
                raise
            left.pop(0)
        _give_back(work, left)
    return done


def _give_back(work: Work, left: list[Portion]) -> None:
    if left:
        claims.give_back(work.model, _all(left))
        db.session.commit()


def _do(work: Work, portion: Portion, do: Do) -> int:
    now = clock()
    db.session.rollback()  # no transaction stays open around work that may take long
    try:
        if portion[0].attempts > work.most:
            raise claims.Refused(SPENT)
        _step_by_step(work, portion, do(work.named(portion), now))
        work.end(portion, clock())
        db.session.commit()
    except claims.Lost:
        return _lost(work)
    except _Interrupted:
        _give_back(work, [portion])
        return 0
    except Exception as error:
        _failed(work, portion, error)
        if isinstance(error, JobTimeoutException):
            raise
        return 0
    return len(portion)


def _step_by_step(work: Work, portion: Portion, steps: object) -> None:
    """Long work yields wherever it may be killed and go on later: there the loop commits, if it still holds the row."""
    if not isinstance(steps, Iterator):
        return
    for step in steps:
        claims.confirm(work.model, portion)
        db.session.commit()
        if stopping.is_set() and step is not ON_ITS_WAY:
            raise _Interrupted


def _failed(work: Work, portion: Portion, error: Exception) -> None:
    db.session.rollback()
    if not isinstance(error, claims.NotYet):
        log.warning("row failed", job=work.job, rows=len(portion), attempt=portion[0].attempts, **place_of(error))
    try:
        work.fall_apart(portion, error, clock())
        db.session.commit()
    except claims.Lost:
        _lost(work)


def _lost(work: Work) -> int:
    db.session.rollback()
    log.warning("row lost", job=work.job)
    return 0


@contextlib.contextmanager
def _renewed(engine: Engine, model: type[Claimable], left: list[Portion]) -> Iterator[None]:
    """Keeps the leases of what is left for as long as this process lives; costs nothing for quick rows."""
    over = threading.Event()
    keeper = threading.Thread(target=_keep, args=(engine, model, left, over), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()


def _keep(engine: Engine, model: type[Claimable], left: list[Portion], over: threading.Event) -> None:
    while not over.wait(LEASE.total_seconds() / 3):
        # The database is away: the lease may run out, the fencing number still guards the row.
        with contextlib.suppress(SQLAlchemyError), engine.begin() as connection:
            claims.renew(connection, model, _all(left), LEASE)


def _all(portions: list[Portion]) -> list[Claim]:
    return [claim for portion in tuple(portions) for claim in portion]


def _me() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
