"""Two connections at the same moment: everything counts once, nobody waits in a circle."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask
from sqlalchemy import text

from app.customers.who import Who
from app.db import db
from app.events import intake
from app.events.incoming import Origin
from tests.events.coming_in import event, rows, store
from tests.factories import NOW, make_customer

MAYA = Who(lms_lead_id="L-1")


def counts() -> tuple[int, int, int]:
    return len(rows("events")), len(rows("event_work")), len(rows("pending_events"))


def test_the_same_facts_by_many_at_once_count_once(app: Flask) -> None:
    make_customer(lms_lead_id="L-1")
    start = threading.Barrier(6)

    def bring(turn: int) -> tuple[int, int]:
        facts = [event(Who(lms_lead_id="L-1" if n % 3 else "L-nobody"), id=f"e-{n}") for n in range(300)]
        with app.app_context():
            start.wait()
            tally = store(*(facts if turn % 2 else reversed(facts)))
            return tally.created, tally.unchanged

    with ThreadPoolExecutor(6) as pool:
        tallies = list(pool.map(bring, range(6)))
    assert sum(created for created, _ in tallies) == 300
    assert sum(unchanged for _, unchanged in tallies) == 5 * 300
    assert counts() == (200, 200, 100)


def test_what_another_takes_back_counts_here(app: Flask) -> None:
    make_customer(lms_lead_id="L-1")
    with app.app_context():
        intake.store([event(MAYA, id="a")], Origin(), NOW)
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(_in_context, app, lambda: store(event(MAYA, id="a")))
            _wait_for_a_lock(app)
            db.session.rollback()
            assert other.result().created == 1
    assert counts() == (1, 1, 0)


def _in_context(app: Flask, do: Any) -> Any:
    with app.app_context():
        db.session.execute(text("SET LOCAL lock_timeout = '20s'"))
        try:
            return do()
        finally:
            db.session.rollback()


def _wait_for_a_lock(app: Flask) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with db.engine.connect() as connection:
        while not connection.scalar(waiting):
            connection.rollback()
