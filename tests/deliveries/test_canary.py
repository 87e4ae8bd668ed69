"""The first few of a run go ahead, drawn by lot; the others wait for a look, or for some minutes."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from app.alerts.alert import Alert
from app.audit import Entry
from app.clock import clock
from app.consent import suppressions
from app.customers.customer import Customer
from app.db import db
from app.deliveries import canary, carriers, filling, runs
from app.deliveries.batch import Batch
from app.deliveries.delivery import Delivery
from app.deliveries.run import Run
from app.ops import recurring, work
from tests.deliveries import making
from tests.deliveries.fates import ADA, become, looked_at, make_people
from tests.deliveries.making import addresses, adds_up, make_run, sent
from tests.deliveries.test_sending import Post


@pytest.fixture(autouse=True)
def _small_batches(app, monkeypatch) -> None:
    monkeypatch.setattr(filling, "PEOPLE", 10)


def run_with(n: int, people: int = 100, minutes: int | None = None, **facts: Any) -> Run:
    make_people(people)
    wanted = {"n": n} | ({"minutes": minutes} if minutes else {})
    return make_run(limits={"canary": wanted}, **facts)


def let_go(after: timedelta = timedelta()) -> None:
    """The recurring job, at that time from now."""
    canary.let_go_due(clock() + after)
    db.session.commit()
    db.session.expire_all()


def alerts() -> list[str]:
    return list(db.session.scalars(select(Alert.title).where(Alert.settled_at.is_(None))))


def states() -> set[str]:
    return set(db.session.scalars(select(Batch.state)))


def got(run: Run) -> list[int]:
    theirs = select(Delivery.customer_id).where(Delivery.run_id == run.id, Delivery.state == "accepted")
    return list(db.session.scalars(theirs.order_by(Delivery.customer_id)))


def test_the_first_go_out_and_the_run_waits_for_a_look(app):
    run = run_with(25)
    assert states() == {"open", "held"}
    sent(2)
    assert (len(addresses()), run.state) == (25, "paused")
    assert run.state_reason == "The first 25 are out. Look at what became of them, then resume it."
    account = runs.account(run)
    assert (account.planned, account.accepted, account.waiting) == (100, 25, 75)
    assert adds_up(run)
    assert alerts() == ["“Open day” waits for a look"]
    entry = db.session.scalars(select(Entry).where(Entry.verb == "paused")).one()
    assert (entry.actor_name, entry.subject_id) == ("The system", str(run.id))


def test_resumed_the_others_follow_and_everybody_has_it_once(app):
    run = run_with(25)
    sent()
    runs.resume(run, ADA)
    db.session.commit()
    assert alerts() == []
    sent()
    assert (run.state, run.state_reason, len(addresses()), len(set(addresses()))) == ("finished", "", 100, 100)
    assert adds_up(run)


def test_they_are_drawn_by_lot_and_others_at_each_run(app):
    run = run_with(30)
    sent()
    first = got(run)
    everybody = list(db.session.scalars(select(Customer.id).order_by(Customer.id)))
    assert first != everybody[:30]
    assert min(first) < everybody[30] < max(first), "from all over"
    other = make_run(key="another", limits={"canary": {"n": 30}})
    sent()
    assert len(got(other)) == 30
    assert got(other) != first


def test_planned_again_it_draws_the_same(app):
    make_people(100)
    drawn = []
    run = making.planned(limits={"canary": {"n": 20}})
    for _ in range(2):
        filling.fill(run, making.EVERYBODY, clock())
        held = select(Batch.part).where(Batch.run_id == run.id, Batch.state == "held")
        ahead = select(Delivery.customer_id).where(Delivery.part.is_not(None), Delivery.part.not_in(held))
        drawn.append(list(db.session.scalars(ahead.order_by(Delivery.customer_id))))
        db.session.rollback()
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 20


def test_who_is_left_out_anyway_is_none_of_the_first(app):
    make_people(20)
    db.session.execute(text("UPDATE customers SET email = NULL WHERE id % 2 = 0"))
    run = make_run(limits={"canary": {"n": 8}})
    sent()
    assert len(addresses()) == 8
    assert adds_up(run)


def test_who_says_no_meanwhile_is_skipped_and_nobody_else_goes_instead(app):
    run = run_with(5)
    for n in range(100):
        suppressions.add(f"p{n}@posteo.example", "No.", clock(), ADA)
    db.session.commit()
    sent()
    assert (addresses(), run.state, runs.account(run).skipped) == ([], "paused", {"suppressed": 5})


@pytest.mark.parametrize("n", [100, 101, 1_000_000])
def test_where_everybody_is_among_the_first_there_is_nothing_to_wait_for(app, n):
    run = run_with(n)
    assert states() == {"open"}
    sent()
    assert (run.state, len(addresses()), alerts()) == ("finished", 100, [])


def test_nobody_at_all_is_finished_at_once(app):
    run = run_with(5, people=0)
    assert run.state == "finished"


def test_with_minutes_the_others_follow_by_themselves(app):
    run = run_with(25, minutes=30)
    sent()
    until = run.canary_until
    sent()
    assert run.canary_until == until, "counted from when the first were out"
    assert (run.state, len(addresses()), alerts()) == ("sending", 25, [])
    assert run.state_reason.startswith("The first 25 are out. The others follow at ")
    let_go(timedelta(minutes=29))
    sent()
    assert len(addresses()) == 25
    let_go(timedelta(minutes=31))
    assert run.state_reason == ""
    sent()
    assert (run.state, len(addresses())) == ("finished", 100)


def test_they_do_not_follow_where_somebody_paused_it(app):
    run = run_with(25, minutes=30)
    sent()
    runs.pause(run, "Paused by Ada.", ADA)
    db.session.commit()
    let_go(timedelta(hours=1))
    sent()
    assert (run.state, run.state_reason, len(addresses())) == ("paused", "Paused by Ada.", 25)
    runs.resume(run, ADA)
    db.session.commit()
    sent()
    assert (run.state, len(addresses())) == ("finished", 100)


def test_they_do_not_follow_where_the_brakes_paused_it(app):
    run = run_with(150, people=300, minutes=30)
    sent()
    become(run, bounced=20)
    assert looked_at(run).state == "paused"
    let_go(timedelta(hours=1))
    sent()
    assert (run.state, len(addresses())) == ("paused", 150)
    runs.resume(run, ADA)
    db.session.commit()
    sent()
    assert (run.state, len(addresses())) == ("finished", 300)


@pytest.mark.parametrize("minutes", [None, 30])
def test_cancelled_while_it_waits_everybody_is_accounted_for(app, minutes):
    run = run_with(25, minutes=minutes)
    sent()
    runs.cancel(run, clock(), ADA)
    db.session.commit()
    let_go(timedelta(hours=1))
    sent()
    account = runs.account(run)
    assert (run.state, account.accepted, account.skipped, account.waiting) == ("cancelled", 25, {"cancelled": 75}, 0)
    assert (adds_up(run), alerts(), states()) == (True, [], {"done"})


def test_paused_before_the_first_are_out_it_goes_on_with_them_and_then_asks(app):
    run = run_with(25)
    runs.pause(run, "Paused by Ada.", ADA)
    db.session.commit()
    runs.resume(run, ADA)
    db.session.commit()
    sent()
    assert (run.state, len(addresses())) == ("paused", 25)
    assert run.state_reason.startswith("The first 25 are out.")


def test_a_provider_that_takes_one_mail_at_a_time_gets_the_first_only(app, monkeypatch):
    run = run_with(7, people=30)
    post = Post()
    post.batch_size = 1
    monkeypatch.setattr("app.deliveries.pace.UNPACED", ("outbox", "post"))
    monkeypatch.setattr(carriers, "carrier", lambda: post)
    sent(2)
    assert (len(post.calls), run.state) == (7, "paused")
    runs.resume(run, ADA)
    db.session.commit()
    sent(2)
    assert (len(post.calls), run.state) == (30, "finished")


def test_two_workers_that_end_the_first_at_once_ask_once(app):
    run = run_with(5)
    db.session.execute(update(Batch).where(Batch.state == "open").values(state="done", waiting_since=None))
    db.session.commit()
    together = threading.Barrier(2, timeout=20)

    def finish() -> None:
        with app.app_context():
            together.wait()
            runs.finish_done(clock())
            db.session.commit()

    threads = [threading.Thread(target=finish) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    db.session.expire_all()
    assert (run.state, len(alerts())) == ("paused", 1)
    assert len(db.session.scalars(select(Entry).where(Entry.verb == "paused")).all()) == 1


def test_the_last_worker_of_the_first_died_before_it_said_so(app):
    run = run_with(5)
    db.session.execute(update(Batch).where(Batch.state == "open").values(state="done", waiting_since=None))
    db.session.commit()
    recurring.do("Finish the runs whose mails are all out", clock())
    db.session.commit()
    db.session.expire_all()
    assert (run.state, run.canary_out_at is not None) == ("paused", True)


def test_the_time_is_kept_by_a_recurring_job(app):
    run = run_with(5, minutes=30)
    sent()
    db.session.execute(update(Run).values(canary_until=clock()))
    recurring.do("Let the others follow where the first went ahead", clock())
    db.session.commit()
    sent()
    assert run.state == "finished"


def test_the_others_keep_the_time_that_they_were_meant_for(app):
    make_people(40)
    run = making.planned(limits={"canary": {"n": 5}})
    filling.fill(run, making.EVERYBODY, clock())
    db.session.execute(text("UPDATE batches SET not_before = now() + interval '1 hour' WHERE state = 'held'"))
    runs.begin(run, clock())
    canary.let_go(run)
    late = text(
        "SELECT count(*) FROM batches WHERE state = 'open' AND not_before > now() AND waiting_since IS NOT NULL"
    )
    assert (db.session.scalar(late), states()) == (4, {"open"})


def test_what_is_held_is_no_late_work_and_is_not_done_either(client_of, viewer):
    run = run_with(25, people=50)
    sent()
    assert (work.waiting()["send"].due, work.waiting()["send"].later) == (0, 0)
    vic = client_of(viewer)
    assert "50 %" in vic.get("/runs").get_data(as_text=True)
    page = vic.get(f"/runs/{run.id}").get_data(as_text=True)
    assert "The first 25 are out." in page
    assert "waits for a look" in vic.get("/").get_data(as_text=True)


def test_of_a_large_run_the_held_batches_are_to_be_done(client_of, viewer, monkeypatch):
    monkeypatch.setattr("app.deliveries.directory.FEW", 10)
    run_with(50)
    sent()
    batches = db.session.scalar(text("SELECT count(*) FROM batches"))
    assert f"{round(100 * 5 / batches)} %" in client_of(viewer).get("/runs").get_data(as_text=True)
