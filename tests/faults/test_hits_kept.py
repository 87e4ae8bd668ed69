"""What came back outlives whatever breaks: a worker between its two steps, a Redis or a PostgreSQL that starts anew."""

from __future__ import annotations

import os
import signal

from sqlalchemy import func, select

from app.db import db
from app.tracking import jobs, stream
from app.tracking.hit import Hit
from tests.tracking.hitting import click, make_mails, times


def kept() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Hit)) or 0


def killed_before_forgetting(portions: int) -> None:
    """A worker of its own that takes so many in, and dies before Redis hears of the last."""
    if child := os.fork():
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        return
    try:
        db.session.remove()
        db.engine.dispose(close=False)
        real, turns = stream.forget, iter(range(portions - 1))
        stream.forget = lambda portion: real(portion) if next(turns, -1) >= 0 else os.kill(os.getpid(), signal.SIGKILL)
        jobs.drain()
    finally:
        os._exit(1)


def test_a_worker_that_dies_between_commit_and_forgetting_counts_nothing_twice(app, monkeypatch):
    (mail,) = make_mails()
    monkeypatch.setattr(jobs, "AT_ONCE", 5)
    for n in range(20):
        stream.note(click(mail, 1, after=100 + n))
    stream.flush()
    killed_before_forgetting(2)
    assert kept() == 10
    assert jobs.drain() == 10
    assert (kept(), stream.is_waiting()) == (20, False)
    assert times(mail) == (100, 100, None, None)
