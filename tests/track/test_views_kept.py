"""From the door into the weeks: each view once, as a row and as an event, with how long it lasted."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest
from sqlalchemy import text

from app.catalogue import products, visit_stream, weeks
from app.clock import clock
from app.db import db
from app.events import jobs
from app.ops import tick
from app.queue import redis_connection
from tests.catalogue.buying import bring, product
from tests.factories import make_customer
from tests.track.visiting import NOW, come_in, days, rows, stayed, viewed, views


def seconds() -> list[int | None]:
    return [row["seconds"] for row in views()]


def test_a_view_is_a_row_and_an_event_with_what_was_seen(app):
    maya = make_customer(lms_lead_id="L-1")
    bring(products, product("mug", price=1190, currency="EUR"))
    view = viewed("mug", "L-1", name="Mug", price=1290, category="Kitchen", device_type="mobile")
    assert come_in(view, viewed("book", "L-1", ago=50)) == 2
    assert [(row["customer_id"], row["product_id"]) for row in views()] == [(maya.id, "mug"), (maya.id, "book")]
    first, second = rows("events")
    assert (first["name"], first["customer_id"], first["source_id"]) == ("product_viewed", maya.id, f"view-{view.id}")
    assert first["properties"] == {
        "product_id": "mug", "name": "Mug", "price": 1290, "category": "Kitchen", "currency": "EUR",
        "device_type": "mobile",
    }  # fmt: skip
    assert second["properties"] == {"product_id": "book"}
    assert len(rows("event_work")) == 2


def test_the_same_entry_twice_is_one_view(app):
    view = viewed(lead="L-1")
    assert [come_in(view, view), come_in(view)] == [1, 0]
    assert (len(views()), len(rows("pending_events"))) == (1, 1)


def test_a_worker_that_dies_between_commit_and_forgetting_keeps_no_view_twice(app, monkeypatch):
    monkeypatch.setattr(jobs, "AT_ONCE", 5)
    for number in range(20):
        visit_stream.note(viewed(f"p{number}"))
    visit_stream.flush()
    if child := os.fork():
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    else:
        try:
            db.session.remove()
            db.engine.dispose(close=False)
            visit_stream.forget = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
            jobs.drain_views()
        finally:
            os._exit(1)
    assert len(views()) == 5
    come_in()
    assert (len(views()), len(rows("pending_events")), visit_stream.is_waiting()) == (20, 20, False)


def test_the_greater_stay_of_the_latest_view_counts(app):
    come_in(viewed(ago=100), viewed(ago=50), stayed(12), stayed(9), stayed(99, "book"), stayed(99, session="s-2"))
    assert seconds() == [None, 12]
    come_in(stayed(20), stayed(5))
    assert seconds() == [None, 20]


def test_a_stay_may_say_which_view_it_was(app):
    first = viewed(ago=100)
    come_in(first, viewed(ago=50), stayed(7, view_id=first.id), stayed(99, view_id=uuid4()))
    assert seconds() == [7, None]


def test_a_stay_that_comes_before_its_view_waits_for_it(app):
    come_in(stayed(12, ago=1))
    assert (views(), visit_stream.is_waiting()) == ([], False)
    come_in(viewed("book", ago=20))
    come_in(viewed(ago=20))
    assert seconds().count(12) == 1
    assert visit_stream.early() == []


def test_a_stay_waits_for_ten_minutes_and_a_day_of_it_is_the_most(app):
    come_in(stayed(12, ago=visit_stream.EARLY_KEPT + 60))
    assert visit_stream.early() == []
    come_in(viewed(), stayed(5_000_000))
    assert seconds() == [24 * 3600]


def test_a_stay_finds_the_view_of_whoever_signed_in_meanwhile(app):
    make_customer(lms_lead_id="L-1")
    come_in(viewed(ago=90), viewed("book", "L-1", ago=60), stayed(30))
    assert seconds() == [30, None]
    come_in(viewed("pen", "L-9", None, ago=50), stayed(8, "pen", "L-9", None))
    assert seconds() == [30, None, 8]


ODD = [b"", b"\xc1", *map(msgspec.msgpack.encode, (["view", "x"], ["stay", 1.0, None, None, "p", -1], {"id": 1}))]


def test_what_nobody_can_read_steps_aside(app):
    redis_connection().xadd(visit_stream.VIEWS.name, {"other": b"1"})
    for odd in ODD:
        redis_connection().xadd(visit_stream.VIEWS.name, {"told": odd})
    assert come_in(viewed(), viewed(ago=-days(40)), viewed(ago=days(91))) == 1
    assert redis_connection().lrange(visit_stream.VIEWS.aside, 0, -1) == [b"", *ODD]
    assert 0 < redis_connection().ttl(visit_stream.VIEWS.aside) <= days(7)
    assert not visit_stream.is_waiting()


def test_what_the_database_refuses_steps_aside_and_holds_nobody_up(app):
    told = [viewed(f"p{number}") for number in range(9)]
    assert come_in(*told[:5], viewed("a\0b"), *told[5:], viewed(name="\0")) == 9
    assert len(views()) == 9
    assert redis_connection().llen(visit_stream.VIEWS.aside) == 2


def test_the_tick_rings_for_what_waits_in_redis(app):
    assert visit_stream.DRAIN not in tick.turn()
    visit_stream.note(viewed())
    visit_stream.flush()
    assert visit_stream.DRAIN in tick.turn()


def present() -> set[str]:
    return weeks.WEEKS.present()


def test_weeks_are_made_when_a_view_needs_them_and_ahead(app):
    for name in present():
        db.session.execute(text(f"DROP TABLE {name}"))
    db.session.commit()
    weeks.WEEKS.forget()
    come_in(viewed(ago=0), viewed(ago=days(21)))
    assert len(present()) == 2
    weeks.ensure_ahead(NOW)
    db.session.commit()
    assert len(present()) == 6


@pytest.mark.parametrize("view_is_kept", [True, False])
def test_a_week_is_dropped_once_all_of_it_is_older_than_ninety_days(app, view_is_kept):
    monday = (NOW - timedelta(days=NOW.weekday())).replace(hour=0, minute=0, second=0)
    now = monday + weeks.WEEK + weeks.KEPT - timedelta(seconds=view_is_kept)
    come_in(viewed())
    old = weeks.ensure(NOW - timedelta(days=200), NOW - timedelta(days=200))
    db.session.commit()
    dropped = weeks.drop_old(now)
    db.session.commit()
    assert set(old) <= set(dropped)
    assert len(views()) == view_is_kept
    weeks.ensure(clock(), clock())
    db.session.commit()
