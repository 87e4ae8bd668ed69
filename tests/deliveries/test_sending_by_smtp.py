"""A run goes out through a mail server, one by one: at most once, and everybody accounted for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update

from app import claims
from app.audit.actor import COMMAND_LINE
from app.clock import clock
from app.db import db
from app.deliveries import carriers, directory, jobs, notices, runs
from app.deliveries.batch import Batch
from app.deliveries.delivery import Delivery
from app.deliveries.notice import Notice
from app.deliveries.run import Run
from app.queue import redis_connection
from tests.deliveries.dying import claimed, killed_after, steps
from tests.deliveries.making import adds_up, fate, make_run, sent
from tests.factories import make_customer, make_customers
from tests.provider import running
from tests.provider.mail_server import HANGS_UP, Desk, carries, serving


@pytest.fixture
def server(app: Flask) -> Iterator[Desk]:
    with serving() as desk, carries(app, desk.url):
        yield desk
        carriers.rest()


def until_done(run: Run, most: float = 30) -> None:
    """Or for so many seconds: a server that is busy holds the pace of all back for a moment."""
    ends = time.monotonic() + most
    while time.monotonic() < ends:
        sent()
        if run.state == "finished":
            return
        time.sleep(0.05)
    raise AssertionError(f"It is {run.state}: {runs.account(run)}")


def by_part() -> list[int]:
    """How many mails each batch has that still waits."""
    counted = select(func.count(Delivery.id)).join(
        Batch, (Batch.run_id == Delivery.run_id) & (Batch.part == Delivery.part)
    )
    return list(db.session.scalars(counted.where(Batch.waiting_since.is_not(None)).group_by(Batch.id)))


def test_a_run_of_250_goes_out_one_by_one_and_adds_up(server):
    people = make_customers(250)
    server.says("RCPT", "550 5.1.1 Nobody here", only="p7@posteo.example")
    server.says("DATA", "554 5.7.1 Spam", only="p8@posteo.example")
    server.says("RCPT", "451 4.7.1 Greylisted", only="p9@posteo.example")
    server.says("END", HANGS_UP, only="p10@posteo.example")
    server.says("BODY", HANGS_UP, only="p11@posteo.example")
    server.says("RCPT", "450 4.2.0 Greylisted", only="p249@posteo.example", times=3)
    run = make_run()
    until_done(run)
    found = runs.account(run)
    assert (found.planned, found.accepted, found.uncertain, found.waiting) == (250, 247, 1, 0)
    assert sum(found.failed.values()) == 2
    assert adds_up(run)
    assert server.got == {f"p{n}@posteo.example": 1 for n in range(250) if n not in (7, 8)}
    assert [fate(people[n])[0] for n in (7, 8, 9, 10, 11, 249)] == [
        "failed", "failed", "accepted", "uncertain", "accepted", "accepted",
    ]  # fmt: skip
    assert fate(people[7]) == ("failed", "The mail server said 550 5.1.1 Nobody here")
    ids = set(db.session.scalars(select(Delivery.provider_id).where(Delivery.state == "accepted")))
    assert ids <= {one.mail["Message-ID"].strip("<>") for one in server.mails}
    assert len(ids) == 247
    assert server.counts["talks"] < 40, "a connection carries many mails"
    assert server.counts["QUIT"] > 0
    assert by_part() == []


def test_a_batch_is_cut_when_it_is_its_turn_and_not_before(server):
    make_customers(200)
    run = make_run()
    assert by_part() == [100, 100]
    batch = db.session.scalars(select(Batch).order_by(Batch.id)).first()
    claim = claimed()
    assert claim.key == batch.id
    list(steps(claim))
    db.session.commit()
    assert sorted(by_part()) == [1] * 100 + [100]
    assert claimed().key > batch.id + 1, "its pieces go before the others"
    assert runs.account(run).waiting == 200


def test_killed_while_it_is_cut_nothing_is_lost(server):
    make_customers(5)
    run = make_run()
    for step in range(2):
        killed_after(step)
        assert by_part() == [5]
    going = steps(claimed())
    next(going)
    with pytest.raises(StopIteration):
        next(going)  # cut, and killed before the commit
    db.session.rollback()
    assert by_part() == [5]
    db.session.execute(update(Batch).values(lease_until=None))
    db.session.commit()
    until_done(run)
    assert server.got == {f"p{n}@posteo.example": 1 for n in range(5)}


def test_killed_in_the_middle_of_the_pieces_none_of_them_is_repeated(server):
    make_customers(5)
    run = make_run()
    list(steps(claimed()))
    db.session.commit()
    for _ in range(2):
        list(steps(claimed()))
        db.session.commit()
    killed_after(1)  # sealed
    assert server.got.total() == 2
    killed_after(2)  # perhaps out
    until_done(run)
    found = runs.account(run)
    assert (found.accepted, found.uncertain) == (4, 1)
    assert set(server.got.values()) == {1}
    assert adds_up(run)


def test_cancelled_while_it_is_cut_nothing_goes_out(server):
    make_customers(5)
    run = make_run()
    going = steps(claimed())
    next(going)
    runs.cancel(run, clock(), COMMAND_LINE)
    db.session.commit()
    with pytest.raises(claims.Lost):
        list(going)
    db.session.rollback()
    sent()
    assert runs.account(run).skipped == {"cancelled": 5}
    assert server.mails == []


def test_who_says_no_between_the_pieces_gets_nothing(server):
    people = make_customers(3)
    run = make_run()
    list(steps(claimed()))
    db.session.execute(update(type(people[2])).where(type(people[2]).id == people[2].id).values(email=None))
    db.session.commit()
    until_done(run)
    assert fate(people[2]) == ("skipped", "no_address")
    assert len(server.mails) == 2


def test_greylisted_it_waits_and_arrives(server):
    customer = make_customer(email="maya@posteo.example")
    run = make_run()
    server.says("RCPT", "451 4.7.1 Come again")
    sent()
    batch = db.session.scalars(select(Batch)).one()
    assert (batch.state, batch.posted_at, batch.error) == ("sealed", None, "The mail server said 451 4.7.1 Come again")
    assert timedelta(minutes=4) < batch.not_before - clock() <= timedelta(minutes=5)
    until_done(run)
    assert fate(customer)[0] == "accepted"


def test_a_mailbox_that_is_full_for_a_day_has_failed(server):
    customer = make_customer(email="maya@posteo.example")
    run = make_run()
    server.says("RCPT", "452 4.2.2 Mailbox full", times=None)
    sent()
    assert runs.account(run).waiting == 1
    db.session.execute(text("UPDATE batches SET waiting_since = now() - interval '25 hours'"))
    sent()
    assert fate(customer) == ("failed", "The mail server said 452 4.2.2 Mailbox full")
    assert run.state == "finished"


def test_a_server_that_has_no_time_for_a_day_fails_nobody(server):
    make_customer(email="maya@posteo.example")
    run = make_run()
    server.says("MAIL", "421 4.3.2 Not today")
    sent()
    db.session.execute(text("UPDATE batches SET waiting_since = now() - interval '25 hours'"))
    server.says("MAIL", "421 4.3.2 Not today")
    db.session.commit()
    forget_pace()
    sent()
    assert runs.account(run).waiting == 1


def forget_pace() -> None:
    redis_connection().flushdb()


def test_sealed_for_another_provider_it_is_sealed_anew(app, server):
    people = make_customers(3)
    run = make_run()
    with running.inside(rate=0) as resend, running.carries(app, resend.url):
        resend.fails("monthly_quota_exceeded")
        sent()
        assert [one.state for one in db.session.scalars(select(Batch))] == ["sealed"]
    until_done(run)
    assert len(server.mails) == 3
    assert {fate(one)[0] for one in people} == {"accepted"}


def test_what_may_be_out_by_another_provider_is_uncertain(app, server):
    make_customers(3)
    run = make_run()
    with running.inside(rate=0) as resend, running.carries(app, resend.url):
        resend.fails("cut")
        sent()
        assert [one.state for one in db.session.scalars(select(Batch))] == ["posting"]
    until_done(run)
    assert (runs.account(run).uncertain, server.mails) == (3, [])


def test_how_fast_it_goes_is_counted_in_mails(server):
    make_customers(4)
    run = make_run()
    until_done(run)
    assert directory.rate(run) > 0
    assert directory.shares([run]) == {run.id: 1.0}


@pytest.mark.parametrize(("answer", "said"), [(None, ""), ("550 5.1.1 Nobody", "Nobody"), ("451 4.7.1 Later", "Later")])
def test_a_notice_goes_the_same_way(server, answer, said):
    notice = notices.write("test", ["max@campus.example"], "Hello", "<p>Hello</p>", "Hello", COMMAND_LINE)[0]
    db.session.commit()
    if answer:
        server.says("RCPT", answer, times=None)
    jobs.post_notices()
    kept = db.session.get_one(Notice, notice.id, populate_existing=True)
    assert (kept.sent_at is not None) is (answer is None)
    assert said in (kept.error or "")
    assert (kept.failed_at is not None) is (said == "Nobody")
    assert server.counts["QUIT"] == 1
    if said == "Later":
        db.session.execute(text("UPDATE notices SET created_date = now() - interval '25 hours', not_before = now()"))
        db.session.commit()
        jobs.post_notices()
        assert db.session.get_one(Notice, notice.id, populate_existing=True).failed_at is not None
