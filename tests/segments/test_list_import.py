"""A file of the people of a list: seen before it is written, each row counted once, undone as a whole."""

from __future__ import annotations

import io

from sqlalchemy import select, text

from app.audit import Entry
from app.audit.actor import SYSTEM
from app.cli.imports import segment_list
from app.db import db
from app.imports import jobs, journey, people_of_lists, showing
from app.imports.upload import Import
from app.ops import erasing, merging
from app.segments import keeping, listed, sizes
from app.segments.definition import Definition
from app.segments.segment import ListedCustomer, Segment
from tests.factories import NOW, make_customer, make_customers
from tests.imports.bringing import (
    MAX,
    bring,
    confirmed,
    counts,
    foreseen,
    rejects,
    some_steps,
    undone,
)

FILE = """lms_lead_id,email,customer_id,remark
L-0,,,first
,P1@posteo.example,,by address
,,3,by id
L-0,,,again
L-77,,,nobody
,nobody@posteo.example,,nobody
,,999,nobody
,,,nothing
"""


def made(name="Press"):
    segment = keeping.create(Definition(name, "manual"), NOW, SYSTEM)
    db.session.commit()
    return segment


def on(segment):
    db.session.expire_all()
    mine = select(ListedCustomer.customer_id).where(ListedCustomer.customer_segment_id == segment.id)
    return list(db.session.scalars(mine.order_by(ListedCustomer.customer_id)))


def written(content, segment):
    return confirmed(bring(content, "segment_list", segment_id=segment.id))


def test_every_row_joins_is_there_or_is_refused_by_name(app):
    make_customers(4)
    segment = made()
    listed.add(segment, [2], "by hand", SYSTEM)
    upload = written(FILE, segment)
    assert foreseen(upload) == counts(upload) == (2, 0, 2, 4)
    assert upload.rows == sum(counts(upload))
    assert on(segment) == [1, 2, 3]
    assert rejects(upload) == [
        (6, "lms_lead_id", "unknown_lead"),
        (7, "email", "unknown_address"),
        (8, "customer_id", "unknown_customer"),
        (9, None, "nobody"),
    ]
    assert (segment.size, [row.size for row in sizes.history(segment)]) == (3, [3])


def test_a_sample_of_who_joins_shows_nobody_who_is_refused(app):
    make_customers(4)
    upload = bring(FILE, "segment_list", segment_id=made().id)
    assert [row.line for row in showing.samples(upload, "created")] == [2, 3, 4]


def test_a_shared_address_means_nobody(app):
    make_customer(email="home@posteo.example")
    make_customer("Tom", email="home@posteo.example")
    upload = bring("email\nhome@posteo.example\n", "segment_list", segment_id=made().id)
    assert rejects(upload) == [(2, "email", "ambiguous")]


def test_the_same_file_again_changes_nothing(app):
    make_customers(4)
    segment = made()
    written(FILE, segment)
    assert foreseen(bring(FILE, "segment_list", segment_id=segment.id)) == (0, 0, 4, 4)


def test_undo_takes_out_whom_it_put_in(app):
    make_customers(4)
    segment = made()
    listed.add(segment, [2, 4], "by hand", SYSTEM)
    upload = undone(written(FILE, segment))
    assert (upload.state, upload.undo["removed"]) == ("undone", 2)
    assert on(segment) == [2, 4]
    assert segment.size == 2


def test_a_new_list_is_made_when_it_is_confirmed(app):
    make_customers(4)
    upload = bring(FILE, "segment_list", segment_name="Fair in May")
    assert db.session.query(Segment).count() == 0
    assert people_of_lists.name_of(upload) == "Fair in May"
    upload = confirmed(upload)
    segment = db.session.query(Segment).one()
    assert (segment.name, segment.type, segment.changed_by, on(segment)) == ("Fair in May", "manual", "Max", [1, 2, 3])


def test_killed_half_way_it_goes_on(app, monkeypatch):
    monkeypatch.setattr(people_of_lists, "AT_ONCE", 3)
    make_customers(10)
    segment = made()
    upload = bring(
        "customer_id\n" + "\n".join(str(n) for n in range(1, 11)) + "\n", "segment_list", segment_id=segment.id
    )
    journey.confirm(upload, MAX)
    db.session.commit()
    some_steps(upload, 2)
    assert len(on(segment)) == 6
    jobs.carry_on()
    db.session.expire_all()
    assert counts(db.session.get_one(Import, upload.id)) == (10, 0, 0, 0)
    assert on(segment) == list(range(1, 11))
    added = db.session.scalars(select(Entry).where(Entry.verb == "added people")).all()
    assert [entry.after["added"] for entry in added] == [10]


def test_who_is_there_or_gone_since_the_preview_is_counted_so(app):
    make_customers(4)
    segment = made()
    upload = bring("customer_id\n1\n2\n3\n3\n4\n", "segment_list", segment_id=segment.id)
    listed.add(segment, [1], "by hand", SYSTEM)
    merging.merge(2, 3, [], None, SYSTEM, NOW)
    erasing.begin(4, SYSTEM)
    db.session.commit()
    upload = confirmed(upload)
    assert counts(upload) == (1, 0, 1, 3)
    assert on(segment) == [1, 2]
    assert [code for _, _, code in rejects(upload)] == ["gone", "gone", "gone"]


def test_a_list_that_was_deleted_meanwhile_stops_it_with_a_sentence(app):
    make_customers(2)
    segment = made()
    upload = bring("customer_id\n1\n", "segment_list", segment_id=segment.id)
    keeping.delete(segment, SYSTEM)
    db.session.commit()
    upload = confirmed(upload)
    assert (upload.state, upload.problem) == ("stopped", people_of_lists.GONE)


def test_whom_an_import_created_stays_while_a_list_names_them(app):
    upload = confirmed(bring("lms_lead_id\nL1\nL2\n"))
    segment = made()
    listed.add(segment, [1], "by hand", SYSTEM)
    db.session.commit()
    upload = undone(upload)
    assert (upload.undo["removed"], upload.undo["kept_customers"], on(segment)) == (1, 1, [1])


def test_from_the_command_line(app, tmp_path):
    make_customers(4)
    segment, path = made(), tmp_path / "people.csv"
    path.write_text(FILE)
    answer = app.test_cli_runner().invoke(segment_list, [str(path), "--segment", str(segment.id)])
    assert answer.stdout.splitlines()[-1] == "created 3 updated 0 unchanged 1 rejected 4", answer.output
    assert on(segment) == [1, 2, 3]
    refused = app.test_cli_runner().invoke(segment_list, [str(path), "--segment", "999"])
    assert refused.exit_code == 1


def test_the_page_takes_a_list_that_is_there_or_a_new_one(marketer, client_of):
    make_customers(4)
    segment, max_ = made(), client_of(marketer)
    page = max_.get(f"/imports/new?segment={segment.id}").get_data(as_text=True)
    assert f'<option value="{segment.id}" selected>Press</option>' in page
    assert 'value="segment_list" checked' in page
    for said, sentence in (
        ({"segment": "999"}, "This list is not there any more."),
        ({"segment": ""}, "Choose the list"),
        ({"segment": "", "segment_name": "x" * 201}, "The name of the list"),
    ):
        refused = send(max_, **said)
        assert (refused.status_code, sentence in refused.get_data(as_text=True)) == (422, True)
    upload = db.session.get_one(Import, int(send(max_, segment=segment.id).location.rpartition("/")[2]))
    assert "joins “Press”" in max_.get(f"/imports/{upload.id}").get_data(as_text=True)
    max_.post(
        f"/imports/{upload.id}/columns", data={f"field-{n}": one["field"] for n, one in enumerate(upload.columns)}
    )
    jobs.carry_on()
    for outcome, word in (("created", "Joined"), ("unchanged", "there already"), ("rejected", "No customer has")):
        page = max_.get(f"/imports/{upload.id}?show={outcome}").get_data(as_text=True)
        assert word in page
    max_.post(f"/imports/{upload.id}/confirm")
    jobs.carry_on()
    page = max_.get(f"/imports/{upload.id}").get_data(as_text=True)
    assert f'<a href="/segments/{segment.id}">Press</a>' in page
    assert on(segment) == [1, 2, 3]
    max_.post(f"/imports/{upload.id}/undo")
    jobs.carry_on()
    assert "taken out of “Press”" in max_.get(f"/imports/{upload.id}").get_data(as_text=True)
    assert on(segment) == []


def send(client, **said):
    file = (io.BytesIO(FILE.encode()), "people.csv")
    data = {"kind": "segment_list", "file": file, **said}
    return client.post("/imports", data=data, content_type="multipart/form-data")


def test_where_its_rows_are_kept_is_found_by_the_import(app):
    """An undo reads an index, not the whole list."""
    db.session.execute(text("SET LOCAL enable_seqscan = off"))  # the list is short here
    plan = db.session.execute(
        text("EXPLAIN SELECT id FROM customer_segment_customer_list WHERE import_id = 7 ORDER BY id LIMIT 5")
    )
    assert "ix_customer_segment_customer_list_import_id_id" in " ".join(row[0] for row in plan)
