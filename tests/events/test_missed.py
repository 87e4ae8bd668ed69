"""A fact and its person in the same moment: neither transaction sees the other, and yet they come together."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import clock
from app.customers.customer import Customer
from app.customers.who import Who
from app.db import db
from app.events import intake, pending
from app.events.event import Event
from app.events.incoming import Incoming, Origin
from tests.factories import NOW


def test_what_came_in_the_same_moment_as_its_person_is_joined_soon(app):
    with Session(db.engine) as other:
        other.add(Customer(lms_lead_id="L1"))
        other.flush()
        intake.store([Incoming(0, "event", Who(lms_lead_id="L1"), "login", NOW)], Origin(), clock())
        db.session.commit()
        other.commit()
    assert db.session.scalar(select(Event.id)) is None
    assert pending.join_missed(clock()) == 1
    db.session.commit()
    assert db.session.scalar(select(Event.name)) == "login"


def test_what_nobody_came_for_goes_on_waiting(app):
    intake.store([Incoming(0, "event", Who(lms_lead_id="L1"), "login", NOW)], Origin(), clock())
    db.session.commit()
    assert pending.join_missed(clock()) == 0
