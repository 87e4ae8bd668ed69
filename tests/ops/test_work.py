from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event, null

from app import claims
from app.clock import clock
from app.customers.attribute_indexes import AttributeIndex
from app.db import db
from app.ops import jobs, tick, work
from app.queue import QUEUES, redis_connection

MINUTE = timedelta(minutes=1)


def make_index(name: str, **values: object) -> None:
    db.session.add(AttributeIndex(name=name, **values))
    db.session.commit()


def test_the_depth_counts_what_could_be_done_now(app: Flask) -> None:
    now = clock()
    make_index("due", not_before=now - MINUTE, waiting_since=now - 5 * MINUTE)
    make_index("later", not_before=now + MINUTE)
    make_index("done", waiting_since=null())
    upkeep = work.waiting()["upkeep"]
    assert (upkeep.due, upkeep.later) == (1, 1)
    assert 299 < upkeep.oldest_seconds < 400


def test_recurring_jobs_do_not_count_as_work_for_later(app: Flask) -> None:
    jobs.settle_recurring()
    make_all_later()
    assert work.waiting()["upkeep"].later == 0


def make_all_later() -> None:
    db.session.execute(db.text("UPDATE recurring SET not_before = now() + interval '1 hour'"))
    db.session.commit()


def test_every_queue_is_named_even_when_it_is_empty(app: Flask) -> None:
    assert work.depths() == dict.fromkeys(QUEUES, 0)
    assert work.oldest_seconds() == dict.fromkeys(QUEUES, 0.0)
    assert work.failed_counts() == dict.fromkeys(QUEUES, 0)


def test_what_runs_says_since_when_and_by_whom(app: Flask) -> None:
    make_index("score")
    now = clock()
    claims.claim(AttributeIndex, 1, MINUTE, now, "box:7")
    db.session.commit()
    (row,) = work.running()
    assert (row.key, row.since, row.by, row.attempt) == ("score", now, "box:7", 1)


def test_what_failed_says_why(app: Flask) -> None:
    make_index("score", waiting_since=null(), failed_at=clock(), error="No room.", attempts=5)
    (row,) = work.failed()
    assert (row.key, row.why, row.attempts, row.work.table) == ("score", "No room.", 5, "attribute_indexes")
    assert work.failed_counts()["upkeep"] == 1


@pytest.mark.parametrize("question", [work.waiting, work.running, work.failed, work.failed_counts, work.due_jobs])
def test_each_question_is_one_statement(app: Flask, question: object) -> None:
    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    question()  # type: ignore[operator]
    assert len(asked) == 1


def test_the_tick_rings_for_what_is_due_and_for_nothing_else(app: Flask) -> None:
    jobs.settle_recurring()
    make_all_later()
    assert tick.turn() == []
    make_index("score")
    assert tick.turn() == ["customers.build_indexes"]
    assert redis_connection().exists("campus:rung:customers.build_indexes")


def test_the_tick_rings_nothing_for_a_row_in_hand(app: Flask) -> None:
    jobs.settle_recurring()
    make_all_later()
    make_index("score")
    claims.claim(AttributeIndex, 1, MINUTE, clock(), "box:7")
    db.session.commit()
    assert tick.turn() == []
