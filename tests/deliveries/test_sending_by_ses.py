"""A run goes out through SES, one by one: at most once, all accounted for; and to the look-alike that others wrote."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_string, policy

import pytest
from flask import Flask
from sqlalchemy import select, text

from app.audit.actor import COMMAND_LINE
from app.clock import clock
from app.db import db
from app.deliveries import accounts, carriers, jobs, notices, pace, runs
from app.deliveries.batch import Batch
from app.deliveries.delivery import Delivery
from app.deliveries.notice import Notice
from app.deliveries.run import Run
from app.queue import redis_connection
from tests.deliveries.making import adds_up, delivery_to, fate, make_run, sent
from tests.factories import make_customer, make_customers
from tests.provider import moto_server
from tests.provider.ses_server import SENDS, TELLS, Desk, carries, serving


@pytest.fixture
def server(app: Flask) -> Iterator[Desk]:
    with serving() as desk, carries(app, desk.url):
        yield desk
        carriers.rest()


@pytest.fixture(scope="module")
def moto() -> Iterator[moto_server.Moto]:
    with moto_server.serving() as moto:
        yield moto


def until_done(run: Run, most: float = 30) -> None:
    """Or for so many seconds: whom SES calls too fast holds the pace of all back for a second."""
    ends = time.monotonic() + most
    while time.monotonic() < ends:
        sent()
        if run.state == "finished":
            return
        time.sleep(0.05)
    raise AssertionError(f"It is {run.state}: {runs.account(run)}")


def waiting() -> Batch:
    return db.session.scalars(select(Batch).where(Batch.waiting_since.is_not(None))).one()


def test_a_run_goes_out_one_by_one_and_adds_up(server):
    people = make_customers(60)
    server.says("BadRequestException", "Illegal address", only="p7@posteo.example")
    server.says(status=None, only="p10@posteo.example", takes=True)
    server.says(status=None, only="p11@posteo.example")
    server.says(status=500, only="p12@posteo.example")
    server.says("TooManyRequestsException", "Rate exceeded", 429, only="p20@posteo.example", times=2)
    run = make_run()
    until_done(run)
    found = runs.account(run)
    assert (found.planned, found.accepted, found.uncertain, found.waiting) == (60, 56, 3, 0)
    assert adds_up(run)
    assert server.got == {f"p{n}@posteo.example": 1 for n in range(60) if n not in (7, 11, 12)}
    assert fate(people[7]) == ("failed", "SES said 400 BadRequestException: Illegal address")
    assert [fate(people[n])[0] for n in (10, 11, 12, 20)] == ["uncertain", "uncertain", "uncertain", "accepted"]
    by_id = {one.id: one.to for one in server.mails}
    accepted = db.session.execute(select(Delivery.provider_id, Delivery.email).where(Delivery.state == "accepted"))
    assert all(by_id[provider_id] == email for provider_id, email in accepted)
    assert server.counts[TELLS] == 1


def test_each_mail_says_which_it_is(server):
    customer = make_customer(email="maya@posteo.example")
    run = make_run()
    until_done(run)
    (taken,) = server.mails
    tags = {tag["Name"]: tag["Value"] for tag in taken.call["EmailTags"]}
    assert tags == {"delivery_id": str(delivery_to(customer).id), "run_id": str(run.id)}
    assert taken.mail["X-Campus-Delivery-Id"] == tags["delivery_id"]


def test_the_pace_of_the_account_is_known_before_the_first_mail(server):
    make_customers(3)
    until_done(make_run())
    assert server.calls == [TELLS, SENDS, SENDS, SENDS]
    assert pace.rate("ses") == pytest.approx(500 * pace.SHARE)


def test_a_paused_account_is_closed_until_somebody_has_seen_to_it(server):
    customer = make_customer(email="maya@posteo.example")
    run = make_run()
    server.says("SendingPausedException", "Sending is paused")
    sent()
    closed = accounts.closed("ses")
    assert closed is not None
    assert (closed.closed_for, closed.opens_at) == ("SES said 400 SendingPausedException: Sending is paused", None)
    sent(2)
    assert (server.counts[SENDS], runs.account(run).waiting) == (1, 1)
    accounts.reopen("ses", COMMAND_LINE)
    db.session.commit()
    until_done(run)
    assert fate(customer)[0] == "accepted"


def test_a_day_that_is_used_up_goes_on_by_itself(server):
    make_customer(email="maya@posteo.example")
    run = make_run()
    server.says("LimitExceededException", "Daily message quota exceeded.")
    sent()
    closed = accounts.closed("ses")
    assert closed is not None
    assert closed.opens_at > clock() + timedelta(minutes=59)
    db.session.execute(text("UPDATE provider_accounts SET opens_at = now() - interval '1 second'"))
    until_done(run)
    assert len(server.mails) == 1


def test_nobody_there_is_asked_again_later(app, server):
    make_customer(email="maya@posteo.example")
    run = make_run()
    with carries(app, "http://127.0.0.1:1"):
        sent()
    batch = waiting()
    assert (batch.state, batch.posted_at) == ("sealed", None)
    assert "could not be reached" in batch.error
    redis_connection().flushdb()
    until_done(run)
    assert len(server.mails) == 1


def test_what_was_perhaps_out_when_its_worker_died_is_uncertain(server):
    customer = make_customer(email="maya@posteo.example")
    run = make_run()
    sent()
    db.session.execute(text("UPDATE runs SET state = 'sending', finished_at = NULL"))
    db.session.execute(text("UPDATE deliveries SET state = 'sealed', provider_id = NULL, accepted_at = NULL"))
    db.session.execute(text("UPDATE batches SET state = 'posting', posted_at = now(), waiting_since = now()"))
    until_done(run)
    assert (fate(customer)[0], len(server.mails)) == ("uncertain", 1)


@pytest.mark.parametrize(
    ("code", "said"),
    [("", ""), ("BadRequestException", "Illegal address"), ("TooManyRequestsException", "Rate exceeded")],
)
def test_a_notice_goes_the_same_way(server, code, said):
    notice = notices.write("test", ["max@campus.example"], "Hello", "<p>Hello</p>", "Hello", COMMAND_LINE)[0]
    db.session.commit()
    if code:
        server.says(code, said, times=None)
    jobs.post_notices()
    kept = db.session.get_one(Notice, notice.id, populate_existing=True)
    assert (kept.sent_at is not None) is (not code)
    assert said in (kept.error or "")
    assert (kept.failed_at is not None) is (said == "Illegal address")


def test_the_look_alike_of_others_takes_it_as_it_was_meant(app, moto):
    moto.verify("mail@campus.example")
    customer = make_customer(email="mia@bücher.example", first_name="Müller")
    run = make_run()
    with carries(app, moto.url):
        until_done(run)
        carriers.rest()
    delivery = delivery_to(customer)
    taken = next(one for one in moto.mails if one["id"] == delivery.provider_id)
    assert (delivery.state, taken["source"]) == ("accepted", "mail@campus.example")
    assert {*taken["destinations"]} == {"mia@xn--bcher-kva.example"}
    mail = message_from_string(taken["raw_data"], policy=policy.SMTP)
    assert (mail["Subject"], mail["From"]) == ("Dear Müller", "Campus <mail@campus.example>")
    assert (mail["X-Campus-Delivery-Id"], mail["X-Campus-Run-Id"]) == (str(delivery.id), str(run.id))
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text_part, html_part = (part.get_payload(decode=True).decode() for part in mail.iter_parts())
    assert text_part.startswith("Hello Müller")
    assert re.search(r'href="http\S+"', html_part)


def test_a_sender_that_the_look_alike_does_not_know_gets_nothing_out(app, moto):
    make_customer(email="maya@posteo.example")
    run = make_run()
    run.sender = "Somebody <nobody@elsewhere.example>"
    db.session.commit()
    before = len(moto.mails)
    with carries(app, moto.url):
        sent()
        carriers.rest()
    assert (len(moto.mails), runs.account(run).accepted) == (before, 0)
