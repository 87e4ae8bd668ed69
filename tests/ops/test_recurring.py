from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from flask import Flask

from app import claims
from app.clock import clock
from app.db import db
from app.ops import clockwork, jobs, recurring
from app.ops.clockwork import RecurringRow, _next
from app.ops.recurring import Recurring
from app.pump import pump

NAME = "Water the plants"
HOUR = timedelta(hours=1)


@pytest.fixture
def watered(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """One recurring job, every hour, and when it was done."""
    done: list[datetime] = []
    monkeypatch.setattr(recurring, "RECURRING", (Recurring(NAME, HOUR, "upkeep", done.append),))
    jobs.settle_recurring()
    return done


def fall_due(ago: timedelta = timedelta()) -> None:
    plants().not_before = clock() - ago
    db.session.commit()


def plants() -> RecurringRow:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(RecurringRow, NAME)


def go() -> int:
    return pump(clockwork.work("upkeep"), recurring.do)


def test_it_runs_once_a_period(watered: list[datetime]) -> None:
    assert [go(), go(), go()] == [1, 0, 0]
    assert len(watered) == 1
    assert plants().last_finished_at
    assert plants().took_ms is not None


def test_any_number_of_schedulers_run_it_once(app: Flask, watered: list[datetime]) -> None:
    def scheduler(_number: int) -> int:
        with app.app_context():
            return go()

    with ThreadPoolExecutor(5) as pool:
        assert sum(pool.map(scheduler, range(5))) == 1
    assert len(watered) == 1


def test_a_late_one_runs_once_and_keeps_its_rhythm(watered: list[datetime]) -> None:
    fall_due(ago=10 * HOUR + timedelta(minutes=20))
    assert [go(), go()] == [1, 0]
    next_one = plants().not_before - clock()
    assert timedelta(minutes=39) < next_one <= timedelta(minutes=40)


@pytest.mark.parametrize(("late", "wait"), [(0, 60), (1, 59), (59, 1), (60, 60), (61, 59), (150, 30)])
def test_the_next_time_is_the_first_that_is_still_to_come(late: int, wait: int) -> None:
    due = datetime.fromisoformat("2026-10-25T00:30:00+00:00")
    now = due + timedelta(minutes=late)
    assert _next(due, HOUR, now) - now == timedelta(minutes=wait)


def test_one_that_fails_says_why_and_comes_again(watered: list[datetime], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_now: datetime) -> None:
        raise claims.NotYet("No water.") if len(watered) > 9 else KeyError("x")

    monkeypatch.setattr(recurring, "RECURRING", (Recurring(NAME, HOUR, "upkeep", fail),))
    assert go() == 0
    assert "KeyError" in (plants().error or "")
    assert timedelta() < plants().not_before - clock() <= timedelta(seconds=5)
    monkeypatch.setattr(recurring, "RECURRING", (Recurring(NAME, HOUR, "upkeep", watered.append),))
    fall_due()
    assert go() == 1
    assert (plants().error, plants().attempts) == (None, 0)


def test_after_five_failures_it_waits_for_its_regular_time(
    watered: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_now: datetime) -> None:
        raise KeyError("x")

    monkeypatch.setattr(recurring, "RECURRING", (Recurring(NAME, HOUR, "upkeep", fail),))
    for _ in range(5):
        fall_due()
        go()
    assert plants().not_before - clock() > timedelta(minutes=50)
    assert plants().waiting_since
    assert plants().failed_at is None


def test_a_person_can_run_it_now(watered: list[datetime]) -> None:
    go()
    assert recurring.run_now(NAME)
    db.session.commit()
    assert go() == 1


def test_the_table_follows_the_list(watered: list[datetime], monkeypatch: pytest.MonkeyPatch) -> None:
    other = Recurring("Feed the cat", HOUR, "upkeep", watered.append)
    monkeypatch.setattr(recurring, "RECURRING", (other,))
    jobs.settle_recurring()
    jobs.settle_recurring()
    assert [row.name for row in recurring.rows()] == ["Feed the cat"]


def test_every_job_of_the_product_runs(app: Flask) -> None:
    now = clock()
    for one in recurring.RECURRING:
        one.do(now)
    assert len({one.name for one in recurring.RECURRING}) == len(recurring.RECURRING)


def test_every_queue_with_recurring_jobs_has_its_clockwork() -> None:
    assert {one.queue for one in recurring.RECURRING} == set(clockwork.QUEUES)
