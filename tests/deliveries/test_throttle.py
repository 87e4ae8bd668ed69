"""So many mails of a run a minute: never more in any sixty seconds, also after a pause, a halt or another try."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select, text

from app.clock import clock
from app.db import db
from app.deliveries import jobs, progress, runs, throttle
from app.deliveries.batch import Batch
from app.deliveries.delivery import Delivery
from app.deliveries.run import Run
from tests.deliveries import making
from tests.deliveries.making import adds_up, make_run
from tests.factories import make_customers


def batches() -> list[Batch]:
    every = select(Batch).order_by(Batch.not_before, Batch.id)
    return list(db.session.scalars(every.execution_options(populate_existing=True)))


def gaps(some: list[Batch]) -> list[float]:
    return [(b.not_before - a.not_before).total_seconds() for a, b in pairwise(some)]


def is_steady(posts: list[tuple[float, int]], most: int) -> bool:
    return all(sum(n for at, n in posts if begin <= at < begin + 60 - 1e-6) <= most for begin, _ in posts)


@pytest.mark.parametrize(("most", "size"), [(1, 1), (59, 1), (60, 1), (120, 2), (6_000, 100), (100_000, 100)])
def test_about_one_batch_a_second(most, size):
    assert throttle.size(most) == size


@pytest.mark.parametrize("most", [1, 7, 60, 100, 250, 997, 5_999])
@pytest.mark.parametrize("late", [0.0, 1.0, 2.9, 7.0])
def test_no_minute_has_more_however_late_the_workers_come(most, late):
    """The ledger that the statement keeps, with workers that look at their table every so often."""
    slack, size, free, posts = throttle.SLACK.total_seconds(), throttle.size(most), None, []
    now = 0.0
    while now < 200:
        if free is None or free <= now:
            posts.append((now, size))
            free = max(free if free is not None else now - slack, now - slack)
            free += throttle.takes(most, size).total_seconds()
        else:
            now = max(free, now + late)
    assert is_steady(posts, most)
    if late < slack:
        whole = sum(n for at, n in posts if at < 180)
        assert whole > 0.9 * 3 * most - size, "and it is not much slower than it may be"


def test_batches_are_planned_one_behind_the_other(app):
    make_customers(12)
    make_run(limits={"throttle_per_minute": 120})
    found = batches()
    assert len(found) == 6
    assert {round(gap, 3) for gap in gaps(found)} == {round(throttle.takes(120, 2).total_seconds(), 3)}
    assert all(one.meant_for == one.not_before for one in found)


def test_one_post_is_made_and_the_others_wait_for_their_moment(app):
    make_customers(12)
    run = make_run(limits={"throttle_per_minute": 12})
    jobs.send()
    sent_at_once = len(making.outbox())
    assert 1 <= sent_at_once <= 2
    assert run.state == "sending"
    assert adds_up(run)


def all_overdue() -> None:
    """As after an outage of all workers."""
    waiting = "UPDATE batches SET not_before = now() - interval '1 hour' WHERE waiting_since IS NOT NULL"
    db.session.execute(text(waiting))
    db.session.commit()


def test_after_an_outage_nothing_is_made_up_for_at_once(app):
    make_customers(40)
    make_run(limits={"throttle_per_minute": 12})
    all_overdue()
    jobs.send()
    assert len(making.outbox()) <= 3
    waiting = [one for one in batches() if one.waiting_since is not None]
    assert len(waiting) >= 37
    assert min(gaps(waiting)) > 4.9, "and they are spaced anew, not tried one by one"


def test_after_a_pause_nothing_is_made_up_for_at_once(app):
    make_customers(40)
    run = make_run(limits={"throttle_per_minute": 12})
    runs.pause(run, "", making.COMMAND_LINE)
    db.session.commit()
    all_overdue()
    runs.resume(run, making.COMMAND_LINE)
    db.session.commit()
    jobs.send()
    assert len(making.outbox()) <= 3


def test_a_whole_batch_of_a_hundred_is_cut_to_the_size(app):
    """Those that failed and are tried again come by the hundred."""
    make_customers(10)
    run = make_run(limits={"throttle_per_minute": 12})
    db.session.execute(text("UPDATE deliveries SET state = 'failed'"))
    db.session.execute(text("UPDATE batches SET state = 'done', waiting_since = NULL"))
    runs.retry_failed(run, making.COMMAND_LINE)
    db.session.commit()
    jobs.send()
    assert len(making.outbox()) <= 2
    assert {len(one.sealed_ids or []) for one in batches()} <= {0, 1}
    assert runs.account(run).waiting == 10 - len(making.outbox())


def test_cancelling_ends_it(app):
    make_customers(12)
    run = make_run(limits={"throttle_per_minute": 12})
    jobs.send()
    runs.cancel(run, clock(), making.COMMAND_LINE)
    db.session.commit()
    before = len(making.outbox())
    making.sent()
    assert len(making.outbox()) == before
    assert runs.account(run).skipped == {"cancelled": 12 - before}


def test_two_workers_do_not_take_the_same_moment(app):
    make_customers(2)
    run = make_run(limits={"throttle_per_minute": 1})
    said = {"run": run.id, "now": clock(), "slack": timedelta(0), "takes": timedelta(seconds=60)}
    assert db.session.scalar(throttle.TAKE, said) == run.id
    assert db.session.scalar(throttle.TAKE, said) is None
    db.session.rollback()


def test_the_page_of_the_run_says_that_they_wait_for_their_turn(app):
    make_customers(12)
    run = make_run(limits={"throttle_per_minute": 12})
    (said,) = progress.of(run).held
    assert (said.why, said.people) == ("throttle", 11)


def test_without_a_throttle_all_of_it_goes_out(app):
    make_customers(12)
    make_run()
    jobs.send()
    assert len(making.outbox()) == 12
    assert db.session.scalar(select(Run.next_post_at)) is None


def test_what_may_be_out_already_waits_for_its_moment_too(app):
    make_customers(1)
    run = make_run(limits={"throttle_per_minute": 1})
    run.next_post_at = clock() + timedelta(seconds=30)
    db.session.commit()
    jobs.send()
    assert making.outbox() == []
    assert db.session.scalar(select(Delivery.state)) == "planned"
