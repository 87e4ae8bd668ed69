"""A file of customers from upload to done: nothing dropped in silence, nothing counted twice."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text

from app.clock import clock
from app.customers.attributes import AttributeChange, AttributeType
from app.customers.customer import Customer
from app.customers.incoming import Incoming, Source
from app.customers.upsert import upsert_many
from app.db import db
from app.imports import applying, journey, matching, progress, showing, staging, tidying
from app.imports.upload import Import
from tests.factories import make_customer, make_event
from tests.imports.bringing import (
    MAX,
    bring,
    by_lead,
    carried_on,
    confirmed,
    counts,
    foreseen,
    rejects,
    some_steps,
    undone,
    uploaded,
    written,
)

OCTOBER = """lms_lead_id,email,first_name,score,tags
L1,maya@posteo.example,Maya,82,"[""a"",""b""]"
L2,tom@posteo.example,Tomasz,7,
L3,no-address,Aisha,9,
L1,maya@posteo.example,Maya,85,
"""


def publish(**columns: str) -> None:
    upsert_many([Incoming(0, None, columns, {})], Source("LMS (API)"), clock())
    db.session.commit()


def test_nothing_is_written_before_somebody_says_so(app):
    upload = bring(OCTOBER)
    assert upload.state == "preview"
    assert foreseen(upload) == (2, 1, 0, 1)
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 0
    assert db.session.scalar(select(func.count()).select_from(AttributeType)) == 0


def test_what_was_foreseen_is_what_happens(app):
    upload = confirmed(bring(OCTOBER))
    assert upload.state == "done"
    assert counts(upload) == (2, 1, 0, 1) == foreseen(upload)
    assert upload.rows == sum(counts(upload)) == 4
    maya = by_lead("L1")
    assert maya.attributes == {"score": 85, "tags": ["a", "b"]}
    assert (maya.source, maya.import_id) == (f"import {upload.id}", upload.id)
    assert rejects(upload) == [(4, "email", rejects(upload)[0][2])]


def test_the_same_file_again_changes_nothing(app):
    written(OCTOBER)
    before = db.session.execute(select(Customer.id, Customer.updated_date)).all()
    # A later row of a person may say something else than the first: then both are changes, and the end is the same.
    again = written(OCTOBER.replace("Maya,82", "Maya,85"))
    assert counts(again) == (0, 0, 3, 1)
    assert db.session.execute(select(Customer.id, Customer.updated_date)).all() == before


def test_the_last_of_several_rows_wins_and_each_counts(app):
    upload = written("lms_lead_id,score\nL1,1\nL1,1\nL1,2\nL1,2\n")
    assert counts(upload) == (1, 1, 2, 0)
    assert by_lead("L1").attributes == {"score": 2}


def test_before_and_after_are_shown(app):
    maya = make_customer(lms_lead_id="L1", email="old@posteo.example", attributes={"score": 82})
    upload = bring("lms_lead_id,email,score,mentor\nL1,new@posteo.example,85,Ruiz\n")
    (example,) = showing.samples(upload, "updated")
    assert (example.line, example.customer_id, example.name) == (2, maya.id, "Maya Lindqvist")
    assert [(c.name, c.old, c.new) for c in example.changes] == [
        ("email", "old@posteo.example", "new@posteo.example"),
        ("mentor", None, "Ruiz"),
        ("score", 82, 85),
    ]
    assert upload.preview["values"] == 3
    lines = "".join(showing.changes_csv(upload)).splitlines()
    assert lines[0].lstrip("\ufeff") == "customer_id,name,before,after"
    assert f"{maya.id},score,82,85" in lines


def test_refused_rows_come_back_with_line_column_reason_and_the_row(app):
    make_customer(email="family@posteo.example", lms_lead_id="L8")
    make_customer("Tom", email="family@posteo.example", lms_lead_id="L9")
    upload = bring('lms_lead_id,email,first_name\n,family@posteo.example,"Which, one"\nL1,nobody,Bo\n,,Julia\n')
    assert rejects(upload)[0][2] == "ambiguous"
    lines = "".join(showing.rejects(upload)).splitlines()
    assert lines[0].lstrip("\ufeff") == "line,column,reason,row"
    assert [line.split(",")[0] for line in lines[1:]] == ["2", "3", "4"]
    assert "family@posteo.example" in lines[1]
    assert sum(reason.count for reason in showing.reasons(upload)) == 3


def test_an_empty_cell_leaves_the_value_or_clears_it(app):
    make_customer(lms_lead_id="L1", mobile="+49 1", attributes={"score": 1})
    file = "lms_lead_id,mobile,score\nL1,,\n"
    assert counts(written(file)) == (0, 0, 1, 0)
    assert counts(written(file, keep_empty=False)) == (0, 1, 0, 0)
    assert (by_lead("L1").mobile, by_lead("L1").attributes) == (None, {})


def test_nobody_new_is_created_when_that_was_not_wanted(app):
    make_customer(lms_lead_id="L1")
    upload = written("lms_lead_id,first_name\nL1,Maja\nL2,New\n", create=False)
    assert counts(upload) == (0, 1, 0, 1)
    assert rejects(upload) == [(3, "lms_lead_id", "not_created")]


def test_a_type_in_the_header_binds_once_the_import_is_confirmed(app):
    upload = bring("lms_lead_id,score:numeric\nL1,sixty\nL2,60\n")
    assert db.session.get(AttributeType, "score") is None
    assert foreseen(upload)[3] == 1
    confirmed(upload)
    assert db.session.get(AttributeType, "score").is_declared


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_a_reader_that_was_killed_goes_on_where_it_was(app, monkeypatch, steps):
    monkeypatch.setattr(staging, "BLOCK", 3)
    file = "lms_lead_id,email\n" + "".join(f"L{n},{'bad' if n % 4 == 0 else f'p{n}@x.example'}\n" for n in range(11))
    upload = uploaded(file)
    journey.set_columns(upload, upload.columns, {})
    db.session.commit()
    some_steps(upload, steps)
    upload = carried_on(upload)
    assert (upload.state, upload.rows) == ("preview", 11)
    assert foreseen(upload) == (8, 0, 0, 3)
    assert [line for line, _, _ in rejects(upload)] == [2, 6, 10]


def test_staged_rows_that_a_crash_of_the_database_emptied_are_read_again(app, monkeypatch):
    monkeypatch.setattr(staging, "BLOCK", 3)
    upload = uploaded("lms_lead_id\n" + "".join(f"L{n}\n" for n in range(10)))
    journey.set_columns(upload, upload.columns, {})
    db.session.commit()
    some_steps(upload, 2)
    db.session.execute(text(f"TRUNCATE {staging.rows_of(upload)}"))
    db.session.commit()
    assert foreseen(carried_on(upload)) == (10, 0, 0, 0)


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_a_writer_that_was_killed_writes_nothing_twice(app, monkeypatch, steps):
    monkeypatch.setattr(applying, "PEOPLE", 3)
    make_customer(lms_lead_id="L3", attributes={"n": 0})
    upload = bring("lms_lead_id,n\n" + "".join(f"L{n},{n}\n" for n in range(11)))
    journey.confirm(upload, MAX)
    db.session.commit()
    some_steps(upload, steps)
    upload = carried_on(upload)
    assert (upload.state, counts(upload)) == ("done", (10, 1, 0, 0))
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 11
    assert db.session.scalar(select(func.count()).select_from(AttributeChange)) == 1


def test_who_was_created_since_the_preview_is_changed_instead(app):
    upload = bring("lms_lead_id,email,first_name\nL1,a@x.example,Ann\n,b@x.example,Bo\n")
    publish(lms_lead_id="L1", first_name="Anna")
    publish(email="b@x.example", first_name="Bob")
    upload = confirmed(upload)
    assert counts(upload) == (0, 2, 0, 0)
    assert sorted(db.session.scalars(select(Customer.first_name))) == ["Ann", "Bo"]


def test_who_was_erased_since_the_preview_is_refused(app):
    make_customer(lms_lead_id="L1")
    upload = bring("lms_lead_id,first_name\nL1,Ann\nL2,Bo\n")
    db.session.execute(text("UPDATE customers SET erased_at = now() WHERE lms_lead_id = 'L1'"))
    db.session.commit()
    upload = confirmed(upload)
    assert counts(upload) == (1, 0, 0, 1)
    assert rejects(upload) == [(2, None, "gone")]


def test_stopped_in_the_middle_what_is_written_stays_and_can_be_undone(app, monkeypatch):
    monkeypatch.setattr(applying, "PEOPLE", 3)
    upload = bring("lms_lead_id\n" + "".join(f"L{n}\n" for n in range(10)))
    journey.confirm(upload, MAX)
    db.session.commit()
    some_steps(upload, 2)
    journey.stop(upload, MAX)
    db.session.commit()
    upload = carried_on(upload)
    assert (upload.state, upload.applied_rows) == ("stopped", 6)
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 6
    assert undone(upload).state == "undone"
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 0


def test_a_worker_that_lost_its_import_writes_nothing_more(app, monkeypatch):
    monkeypatch.setattr(applying, "PEOPLE", 3)
    upload = bring("lms_lead_id\n" + "".join(f"L{n}\n" for n in range(9)))
    journey.confirm(upload, MAX)
    db.session.commit()
    write = applying._write_people

    def taken_away_before_the_second_slice(upload, now):
        if upload.applied_rows:
            with db.engine.begin() as other:
                other.execute(text("UPDATE imports SET fence = fence + 1, waiting_since = NULL, state = 'stopped'"))
        return write(upload, now)

    monkeypatch.setattr(applying, "_write_people", taken_away_before_the_second_slice)
    upload = carried_on(upload)
    assert (upload.state, upload.applied_rows) == ("stopped", 3)
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 3


def test_two_who_confirm_at_once_write_it_once(app):
    upload = bring("lms_lead_id\nL1\n")
    journey.confirm(upload, MAX)
    db.session.commit()
    with pytest.raises(journey.CannotGoOn):
        journey.confirm(upload, MAX)
    db.session.rollback()


def test_a_discarded_import_leaves_nothing_behind(app):
    upload = bring("lms_lead_id\nL1\n")
    journey.discard(upload, MAX)
    db.session.commit()
    tidying.tidy(clock())
    db.session.commit()
    assert db.session.scalar(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'staging'")) == 0
    assert db.session.scalar(text("SELECT count(*) FROM import_chunks")) == 0


def test_columns_can_be_chosen_again_before_anything_is_written(app):
    upload = bring("lms_lead_id,first_name\nL1,Maya\n")
    journey.back_to_columns(upload)
    columns = [column | ({"field": "ignore"} if column["field"] == "first_name" else {}) for column in upload.columns]
    assert journey.set_columns(upload, columns, {}) == {}
    db.session.commit()
    upload = confirmed(carried_on(upload))
    assert counts(upload) == (1, 0, 0, 0)
    assert by_lead("L1").first_name is None


def test_progress_says_how_far_it_is(app, monkeypatch):
    monkeypatch.setattr(applying, "PEOPLE", 2)
    upload = bring("lms_lead_id\n" + "".join(f"L{n}\n" for n in range(8)))
    journey.confirm(upload, MAX)
    db.session.commit()
    some_steps(upload, 2)
    now = progress.look(db.session.get_one(Import, upload.id), clock())
    assert (now.is_at_work, now.done, now.total, now.share) == (True, 4, 8, 0.5)


def test_undo_puts_values_back_where_nobody_has_written_since(app):
    make_customer(lms_lead_id="L1", email="m@x.example", mobile="+49 1", attributes={"score": 1, "tag": "x"})
    upload = written("lms_lead_id,mobile,score,tag,mentor\nL1,+49 2,2,y,Ruiz\nL2,,3,,\nL3,,4,,\n")
    upsert_many([Incoming(0, None, {"lms_lead_id": "L1"}, {"tag": "z"})], Source("LMS (API)"), clock())
    upsert_many([Incoming(0, None, {"lms_lead_id": "L3"}, {"score": 5})], Source("LMS (API)"), clock())
    db.session.commit()
    upload = undone(upload)
    assert upload.state == "undone"
    maya = by_lead("L1")
    assert (maya.mobile, maya.attributes) == ("+49 1", {"score": 1, "tag": "z"})
    assert by_lead("L2") is None
    assert by_lead("L3").attributes == {"score": 5}
    assert {name: upload.undo[name] for name in ("values", "kept_values", "removed", "kept_customers")} == {
        "values": 3,
        "kept_values": 1,
        "removed": 1,
        "kept_customers": 1,
    }


def test_a_customer_to_whom_something_refers_stays_at_undo(app):
    upload = written("lms_lead_id\nL1\nL2\n")
    make_event(by_lead("L1"))
    undone(upload)
    assert (by_lead("L1") is not None, by_lead("L2")) == (True, None)


def test_an_older_file_after_a_newer_one_undone_after_later_edits(app):
    written("lms_lead_id,score,city\nL1,10,Rome\n")  # the newer file
    older = written("lms_lead_id,score,city\nL1,5,Bonn\n")
    publish(lms_lead_id="L1", first_name="Maya")
    upsert_many([Incoming(0, None, {"lms_lead_id": "L1"}, {"city": "Oslo"})], Source("LMS (API)"), clock())
    db.session.commit()
    undone(older)
    assert by_lead("L1").attributes == {"score": 10, "city": "Oslo"}
    assert by_lead("L1").first_name == "Maya"


def test_an_undo_that_was_killed_goes_on(app, monkeypatch):
    for n in range(5):
        make_customer(lms_lead_id=f"L{n}", attributes={"n": -1})
    upload = written("lms_lead_id,n\n" + "".join(f"L{n},{n}\n" for n in range(9)))
    journey.undo(upload, MAX)
    db.session.commit()
    some_steps(upload, 1)
    upload = carried_on(upload)
    assert (upload.state, upload.undo["values"], upload.undo["removed"]) == ("undone", 5, 4)


def test_after_thirty_days_it_is_too_late(app):
    upload = written("lms_lead_id\nL1\n")
    upload.finished_at = clock() - journey.UNDO_FOR
    db.session.commit()
    with pytest.raises(journey.CannotGoOn):
        journey.undo(upload, MAX)
    db.session.rollback()


def test_every_reason_has_words():
    assert set(matching.SAID) == set(matching.COLUMN_OF)
