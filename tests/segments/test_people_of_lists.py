"""People who are erased or merged: in no audience at once, on no list, quoted by no segment; lists go along."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.audit import Entry
from app.audit.actor import SYSTEM
from app.clock import clock
from app.db import db
from app.ops import erasing, exporting, jobs, merging
from app.ops.erasures import Erasure
from app.segments import audience, keeping, listed
from app.segments.definition import Definition
from app.segments.segment import ListedCustomer, SegmentVersion
from tests.factories import NOW, make_customer, make_customers

ROW = {"field": "last_name", "op": "equals", "value": "Row"}
KINDS = {
    "manual": {},
    "rules": {"rules": ROW},
    "nobody else": {"rules": {"none": [{"field": "last_name", "op": "equals", "value": "Other"}]}},
    "sql": {"selection_sql": "SELECT id FROM customers"},
    "function": {"handler_function": "random_percent", "arguments": {"percent": 100, "salt": "x"}},
}


def made(kind="manual", name="Press", **said):
    type_ = "rules" if kind == "nobody else" else kind
    segment = keeping.create(Definition(name, type_, **said), NOW, SYSTEM)
    db.session.commit()
    return segment


def count(segment):
    return audience.count(audience.of(segment, NOW))


def on(segment):
    db.session.expire_all()
    mine = select(ListedCustomer.customer_id).where(ListedCustomer.customer_segment_id == segment.id)
    return list(db.session.scalars(mine.order_by(ListedCustomer.customer_id)))


def erased(customer):
    erasure = erasing.begin(customer.id, SYSTEM)
    for _ in erasing.go_on(erasure.id, clock()):
        db.session.commit()
    db.session.commit()
    db.session.expire_all()
    return db.session.get_one(Erasure, erasure.id)


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_is_erased_is_in_no_audience_at_once(app, kind):
    people = make_customers(3)
    segment = made(kind, **KINDS[kind])
    if kind == "manual":
        listed.add(segment, [one.id for one in people], "by hand", SYSTEM)
        db.session.commit()
    assert count(segment) == 3
    erasing.begin(people[1].id, SYSTEM)  # hidden; no room has forgotten anything yet
    db.session.commit()
    assert count(segment) == 2


def test_an_erasure_takes_them_off_every_list(app):
    people = make_customers(2)
    press, fair = made(), made(name="Fair")
    for segment in (press, fair):
        listed.add(segment, [one.id for one in people], "by hand", SYSTEM)
    press.size = fair.size = 2
    db.session.commit()
    erasure = erased(people[0])
    assert erasing.report(erasure)["segments"]["lists"] == 2
    assert (on(press), on(fair)) == ([2], [2])
    assert (press.size, press.sized_at) == (None, None)


def test_no_segment_quotes_who_is_erased(app):
    maya = make_customer(email="Maya.L@posteo.example", lms_lead_id="42")
    rules = {
        "any": [
            {"field": "email", "op": "equals", "value": "maya.l@posteo.example"},
            {"field": "lms_lead_id", "op": "in", "value": ["42", "43"]},
            {"event": "login", "times": {"at_least": 42}},
        ]
    }
    one = made("rules", "Maya.L@posteo.example and others", rules=rules)
    sql = "SELECT id FROM customers WHERE lms_lead_id = '42' OR email = 'MAYA.L@posteo.example' LIMIT 42"
    two = made("sql", "SQL", selection_sql=sql)
    erased(maya)
    held = [one.name, str(one.rules), two.selection_sql]
    held += [str(version.definition) for version in db.session.scalars(select(SegmentVersion))]
    held += [f"{entry.before} {entry.after} {entry.subject_name}" for entry in db.session.scalars(select(Entry))]
    assert not [text for text in held if "maya" in text.lower()]
    assert one.rules["any"][1]["value"] == ["erased", "43"]
    assert one.rules["any"][2]["times"] == {"at_least": 42}
    assert two.selection_sql == "SELECT id FROM customers WHERE lms_lead_id = 'erased' OR email = 'erased' LIMIT 42"


def test_an_export_says_on_which_lists_they_are(app):
    maya = make_customer()
    listed.add(made(), [maya.id], "LMS (API)", SYSTEM)
    db.session.commit()
    (row,) = exporting.of(maya)["segments"]["lists"]
    assert (row["segment"], row["source"]) == ("Press", "LMS (API)")


def test_the_survivor_of_a_merge_is_on_the_lists_of_both(app):
    survivor, other, third = make_customers(3)
    press, fair = made(), made(name="Fair")
    listed.add(press, [survivor.id, other.id, third.id], "by hand", SYSTEM)
    listed.add(fair, [other.id], "by hand", SYSTEM)
    db.session.commit()
    merging.merge(survivor.id, other.id, [], None, SYSTEM, NOW)
    db.session.commit()
    assert (on(press), on(fair)) == ([1, 3], [1])


def test_the_trail_of_a_list_counts_people_and_names_none(app):
    make_customers(2)
    listed.add_named(made(), ["L-0", "P1@posteo.example"], "pasted", SYSTEM)
    db.session.commit()
    entry = db.session.scalars(select(Entry).where(Entry.verb == "added people")).one()
    assert (entry.before, entry.after) == (None, {"added": 2, "source": "pasted"})
    assert jobs.ERASURES.may_be_discarded is False
