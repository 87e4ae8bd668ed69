"""The warm-up plan: a ceiling of the day over all mail but transactional, kept by any number of workers."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from app.clock import clock
from app.db import db
from app.deliveries import filling, holding, jobs, pace, progress, runs, warming
from app.deliveries.batch import Batch, WarmDay
from app.settings import limits, team
from app.settings.limits import WarmUp
from tests.deliveries import making
from tests.deliveries.making import adds_up, delivery_to, make_run, make_version
from tests.factories import make_customer, make_customers
from tests.provider.running import carries, inside

DAY = date(2026, 11, 3)


def plan(start: int = 5, growth: float = 0, ceiling: int | None = None, begun: date | None = None) -> None:
    today = datetime.now(UTC).date()
    wanted = {"start": start, "growth": growth, "ceiling": ceiling or start, "begun": str(begun or today)}
    limits.save(limits.of({"warm_up": wanted}), limits.read()[1], making.COMMAND_LINE)
    db.session.commit()


def counted() -> int | None:
    return db.session.scalar(select(WarmDay.mails))


@pytest.mark.parametrize(
    ("days", "most"), [(-1, None), (0, 50), (1, 60), (2, 72), (3, 86), (10, 309), (30, 1000), (100_000, 1000)]
)
def test_it_grows_from_day_to_day_until_it_stays(days, most):
    found = WarmUp(start=50, growth=20, ceiling=1000, begun=DAY)
    assert found.most_on(DAY + timedelta(days=days)) == most


def test_one_that_does_not_grow_stays_as_it_begins():
    assert WarmUp(start=50, growth=0, ceiling=1000, begun=DAY).most_on(DAY + timedelta(days=99)) == 50


def test_without_a_plan_nothing_is_counted(app):
    make_customers(12)
    make_run()
    jobs.send()
    assert len(making.outbox()) == 12
    assert counted() is None


def test_a_plan_that_begins_tomorrow_holds_nothing_today(app):
    plan(begun=datetime.now(UTC).date() + timedelta(days=1))
    make_customers(12)
    make_run()
    jobs.send()
    assert len(making.outbox()) == 12


def test_beyond_the_ceiling_the_rest_waits_for_tomorrow_and_the_run_says_so(app):
    plan(5)
    make_customers(12)
    run = make_run()
    jobs.send()
    assert len(making.outbox()) == 5
    assert counted() == 5
    assert run.state == "sending"
    assert runs.account(run).waiting == 7
    assert adds_up(run)
    assert {held.why for held in progress.of(run).held} == {"warm_up"}
    assert progress.of(run).held_up == holding.FULL
    waiting = db.session.scalars(select(Batch.not_before).where(Batch.waiting_since.is_not(None))).all()
    tomorrow = warming.tomorrow(clock())
    assert all(abs((one - tomorrow).total_seconds()) < 2 for one in waiting)


def test_the_next_day_has_room_again(app):
    plan(5)
    make_customers(12)
    run = make_run()
    jobs.send()
    db.session.execute(text("UPDATE warm_days SET day = day - 1"))  # the night is over
    making.sent()
    assert len(making.outbox()) == 10
    db.session.execute(text("UPDATE warm_days SET day = day - 7 WHERE day = current_date"))
    making.sent()
    assert len(making.outbox()) == 12
    assert run.state == "finished"


def test_transactional_mail_is_never_held_and_never_counted(app):
    plan(1)
    people = make_customers(3)
    receipt = make_run(purpose="transactional", topic=None)
    jobs.send()
    assert {delivery_to(one, receipt).state for one in people} == {"accepted"}
    assert counted() is None


def test_all_runs_share_the_day(app):
    plan(5)
    make_customers(3)
    for key in ("one", "two", "three"):
        make_run(key=key)
    jobs.send()
    assert len(making.outbox()) == 5


def test_workers_at_the_same_instant_do_not_pass_the_ceiling(app, monkeypatch):
    monkeypatch.setattr(filling, "PEOPLE", 4)
    plan(10)
    make_customers(40)
    version = make_version()
    for key in ("one", "two", "three"):
        make_run(version, key=key)

    def work() -> None:
        with app.app_context():
            jobs.send()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    for _ in range(4):  # those that were a moment too late find less room, and fill it
        db.session.execute(text("UPDATE batches SET not_before = now() WHERE not_before < now() + interval '1 minute'"))
        db.session.commit()
        jobs.send()
    db.session.expire_all()
    assert len(making.outbox()) == 10
    assert counted() == 10


def test_two_that_ask_for_the_last_place_do_not_both_get_it(app):
    found = WarmUp(start=5, growth=0, ceiling=5, begun=DAY)
    at = datetime(2026, 11, 3, 12, tzinfo=UTC)
    assert warming.take(found, 3, at)
    assert not warming.take(found, 3, at)
    assert warming.take(found, 2, at)
    assert not warming.take(found, 6, at + timedelta(days=1)), "nor more than a whole day has"


def test_a_refusal_gives_the_places_back(app, monkeypatch):
    plan(5)
    make_customers(3)
    make_run()
    monkeypatch.setattr(pace, "UNPACED", ("resend",))
    with inside(rate=0) as provider, carries(app, provider.url):
        provider.fails("rate_limit_exceeded")
        jobs.send()
        assert counted() == 0
        making.sent()
        assert len(provider.mails) == 3
        assert counted() == 3


def test_the_day_is_that_of_the_team(app):
    team.save(team.Team(timezone="Asia/Tokyo"), 0, making.COMMAND_LINE)
    db.session.commit()
    late = datetime(2026, 11, 3, 16, tzinfo=UTC)  # the fourth, one in the morning, over there
    assert warming.take(WarmUp(start=5, growth=0, ceiling=5, begun=DAY), 1, late)
    assert db.session.scalar(select(WarmDay.day)) == date(2026, 11, 4)
    assert warming.tomorrow(late) == datetime(2026, 11, 5, tzinfo=ZoneInfo("Asia/Tokyo"))


def test_once_the_plan_is_raised_what_waits_for_tomorrow_asks_again(app):
    plan(1)
    maya = make_customer(email="maya@posteo.example")
    make_customers(2)
    make_run()
    jobs.send()
    assert len(making.outbox()) == 1
    plan(100)
    holding.wake()
    db.session.commit()
    jobs.send()
    assert len(making.outbox()) == 3
    assert delivery_to(maya).state == "accepted"
