"""Facts of people who are not known yet wait, and join them when they appear."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.customers.alias import CustomerAlias
from app.customers.who import Who
from app.db import db
from app.events import pending
from tests.events.coming_in import event, move, rows, said, store
from tests.factories import NOW, make_customer

LEAD, ADDRESS, SESSION = Who(lms_lead_id="L-9"), Who(email="noor@posteo.example"), Who(anonymous_id="s-1")
BOTH = Who(lms_lead_id="L-9", email="noor@posteo.example")


@pytest.fixture(autouse=True)
def _clean(app):
    """Every test here starts with nobody."""


def owners() -> list[int]:
    db.session.commit()
    return [row["customer_id"] for row in rows("events")]


def test_what_nobody_is_known_for_waits_and_counts_once():
    for created, unchanged in ((2, 0), (0, 2)):
        tally = store(event(LEAD, id="a", page="/x"), move(ADDRESS, "applied", "lead", id="b"))
        assert said(tally) == (created, unchanged, [])
    assert [(row["kind"], row["lms_lead_id"], row["email_folded"]) for row in rows("pending_events")] == [
        ("event", "L-9", None),
        ("funnel", None, "noor@posteo.example"),
    ]
    assert rows("events") == rows("event_work") == []


def test_they_join_their_person_under_the_same_id_with_their_work():
    store(event(LEAD, "page_viewed", NOW - timedelta(days=300), id="a", page="/x"), move(ADDRESS, "applied", "lead"))
    waiting = rows("pending_events")
    noor = make_customer(lms_lead_id="L-9", email="Noor@posteo.example")
    assert pending.join([noor.id]) == 2
    db.session.commit()
    assert rows("pending_events") == []
    (viewed,), (moved,) = rows("events"), rows("funnel_events")
    assert [viewed["id"], moved["id"]] == [row["id"] for row in waiting]
    assert (viewed["customer_id"], viewed["properties"], viewed["source_id"]) == (noor.id, {"page": "/x"}, "a")
    assert (moved["customer_id"], moved["from_stage"], moved["to_stage"]) == (noor.id, "lead", "applied")
    assert [(row["kind"], row["event_id"]) for row in rows("event_work")] == [
        ("event", viewed["id"]),
        ("funnel", moved["id"]),
    ]
    assert said(store(event(LEAD, id="a"))) == (0, 1, [])


def test_nothing_waits_for_most_people():
    store(event(LEAD))
    assert pending.join([]) == 0
    assert pending.join([make_customer(email="other@posteo.example").id]) == 0


def test_a_merged_lead_names_the_survivor():
    store(event(LEAD))
    survivor = make_customer(lms_lead_id="L-1")
    db.session.add(CustomerAlias(merged_id=99, lms_lead_id="L-9", customer_id=survivor.id))
    assert pending.join([survivor.id]) == 1
    assert owners() == [survivor.id]


def test_an_address_that_fits_two_is_nobodys():
    store(event(ADDRESS))
    first = make_customer(email="noor@posteo.example")
    second = make_customer(email="noor@posteo.example", lms_lead_id="L-2")
    assert pending.join([first.id, second.id]) == 0
    db.session.delete(second)
    db.session.flush()
    assert pending.join([first.id]) == 1
    assert owners() == [first.id]


def test_an_ambiguous_address_waits_and_is_shown_to_a_person_once():
    make_customer(email="noor@posteo.example")
    make_customer(email="noor@posteo.example")
    for _ in range(2):
        store(event(ADDRESS, id="a"), event(ADDRESS, id="b"))
    assert [(row["email_folded"], row["count"]) for row in rows("ambiguous_items")] == [("noor@posteo.example", 2)]
    assert len(rows("pending_events")) == 2


def test_an_unknown_lead_beside_an_address_means_only_somebody_without_a_lead():
    store(event(BOTH))
    theirs = make_customer(email="noor@posteo.example", lms_lead_id="L-other")
    assert pending.join([theirs.id]) == 0
    free = make_customer(email="noor@posteo.example")
    assert pending.join([free.id]) == 1
    assert owners() == [free.id]


def test_the_lead_decides_before_the_address():
    store(event(BOTH))
    free = make_customer(email="noor@posteo.example")
    lead = make_customer(lms_lead_id="L-9")
    assert pending.join([free.id, lead.id]) == 1
    assert owners() == [lead.id]


def test_an_erased_person_gets_nothing():
    store(event(LEAD))
    assert pending.join([make_customer(lms_lead_id="L-9", erased_at=NOW).id]) == 0


def test_a_session_joins_its_customer_but_not_what_names_somebody_else():
    store(event(SESSION), event(Who(anonymous_id="s-2")), event(Who(anonymous_id="s-1", lms_lead_id="L-other")))
    noor = make_customer()
    assert pending.join_anonymous("s-1", noor.id, NOW) == 1
    assert owners() == [noor.id]


def test_large_sets_join_in_pieces(monkeypatch):
    monkeypatch.setattr(pending, "AT_ONCE", 3)
    store(*(event(LEAD, at=NOW - timedelta(days=30 * n)) for n in range(8)))
    assert pending.join([make_customer(lms_lead_id="L-9").id]) == 8
    assert len(owners()) == 8


def test_what_nobody_came_for_is_forgotten_in_the_end():
    old, older = NOW - timedelta(days=700), NOW - timedelta(days=3000)
    store(event(LEAD, at=old), move(LEAD, "applied", at=older), event(LEAD, "late"))
    pending.forget_old(NOW + timedelta(days=40))
    assert [row["kind"] for row in rows("pending_events")] == ["funnel", "event"]
    pending.forget_old(NOW + timedelta(days=731))
    assert rows("pending_events") == []


def test_what_a_session_did_is_nobodys_after_thirty_days():
    store(event(SESSION), event(SESSION, "login"), event(LEAD, "login"))
    assert pending.join_anonymous("s-1", make_customer().id, NOW + timedelta(days=31)) == 0
    pending.forget_old(NOW + timedelta(days=29))
    assert len(rows("pending_events")) == 3
    pending.forget_old(NOW + timedelta(days=31))
    assert [row["lms_lead_id"] for row in rows("pending_events")] == ["L-9"]
