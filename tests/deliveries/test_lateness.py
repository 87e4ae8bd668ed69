"""Too late to be of use: what a limit or a pause held up for longer than somebody allowed is left out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.clock import clock
from app.db import db
from app.deliveries import carriers, jobs, runs, sealing
from tests.deliveries import making
from tests.deliveries.making import adds_up, fate, make_run
from tests.factories import make_customer, make_customers


def meant(hours: float, **limits):
    """A run that was meant to go out so many hours ago, and has not."""
    run = make_run(limits=limits)
    run.planned_for = clock() - timedelta(hours=hours)
    db.session.commit()
    return run


def paused(run) -> None:
    runs.pause(run, "", making.COMMAND_LINE)
    db.session.commit()
    runs.resume(run, making.COMMAND_LINE)
    db.session.commit()


@pytest.mark.parametrize(
    ("hours", "limits", "found"),
    [
        (7, {"late_hours": 6}, ("skipped", "expired")),
        (5, {"late_hours": 6}, ("accepted", None)),
        (100, {}, ("accepted", None)),  # nobody set it
        (0.5, {"late_hours": 0}, ("accepted", None)),  # a run takes time to go out
        (2, {"late_hours": 0}, ("skipped", "expired")),
    ],
)
def test_after_a_pause(app, hours, limits, found):
    maya = make_customer(email="maya@posteo.example")
    run = meant(hours, **limits)
    paused(run)
    jobs.send()
    assert fate(maya) == found
    assert run.state == "finished"
    assert adds_up(run)


def test_what_only_waited_for_its_turn_goes_out(app):
    maya = make_customer(email="maya@posteo.example")
    meant(100, late_hours=6)
    jobs.send()
    assert fate(maya)[0] == "accepted"


def test_a_night_is_no_lateness(app):
    """Their time is the end of the night: it counts from there."""
    maya = make_customer(email="maya@posteo.example")
    meant(9, late_hours=6)
    db.session.execute(text("UPDATE batches SET held_for = 'quiet_hours', meant_for = now() - interval '1 minute'"))
    db.session.commit()
    jobs.send()
    assert fate(maya)[0] == "accepted"


def test_a_day_without_room_in_the_plan_is(app):
    maya = make_customer(email="maya@posteo.example")
    meant(9, late_hours=6)
    db.session.execute(text("UPDATE batches SET held_for = 'warm_up'"))
    db.session.commit()
    jobs.send()
    assert fate(maya) == ("skipped", "expired")


def test_their_own_moment_counts_where_each_has_one(app):
    make_customers(12)
    run = make_run(limits={"throttle_per_minute": 1_200, "late_hours": 6})
    run.planned_for = clock() - timedelta(hours=30)
    db.session.commit()
    making.sent(4)
    assert "expired" not in runs.account(run).skipped


def test_what_was_sealed_before_the_pause_is_left_out_too(app):
    maya = make_customer(email="maya@posteo.example")
    run = meant(7, late_hours=6)
    assert sealing.seal(making.batch(), run, carriers.expected(), clock())
    db.session.commit()
    paused(run)
    jobs.send()
    assert fate(maya) == ("skipped", "expired")
