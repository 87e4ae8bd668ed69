"""What the database itself guarantees about customers and events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, InternalError

from app.db import copy, db
from app.events import partitions
from tests.factories import NOW, make_attribute, make_customer, make_event, make_move

pytestmark = pytest.mark.usefixtures("app")


@pytest.mark.parametrize("table", ["events", "funnel_events", "audit"])
@pytest.mark.parametrize("what", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_facts_are_never_changed(table, what):
    from app.audit import record
    from app.audit.actor import SYSTEM

    maya = make_customer()
    make_event(maya)
    make_move(maya, "applied")
    record(SYSTEM, "made", "test", (1, "one"))
    db.session.commit()
    with pytest.raises((IntegrityError, InternalError), match="facts"):
        db.session.execute(text(what.format(table)))
    db.session.rollback()
    assert db.session.scalar(text(f"SELECT count(*) FROM {table}")) == 1


def test_retention_says_its_word_and_may():
    make_event(make_customer())
    db.session.execute(text("SET LOCAL campus.passage = 'retention'"))
    db.session.execute(text("DELETE FROM events"))
    db.session.commit()
    assert db.session.scalar(text("SELECT count(*) FROM events")) == 0
    assert db.session.scalar(text("SELECT current_setting('campus.passage', true)")) in (None, "")


def test_two_customers_never_share_a_lead_id_but_may_share_an_address():
    make_customer(email="family@x.example", lms_lead_id="L-1")
    make_customer(email="family@x.example", lms_lead_id="L-2")
    make_customer()
    make_customer()
    with pytest.raises(IntegrityError):
        make_customer(lms_lead_id="L-1")
    db.session.rollback()


def test_the_view_shows_each_attribute_as_a_row():
    make_attribute("score", "numeric")
    maya = make_customer(attributes={"score": 82, "interest": ["data"], "free": True})
    db.session.execute(
        text(
            "INSERT INTO attribute_changes (customer_id, name, old, new, source, at)"
            " VALUES (:id, 'score', '64', '82', 'api', :at)"
        ),
        {"id": maya.id, "at": NOW + timedelta(days=1)},
    )
    rows = db.session.execute(text("SELECT * FROM customer_attributes ORDER BY field_name")).mappings().all()
    assert [(r["field_name"], r["field_type"], r["field_value"]) for r in rows] == [
        ("free", "boolean", True),
        ("interest", "array", ["data"]),
        ("score", "numeric", 82),
    ]
    assert rows[2]["updated_date"] == NOW + timedelta(days=1)
    assert len({r["id"] for r in rows}) == 3


def test_months_of_events_are_made_once_and_ahead():
    november = datetime(2031, 11, 5, tzinfo=UTC)
    assert partitions.ensure_ahead(november) == [
        "events_2031_11",
        "events_2031_12",
        "events_2032_01",
        "events_2032_02",
    ]
    assert partitions.ensure_ahead(november) == []


def test_an_event_finds_the_month_of_its_moment_whatever_the_zone():
    maya = make_customer()
    edge = datetime.fromisoformat("2031-03-01T00:30:00+02:00")  # still February in UTC
    make_event(maya, at=edge)
    assert db.session.scalar(text("SELECT tableoid::regclass::text FROM events")) == "events_2031_02"


def test_copy_belongs_to_the_transaction():
    copy("customers", ("first_name", "attributes"), [("Ada", "{}"), ("Bo\tb\n", "{}")])
    assert db.session.scalar(text("SELECT count(*) FROM customers")) == 2
    db.session.rollback()
    assert db.session.scalar(text("SELECT count(*) FROM customers")) == 0
