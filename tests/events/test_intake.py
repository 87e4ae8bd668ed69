"""Facts come in: joined to their person, counted once, each with its work."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.customers.who import Who
from app.events.incoming import Origin
from tests.events.coming_in import event, move, rows, said, store
from tests.factories import NOW, make_customer

MAYA = Who(lms_lead_id="L-1")


@pytest.fixture(autouse=True)
def maya(app):
    return make_customer(lms_lead_id="L-1", email="Maya@Posteo.example")


def test_an_event_is_joined_to_its_person_and_gets_its_work(maya):
    assert said(store(event(MAYA, "page_viewed", id="e-1", path="/courses"), origin=Origin(receipt_id=7))) == (1, 0, [])
    (stored,) = rows("events")
    assert (stored["customer_id"], stored["name"], stored["properties"]) == (
        maya.id,
        "page_viewed",
        {"path": "/courses"},
    )
    assert (stored["source_id"], stored["receipt_id"], stored["receipt_index"]) == ("e-1", 7, 0)
    assert (stored["occurred_at"], stored["received_at"]) == (NOW, NOW)
    (work,) = rows("event_work")
    assert (work["kind"], work["event_id"], work["customer_id"], work["name"]) == (
        "event", stored["id"], maya.id, "page_viewed"
    )  # fmt: skip
    assert work["waiting_since"]


def test_a_funnel_move_is_joined_to_its_person_and_gets_its_work(maya):
    assert said(store(move(MAYA, "applied", "lead"), origin=Origin(import_id=3))) == (1, 0, [])
    (stored,) = rows("funnel_events")
    assert (stored["customer_id"], stored["funnel_type"], stored["from_stage"], stored["to_stage"]) == (
        maya.id, "sales", "lead", "applied"
    )  # fmt: skip
    assert (stored["import_id"], stored["import_line"], stored["receipt_index"]) == (3, 0, None)
    assert [row["kind"] for row in rows("event_work")] == ["funnel"]


@pytest.mark.parametrize(
    "who", [Who(email="maya@posteo.example"), MAYA, Who(lms_lead_id="new", email="nobody@x.example")]
)
def test_people_are_named_by_lead_or_address(maya, who):
    store(event(who))
    assert [row["customer_id"] for row in rows("events")] == [maya.id] * (who.lms_lead_id != "new")


def test_the_same_id_counts_once_whatever_its_time_says():
    first, again = event(MAYA, id="e-1"), event(MAYA, at=NOW - timedelta(days=40), id="e-1")
    assert said(store(first)) == (1, 0, [])
    assert said(store(again)) == (0, 1, [])
    assert len(rows("events")) == len(rows("event_work")) == 1


def test_the_same_id_twice_in_one_set_counts_once_and_the_first_wins():
    assert said(store(event(MAYA, "first", id="e-1"), event(MAYA, "second", id="e-1"))) == (1, 1, [])
    assert [row["name"] for row in rows("events")] == ["first"]


def test_an_id_that_was_refused_at_first_counts_where_it_is_right():
    assert said(store(event(Who(customer_id=99), id="e-1"), event(MAYA, id="e-1"), event(MAYA, id="e-1"))) == (
        1,
        1,
        ["unknown_customer"],
    )
    assert len(rows("events")) == 1


def test_an_event_and_a_move_of_the_same_id_are_two_facts():
    assert said(store(event(MAYA, id="1"), move(MAYA, "applied", id="1"))) == (2, 0, [])


def test_what_has_no_id_counts_each_time():
    assert said(store(event(MAYA), event(MAYA))) == (2, 0, [])
    assert said(store(event(MAYA))) == (1, 0, [])


def test_one_order_is_one_fact_whatever_id_its_event_has():
    assert said(store(event(MAYA, "order_completed", id="a", order_id="O-7"))) == (1, 0, [])
    assert said(store(event(MAYA, "order_completed", id="b", order_id="O-7"))) == (0, 1, [])
    assert said(store(event(MAYA, "order_seen", id="c", order_id="O-7"))) == (1, 0, [])


def test_one_event_of_2019_is_named_and_fails_nobody():
    old = datetime(2019, 5, 1, tzinfo=UTC)
    assert said(store(event(MAYA), event(MAYA, at=old), event(MAYA))) == (2, 0, ["too_old"])
    assert said(store(move(MAYA, "applied", at=old))) == (1, 0, [])
    assert said(store(move(MAYA, "applied", at=datetime(1969, 1, 1, tzinfo=UTC)))) == (0, 0, ["too_old"])


def test_months_are_made_when_a_fact_needs_them():
    spread = [NOW - timedelta(days=730), NOW - timedelta(days=400), NOW, NOW + timedelta(days=1)]
    assert said(store(*(event(MAYA, at=at) for at in spread))) == (4, 0, [])
    assert [row["occurred_at"] for row in rows("events")] == spread


@pytest.mark.parametrize(
    ("fact", "code", "field"),
    [
        (event(MAYA, at=NOW + timedelta(days=1, seconds=1)), "in_the_future", "occurred_at"),
        (move(MAYA, "applied", at=NOW + timedelta(days=2)), "in_the_future", "occurred_at"),
        (event(MAYA, at=NOW - timedelta(days=731)), "too_old", "occurred_at"),
        (event(Who(customer_id=99)), "unknown_customer", "customer_id"),
        (event(Who(customer_id=2**63)), "unknown_customer", "customer_id"),
        (event(Who(customer_id=-1)), "unknown_customer", "customer_id"),
        (event(Who()), "missing", "who"),
        (event(MAYA, "n" * 201), "too_long", "name"),
        (event(MAYA, ""), "missing", "name"),
        (move(MAYA, ""), "missing", "to_stage"),
        (replace(move(MAYA, "applied"), name="service"), "unknown_funnel", "funnel_type"),
        (event(MAYA, "a\0b"), "bad_value", "name"),
        (event(Who(lms_lead_id="L\0")), "bad_value", "lms_lead_id"),
        (event(Who(email="e" * 501)), "too_long", "email"),
        (move(MAYA, "s" * 201), "too_long", "to_stage"),
        (event(MAYA, id="i" * 501), "too_long", "id"),
        (event(MAYA, big="x" * 65536), "too_large", "properties"),
        (event(MAYA, text="a\0b"), "bad_value", "properties"),
        (event(MAYA, **{"a\0": 1}), "bad_value", "properties"),
    ],
)
def test_what_cannot_be_stored_is_named_and_the_rest_is_kept(fact, code, field):
    tally = store(event(MAYA), fact, event(MAYA))
    assert (tally.received, tally.created, tally.stored) == (3, 2, 2)
    assert [(reject.index, reject.code, reject.field) for reject in tally.rejects] == [(1, code, field)]


def test_what_only_looks_forbidden_is_kept(maya):
    path = {"path": "C:\\u0000", "more": "ünïcode 🎉", "none": None, "deep": [{"a": [1.5, True]}]}
    store(event(Who(customer_id=maya.id), "n" * 200, **path))
    assert rows("events")[0]["properties"] == path


def test_facts_keep_the_order_in_which_they_came():
    names = [f"n{n}" for n in range(50)]
    store(*(event(MAYA, name, id=f"e-{name}") for name in names))
    assert [row["name"] for row in rows("events")] == names


def test_nothing_is_also_a_set():
    assert said(store()) == (0, 0, [])
