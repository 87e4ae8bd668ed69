"""How large segments are, counted by the clock: each once a round, and what breaks holds up nobody."""

from __future__ import annotations

import threading
from datetime import timedelta

from sqlalchemy import select

from app.audit.actor import SYSTEM
from app.cli.segments import count, list_all
from app.clock import clock
from app.db import db
from app.ops import clockwork, recurring
from app.ops import jobs as ops_jobs
from app.pump import pump
from app.segments import audience, jobs, keeping, sizes
from app.segments.definition import Definition
from app.segments.segment import Segment, SegmentSize
from tests.factories import NOW, make_customers

ROW = {"field": "last_name", "op": "equals", "value": "Row"}
NAME = "Count the segments that nobody has counted for six hours"


def made(name="Everybody", **said):
    segment = keeping.create(Definition(name, **({"type": "rules", "rules": ROW} | said)), NOW, SYSTEM)
    db.session.commit()
    return segment


def broken():
    segment = Segment(name="Broken", type="function", handler_function="no_longer_there")
    db.session.add(segment)
    db.session.commit()
    return segment


def counted(now=NOW):
    """A round, as the pump goes through it."""
    steps = 0
    for _ in jobs.measure_due(now):
        db.session.commit()
        steps += 1
    db.session.expire_all()
    return steps


def kept(segment):
    return [row.size for row in sizes.history(segment)]


def test_what_nobody_counted_for_six_hours_is_due(app):
    make_customers(3)
    one, other = made(), made("Other")
    assert counted() == 2
    assert [(s.size, s.sized_at) for s in (one, other)] == [(3, NOW), (3, NOW)]
    assert counted(NOW + timedelta(hours=5)) == 0
    make_customers(2, lms_lead_id=None)
    assert counted(NOW + timedelta(hours=7)) == 2
    assert kept(one) == [3, 5]


def test_archived_ones_are_left_alone(app):
    segment = made()
    keeping.archive(segment, NOW, SYSTEM)
    db.session.commit()
    assert counted() == 0


def test_what_cannot_be_counted_says_why_and_the_others_are(app):
    make_customers(2)
    bad, good = broken(), made()
    assert counted() == 2
    assert (good.size, good.size_problem) == (2, None)
    assert (bad.size, bad.sized_at) == (None, NOW)
    assert "no_longer_there" in bad.size_problem
    assert kept(bad) == []


def test_what_breaks_for_an_unforeseen_reason_steps_aside(app, monkeypatch):
    make_customers(2)
    bad, good = made("Bad"), made("Good")
    of = audience.of

    def breaks(segment, *rest):
        if segment.id == bad.id:
            raise ValueError("nobody foresaw this")
        return of(segment, *rest)

    monkeypatch.setattr(audience, "of", breaks)
    assert counted() == 2
    assert (bad.size, bad.size_problem, good.size) == (None, jobs.BROKEN, 2)


def test_who_waits_longest_comes_first_and_a_round_ends(app, monkeypatch):
    first, second, third = made("1"), made("2"), made("3")
    second.sized_at, third.sized_at = NOW - timedelta(days=2), NOW - timedelta(days=3)
    db.session.commit()
    assert sizes.due(NOW) == [first.id, third.id, second.id]
    monkeypatch.setattr(jobs, "SECONDS", -1)
    assert counted() == 1
    assert sizes.due(NOW) == [third.id, second.id]


def test_whoever_changed_it_meanwhile_has_counted_it(app, monkeypatch):
    make_customers(2)
    segment = made()
    counts = audience.count

    def changed_meanwhile(found):
        said = {"name": "Everybody", "type": "rules", "rules": {"none": [ROW]}}
        other = threading.Thread(target=_changed, args=(app, segment.id, Definition(**said)))
        other.start()
        other.join()
        return counts(found)

    monkeypatch.setattr(audience, "count", changed_meanwhile)
    assert sizes.measure(segment, NOW) is None
    db.session.commit()
    assert (segment.version, segment.size, kept(segment)) == (2, None, [])


def _changed(app, segment_id, wanted):
    with app.app_context():
        keeping.change(db.session.get_one(Segment, segment_id), wanted, 1, NOW, SYSTEM)
        db.session.commit()


def test_a_count_that_takes_too_long_is_stopped(app, monkeypatch):
    make_customers(1)
    segment, in_time = made(), audience.hurried
    slow = audience.Audience("SELECT id AS customer_id FROM customers, pg_sleep(20)")
    monkeypatch.setattr(audience, "of", lambda *_: slow)
    monkeypatch.setattr(audience, "hurried", lambda: in_time(0.2))
    counted()
    assert (segment.size, segment.size_problem) == (None, audience.TOO_LONG)


def test_it_comes_round_by_the_clock_and_is_done_once(app):
    make_customers(4)
    segment = made()
    ops_jobs.settle_recurring()
    only(NAME)
    work = clockwork.work("upkeep")
    assert pump(work, recurring.do) == 1
    assert pump(work, recurring.do) == 0
    db.session.expire_all()
    assert segment.size == 4
    assert len(db.session.scalars(select(SegmentSize)).all()) == 1


def only(name):
    now = clock()
    for row in recurring.rows():
        row.not_before = now if row.name == name else now + timedelta(days=1)
    db.session.commit()


def test_the_command_says_the_number_alone(app):
    make_customers(3)
    runner, segment = app.test_cli_runner(), made()
    answer = runner.invoke(count, [str(segment.id)])
    assert (answer.exit_code, answer.stdout) == (0, "3\n")
    refused = runner.invoke(count, [str(broken().id)])
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "no_longer_there" in refused.stderr
    unknown = runner.invoke(count, ["999"])
    assert (unknown.exit_code, unknown.stdout) == (1, "")


def test_the_command_lists_them(app):
    made("Warm"), made("Cold")
    said = app.test_cli_runner().invoke(list_all).stdout.splitlines()
    assert [line.split()[-1] for line in said] == ["Warm", "Cold"]
