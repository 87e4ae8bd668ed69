"""Send at local time: each person gets it when their own clock shows the hour; who is past it, the next day."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.clock import clock
from app.db import db
from app.deliveries import filling, jobs, local_times, progress, runs
from app.deliveries.batch import Batch
from app.deliveries.run import Run
from tests.deliveries import making
from tests.deliveries.making import EVERYBODY, adds_up, delivery_to, fate, planned
from tests.factories import make_customer, make_customers

TEN = time(10)


def filled(at: datetime, **limits) -> Run:
    """Of a run that was meant for that moment, on the clock of UTC."""
    run = planned(limits=limits)
    run.planned_for = at
    filling.fill(run, EVERYBODY, clock())
    runs.begin(run, clock())
    run.waiting_since = None
    db.session.commit()
    return run


def due(customer) -> datetime:
    part = delivery_to(customer).part
    found = select(Batch).where(Batch.part == part).execution_options(populate_existing=True)
    return db.session.scalars(found).one().not_before


@pytest.mark.parametrize(
    ("zone", "after", "there"),
    [
        ("Europe/Berlin", "2026-11-03T09:00:00+00:00", "2026-11-03T10:00:00+01:00"),
        ("America/New_York", "2026-11-03T09:00:00+00:00", "2026-11-03T10:00:00-05:00"),
        ("Asia/Tokyo", "2026-11-03T09:00:00+00:00", "2026-11-04T10:00:00+09:00"),
        ("Pacific/Kiritimati", "2026-11-03T09:00:00+00:00", "2026-11-04T10:00:00+14:00"),
    ],
)
def test_the_first_time_from_then_on_that_a_clock_shows_it(zone, after, there):
    found = local_times.moment(TEN, ZoneInfo(zone), datetime.fromisoformat(after))
    assert found.astimezone(ZoneInfo(zone)).isoformat() == there


def test_a_time_that_the_clock_leaves_out_is_right_after_it():
    found = local_times.moment(time(2, 30), ZoneInfo("Europe/Berlin"), datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert found == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_a_time_that_comes_twice_is_the_first_of_them():
    found = local_times.moment(time(2, 30), ZoneInfo("Europe/Berlin"), datetime(2026, 10, 24, 12, tzinfo=UTC))
    assert found == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_each_gets_it_at_the_planned_time_of_their_own_clock(app):
    now = clock().replace(microsecond=0)
    here = make_customer(email="here@posteo.example", timezone="UTC")
    earlier = make_customer("Aiko", email="east@posteo.example", timezone="Asia/Tokyo")
    later = make_customer("Ann", email="west@posteo.example", timezone="America/Bogota")
    unknown = make_customer("Nils", email="nowhere@posteo.example", timezone="Mars/Olympus")
    run = filled(now, local_time=True)
    assert due(later) == now + timedelta(hours=5)
    assert due(earlier) == now + timedelta(hours=15)  # nine hours ahead: tomorrow
    jobs.send()
    assert making.addresses() == sorted([here.email, unknown.email])
    assert (fate(later), fate(earlier)) == (("planned", None), ("planned", None))
    assert run.state == "sending"
    assert adds_up(run)


def test_another_time_may_be_said(app):
    now = clock()
    maya = make_customer(email="maya@posteo.example", timezone="UTC")
    wanted = (now + timedelta(hours=3)).replace(second=0, microsecond=0)
    filled(now, local_time=f"{wanted:%H:%M}")
    assert due(maya) == wanted


def test_no_batch_holds_people_of_two_moments(app, monkeypatch):
    monkeypatch.setattr(filling, "PEOPLE", 2)
    zones = ["Asia/Tokyo", "America/Bogota"] * 4
    people = [make_customer(email=f"p{n}@posteo.example", timezone=zone) for n, zone in enumerate(zones)]
    east, west = people[::2], people[1::2]
    filled(clock(), local_time=True)
    assert len({due(one) for one in east}) == len({due(one) for one in west}) == 1
    assert {delivery_to(one).part for one in east}.isdisjoint(delivery_to(one).part for one in west)
    assert db.session.query(Batch).count() == 4


def test_the_page_of_the_run_says_who_waits_for_their_hour(app):
    make_customers(3, timezone="America/Bogota")
    (said,) = progress.of(filled(clock(), local_time=True)).held
    assert (said.why, said.people) == ("local_time", 3)


def test_without_it_everybody_gets_it_at_once(app):
    make_customers(3, timezone="America/Bogota")
    filled(clock())
    jobs.send()
    assert len(making.outbox()) == 3
