"""A file of funnel events: each counts once, also those of people who are not known yet."""

from __future__ import annotations

from sqlalchemy import func, select

from app.db import db
from app.events.funnel_event import FunnelEvent
from app.events.pending_event import PendingEvent
from tests.factories import make_customer
from tests.imports.bringing import counts, foreseen, rejects, undone, written

OCTOBER = """lms_lead_id,funnel_type,from_stage,to_stage,created_date,id
L1,sales,enquired,applied,2026-10-02T10:00:00+02:00,e-1
L1,sales,applied,enrolled,2026-10-05,e-2
L9,sales,,enquired,2026-10-06,e-3
L1,sales,applied,enrolled,2026-10-05,e-2
L1,rent,applied,enrolled,2026-10-05,e-4
"""


def count(model: type) -> int:
    return int(db.session.scalar(select(func.count()).select_from(model)) or 0)


def test_moves_are_written_once_and_strangers_wait(app):
    maya = make_customer(lms_lead_id="L1")
    upload = written(OCTOBER, "funnel_events")
    assert foreseen(upload) == counts(upload) == (3, 0, 1, 1)
    assert upload.preview["waiting"] == 1
    assert (count(FunnelEvent), count(PendingEvent)) == (2, 1)
    assert set(db.session.scalars(select(FunnelEvent.customer_id))) == {maya.id}
    assert [line for line, _, _ in rejects(upload)] == [6]


def test_the_same_file_again_adds_nothing(app):
    make_customer(lms_lead_id="L1")
    without_ids = "lms_lead_id,funnel_type,to_stage\nL1,sales,applied\nL1,sales,applied\n"
    for file in (OCTOBER, without_ids):
        first, again = written(file, "funnel_events"), written(file, "funnel_events")
        assert counts(again) == (0, 0, first.created + first.unchanged, first.rejected)
    assert count(FunnelEvent) == 4


def test_an_undone_file_can_be_imported_again(app):
    make_customer(lms_lead_id="L1")
    upload = undone(written(OCTOBER, "funnel_events"))
    assert (upload.state, upload.undo["removed"]) == ("undone", 3)
    assert (count(FunnelEvent), count(PendingEvent)) == (0, 0)
    assert counts(written(OCTOBER, "funnel_events")) == (3, 0, 1, 1)


def test_who_appears_by_a_file_gets_what_waited(app):
    written(OCTOBER, "funnel_events")
    assert count(FunnelEvent) == 0
    written("lms_lead_id,first_name\nL1,Maya\nL9,Zoe\n")
    assert (count(FunnelEvent), count(PendingEvent)) == (3, 0)
