"""Brakes while a run goes out: right after a batch, beside other workers, killed in the middle."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app import claims
from app.clock import clock
from app.db import db
from app.deliveries import braking, carriers, figures, filling, jobs, runs
from app.deliveries.batch import Batch
from app.deliveries.run import MESSAGES, Run
from tests.deliveries import making
from tests.deliveries.fates import ADA, become, count, looked_at, make_people, pauses, resumed, run_to, standing
from tests.deliveries.making import adds_up, make_run, sent
from tests.deliveries.test_sending import Post, claimed, steps


@pytest.fixture
def posts(app, monkeypatch) -> Callable[..., Post]:
    monkeypatch.setattr("app.deliveries.pace.UNPACED", ("outbox", "post"))

    def by(*says: Any) -> Post:
        post = Post(*says)
        monkeypatch.setattr(carriers, "carrier", lambda: post)
        return post

    return by


def test_two_workers_that_brake_at_once_pause_it_once(app):
    run = run_to(200)
    become(run, failed=120)
    found = figures.of(run.id)
    braking.judge(run.id, found)  # not committed yet: it holds the run
    assert judged_beside(app, run, found) == ["done"]
    assert (run.state, len(pauses()), len(standing())) == ("paused", 1, 1)


def test_whoever_waits_to_brake_while_somebody_resumes_it_pauses_nothing(app):
    run = run_to(200)
    become(run, failed=120)
    found = figures.of(run.id)
    looked_at(run)
    runs.resume(run, ADA)  # not committed yet
    db.session.flush()
    assert judged_beside(app, run, found) == ["done"]
    assert (run.state, len(pauses())) == ("sending", 1)


def judged_beside(app: Flask, run: Run, found: figures.Figures) -> list[str]:
    """By another worker, which waits until this one commits."""
    run_id, done = run.id, []

    def judge() -> None:
        with app.app_context():
            braking.judge(run_id, found)
            db.session.commit()
            done.append("done")

    thread = threading.Thread(target=judge)
    thread.start()
    thread.join(0.5)
    assert thread.is_alive(), "it waits"
    db.session.commit()
    thread.join(30)
    db.session.expire_all()
    return done


def test_of_two_workers_one_counts(app):
    run = run_to(200)
    become(run, failed=120)
    first, second = braking.look(run.id), braking.look(run.id)
    next(first)
    db.session.commit()
    assert list(second) == []


def test_what_was_counted_before_somebody_resumed_it_pauses_nothing(app):
    run = run_to(200)
    become(run, failed=120)
    found = figures.of(run.id)
    looked_at(run)
    resumed(run)
    braking.judge(run.id, found)
    assert run.state == "sending"


@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_killed_in_the_middle_of_braking_it_is_braked_by_the_next_look(app, monkeypatch, step):
    """Right after the batch, before and after it is counted."""
    run = run_to(300)
    become(run, failed=110)
    going = braking.after(making.batch().id)
    for _ in range(step):
        next(going)
        db.session.commit()
    going.close()
    db.session.rollback()
    assert looked_at(run).state == "paused"
    assert (len(pauses()), len(standing())) == (1, 1)


def test_whoever_died_while_counting_holds_nobody_up_for_long(app):
    run = run_to(200)
    going = braking.look(run.id)
    next(going)
    db.session.commit()
    going.close()
    db.session.expire_all()
    assert clock() < run.judge_after <= clock() + braking.COUNTING


def test_right_after_the_batch_that_was_too_much_nothing_more_goes_out(posts, monkeypatch):
    monkeypatch.setattr(filling, "PEOPLE", 20)
    monkeypatch.setattr(braking, "REST", 0)
    run = run_to(400)
    bad = [{"refused": "No such mailbox"}] * 2 + [{"id": "1"}] * 18
    post = posts(*[bad] * 20)
    sent()
    assert (run.state, len(post.calls)) == ("paused", 5)
    account = runs.account(run)
    assert (account.accepted, account.failed, account.waiting) == (90, {"No such mailbox": 10}, 300)
    assert "10 of 100 mails failed (10.0 %), the limit is 5 %. The most common reason: No such mailbox." in (
        run.state_reason
    )
    assert adds_up(run)
    sent()
    assert len(post.calls) == 5
    resumed(run)
    sent()
    assert len(post.calls) == 10


def test_what_is_on_its_way_when_it_brakes_is_recorded_and_the_rest_waits(posts, monkeypatch):
    monkeypatch.setattr(filling, "PEOPLE", 10)
    run = run_to(150)
    post = posts()
    on_its_way, sealed = claimed(), claimed()
    going, waits = steps(on_its_way), steps(sealed)
    next(going), next(going)
    next(waits)
    become(run, failed=110)
    braking.judge(run.id, figures.of(run.id))
    db.session.commit()
    assert list(going) == []
    db.session.commit()
    with pytest.raises(claims.NotYet, match="paused"):
        next(waits)
    db.session.rollback()
    assert (len(post.calls), count(run, "accepted")) == (1, 10)
    assert adds_up(run)
    assert runs.account(run).waiting == 30


def test_nothing_is_counted_while_nothing_fails(posts, monkeypatch):
    monkeypatch.setattr(filling, "PEOPLE", 20)
    counts = counted(monkeypatch)
    run = run_to(200)
    posts()
    sent()
    assert (run.state, counts) == ("finished", [])


def test_where_counting_takes_long_it_is_not_counted_after_each_batch(posts, monkeypatch):
    monkeypatch.setattr(filling, "PEOPLE", 20)
    monkeypatch.setattr(braking, "REST", 1_000_000)
    counts = counted(monkeypatch)
    run = run_to(200)
    posts(*[[{"refused": "No"}] * 20] * 10)
    sent()
    assert (run.state, counts) == ("finished", [run.id])


def counted(monkeypatch) -> list[int]:
    found, count_them = [], figures.of

    def of(run_id: int) -> figures.Figures:
        found.append(run_id)
        return count_them(run_id)

    monkeypatch.setattr(figures, "of", of)
    return found


def test_with_its_last_mails_out_there_is_nothing_to_pause(posts):
    run = run_to(100)
    posts([{"refused": "No"}] * 100)
    sent()
    assert (run.state, pauses()) == ("finished", [])
    assert [one.cause for one in standing()] == [f"run-lost:{run.id}"]


def test_a_run_that_takes_one_mail_after_the_other_pauses_before_the_next(posts):
    make_people(100)
    run = make_run(key=f"{MESSAGES}1", purpose="transactional", topic=None)
    posts([{"refused": "No"}] * 100)
    sent()
    assert run.state == "paused"


def test_a_batch_that_was_set_aside_is_seen_by_the_next_look(app, monkeypatch):
    run = run_to(250)
    first = making.batch()
    claims.set_aside(Batch, claimed(), "It stopped its worker.", clock())
    db.session.commit()
    jobs.sending.give_up(first.id)
    db.session.commit()
    assert looked_at(run).state == "paused"
