"""Every two seconds: ring the bell of every table that has due work. Any number of them may run, on any machine.

It does nothing else, so that nothing can hold it up; whatever Redis lost is rung again within seconds.
"""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta

from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.db import db
from app.events import visits
from app.logs import log, place_of
from app.ops import jobs, kinship, presence, work
from app.ops.listener import Context
from app.queue import redis_connection, ring
from app.tracking import draining

EVERY = 2.0
LONGEST = timedelta(seconds=5)  # for one statement; a tick that waits for a lock rings no bells
HUNG = 20  # seconds for one turn; then it ends by SIGALRM and is started anew


def run(context: Context, parent: int) -> int:
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: asked.append(number))
    trouble = ""
    while not asked and not kinship.is_orphan(parent):
        signal.alarm(HUNG)
        with context():
            trouble = _turn(trouble)
        signal.alarm(0)
        _sleep(asked)
    return 0


def turn() -> list[str]:
    _bound()
    jobs.settle_recurring()
    _bound()  # that one commits
    due = [*work.due_jobs(), *draining.due_jobs(), *visits.due_jobs()]
    db.session.rollback()
    for name in due:
        ring(name)
    return due


def _bound() -> None:
    db.session.execute(text(f"SET LOCAL statement_timeout = {int(LONGEST.total_seconds() * 1000)}"))


def _sleep(asked: list[int]) -> None:
    """In short naps: Python goes on sleeping after a signal."""
    ends = time.monotonic() + EVERY
    while not asked and time.monotonic() < ends:
        time.sleep(0.1)


def _turn(trouble: str) -> str:
    """A turn that fails is said once, not every two seconds; the next one may do better."""
    try:
        turn()
        presence.say(redis_connection(), presence.here("tick", os.getpid()))
    except (SQLAlchemyError, RedisError, OSError) as error:
        said = type(error).__name__
        if said != trouble and not isinstance(error, RedisError):
            log.warning("tick", **place_of(error))
        return said
    return ""
