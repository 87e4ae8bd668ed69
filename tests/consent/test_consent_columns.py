"""Columns consent_TOPIC of a file: read, foreseen, stated beside the rows, counted, and taken back by an undo."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from app.clock import clock
from app.consent import preferences
from app.consent.consent import Consent
from app.consent.preferences import Word
from app.customers import upsert
from app.customers.customer import Customer
from app.customers.incoming import Incoming, Source
from app.db import db
from app.imports import mapping
from app.imports.upload import Import
from app.settings import topics
from tests.factories import make_customer
from tests.imports.bringing import (
    bring,
    by_lead,
    carried_on,
    confirmed,
    counts,
    foreseen,
    rejects,
    undone,
    uploaded,
    written,
)

pytestmark = pytest.mark.usefixtures("app")
BEFORE = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def says(customer_id, is_given, source="page", slug="newsletter", at=BEFORE) -> None:
    preferences.say(customer_id, {topics.id_of(slug): is_given}, Word(source=source, way="a test", at=at))
    db.session.commit()


def newsletter(customer_id: int) -> bool:
    return preferences.as_said(customer_id)["newsletter"]


def proofs() -> int:
    return db.session.scalar(select(func.count()).select_from(Consent)) or 0


def adds_up(upload: Import) -> bool:
    return upload.rows == sum(counts(upload)) and foreseen(upload) == counts(upload)


def test_a_column_is_a_topic_that_there_is():
    slugs = [topic.slug for topic in topics.in_use()]
    header = ["email", "Consent_Price-Drop", "consent_marketing", "consent_x"]
    guessed = mapping.guess("customers", header, [], {}, slugs)
    assert [(one["field"], one["name"]) for one in guessed[1:3]] == [
        ("consent", "price_drop"),
        ("consent", "marketing"),
    ]
    assert guessed[3]["field"] == "ignore"
    assert guessed[3]["note"] == f"There is no such topic; there are: {', '.join(slugs)}."
    twice = mapping.guess("customers", ["email", "consent_browse", "consent-browse", "Consent Browse"], [], {}, slugs)
    assert [one["field"] for one in twice[1:]] == ["consent", "attribute", "ignore"]


def test_an_archived_topic_is_ignored_with_a_note():
    db.session.execute(text("UPDATE topics SET archived_at = now() WHERE slug = 'browse'"))
    db.session.commit()
    column = uploaded("email,consent_browse\na@x.example,yes\n").columns[1]
    assert (column["field"], "newsletter" in column["note"]) == ("ignore", True)


def test_cells_say_yes_no_or_nothing():
    upload = written(
        "lms_lead_id,consent_newsletter,consent_browse\n"
        "L1,YES,no\nL2,true,FALSE\nL3,1,0\nL4,,\nL5,perhaps,yes\nL6, no ,\n"
    )
    assert counts(upload) == (5, 0, 0, 1)
    assert adds_up(upload)
    assert rejects(upload) == [(6, "consent_newsletter", "wrong_type")]
    said = {lead: preferences.as_said(by_lead(lead).id) for lead in ("L1", "L2", "L3", "L4", "L6")}
    assert [said[lead]["newsletter"] for lead in said] == [True, True, True, True, False]
    assert [said[lead]["browse"] for lead in said] == [False, False, False, True, True]
    assert proofs() == 7
    one = db.session.scalars(select(Consent).limit(1)).one()
    assert (one.source, one.way, one.import_id, one.at) == (
        "import",
        f"import {upload.id}",
        upload.id,
        upload.created_date,
    )


def test_a_row_that_changes_nothing_but_consent_counts_as_updated():
    make_customer(lms_lead_id="L1")
    make_customer(lms_lead_id="L2")
    upload = written("lms_lead_id,consent_newsletter\nL1,no\nL2,\n")
    assert counts(upload) == (0, 1, 1, 0)
    assert adds_up(upload)
    assert not newsletter(by_lead("L1").id)
    other = written("lms_lead_id,consent_newsletter\nL1,NO\nL2,\n")
    assert counts(other) == (0, 0, 2, 0)
    assert (adds_up(other), proofs()) == (True, 2)  # the same again, said once more


def test_the_same_file_again_states_nothing_new():
    content = "lms_lead_id,first_name,consent_newsletter\nL1,Maya,yes\nL2,Paul,no\n"
    first = written(content)
    says(by_lead("L1").id, False, "hand", at=clock())
    again = bring(content)
    assert (foreseen(again), again.preview["writes"]) == ((0, 0, 2, 0), 0)
    assert counts(confirmed(again)) == (0, 0, 2, 0)
    assert (counts(first), proofs()) == ((2, 0, 0, 0), 3)
    assert not newsletter(by_lead("L1").id)


def test_a_withdrawn_consent_through_an_import_stays_withdrawn():
    maya = make_customer(lms_lead_id="L1", email="maya@x.example")
    says(maya.id, False)
    rows = "L1,,Mai,yes\nL2,maya@x.example,Ann,yes\nL3,,,yes\n"
    upload = bring(f"lms_lead_id,email,first_name,consent_newsletter\n{rows}")
    assert upload.preview["kept_out"] == 2
    upload = confirmed(upload)
    assert (counts(upload), upload.preview["held"]) == ((2, 1, 0, 0), 2)
    assert by_lead("L1").first_name == "Mai"
    assert (newsletter(maya.id), newsletter(by_lead("L2").id), newsletter(by_lead("L3").id)) == (False, False, True)


def test_a_withdrawn_consent_through_a_re_import_stays_withdrawn():
    content = "lms_lead_id,consent_newsletter\nL1,yes\n"
    written(content)
    says(by_lead("L1").id, False, at=clock())
    again = written(content)
    assert (counts(again), again.preview["kept_out"], again.preview["held"]) == ((0, 0, 1, 0), 1, 1)
    assert not newsletter(by_lead("L1").id)
    other = written(content + "L2,yes\n")
    assert (counts(other), other.preview["kept_out"], other.preview["held"]) == ((1, 0, 1, 0), 1, 1)
    assert not newsletter(by_lead("L1").id)


def test_of_several_rows_of_one_person_the_last_word_counts():
    upload = written("lms_lead_id,consent_newsletter,consent_browse\nL1,no,no\nL1,yes,\nL1,,\n")
    assert counts(upload) == (1, 1, 1, 0)
    assert adds_up(upload)
    said = preferences.as_said(by_lead("L1").id)
    assert (said["newsletter"], said["browse"], proofs()) == (True, False, 2)


def test_rows_that_are_refused_say_nothing():
    upload = written("customer_id,lms_lead_id,consent_newsletter\n999999,,no\n,L1,no\n")
    assert (counts(upload), proofs()) == ((1, 0, 0, 1), 1)


def test_whoever_was_created_or_left_since_the_preview_is_counted_right():
    for lead in ("L1", "L2"):
        make_customer(lms_lead_id=lead)
    upload = bring("lms_lead_id,email,consent_newsletter\nL1,,no\nL2,,\nL3,,no\n,new@x.example,no\n")
    assert foreseen(upload) == (2, 1, 1, 0)
    upsert.upsert_many([Incoming(0, None, {"lms_lead_id": "L3"})], Source("LMS (API)"), clock())
    upsert.upsert_many([Incoming(0, None, {"email": "new@x.example"})], Source("LMS (API)"), clock())
    db.session.execute(text("UPDATE customers SET erased_at = now() WHERE lms_lead_id = 'L1'"))
    db.session.commit()
    upload = confirmed(upload)
    assert upload.state == "done", upload.problem
    assert (counts(upload), upload.rows) == ((0, 2, 1, 1), 4)
    assert (newsletter(by_lead("L3").id), proofs()) == (False, 2)


def test_undo_takes_the_statements_back():
    maya = make_customer(lms_lead_id="L1")
    says(maya.id, False, "hand")
    upload = written("lms_lead_id,consent_newsletter\nL1,yes\nL2,no\nL3,no\n")
    assert newsletter(maya.id)
    says(by_lead("L3").id, False, slug="browse")
    upload = undone(upload)
    assert (upload.state, upload.undo["statements"], upload.undo["removed"]) == ("undone", 3, 1)
    assert (newsletter(maya.id), by_lead("L2")) == (False, None)
    assert preferences.as_said(by_lead("L3").id)["newsletter"] is True
    assert proofs() == 2


def test_many_are_written_in_slices(monkeypatch):
    monkeypatch.setattr("app.imports.applying.PEOPLE", 7)
    make_customer(lms_lead_id="L5")
    make_customer(lms_lead_id="L30")
    content = "lms_lead_id,first_name,consent_newsletter\n" + "".join(
        f"L{n},,{('yes', 'no', '')[n % 3]}\n" for n in range(50)
    )
    upload = written(content)
    assert (counts(upload), upload.preview["stated"], proofs()) == ((48, 1, 1, 0), 34, 34)
    assert adds_up(upload)


def test_a_file_without_such_columns_has_no_room_for_them():
    upload = bring("lms_lead_id\nL1\n")
    table = f"staging.import_{upload.id}_people"
    asked = text("SELECT attname FROM pg_attribute WHERE attrelid = CAST(:table AS regclass)")
    names = set(db.session.scalars(asked, {"table": table}))
    assert not names & {"says", "consents", "moved", "stays_out"}


def test_the_preview_and_the_end_say_who_stays_out(client_of, marketer):
    maya = make_customer(lms_lead_id="L1")
    says(maya.id, False)
    upload = uploaded("lms_lead_id,consent_newsletter,consent_sky\nL1,yes,yes\nL2,no,yes\n")
    page = client_of(marketer).get(f"/imports/{upload.id}").get_data(as_text=True)
    assert "Consent: newsletter" in page
    assert "There is no such topic" in page
    form = {"field-0": "lms_lead_id", "field-1": "consent:newsletter", "field-2": "consent:browse"}
    assert client_of(marketer).post(f"/imports/{upload.id}/columns", data=form).status_code == 303
    upload = carried_on(upload)
    page = client_of(marketer).get(f"/imports/{upload.id}").get_data(as_text=True)
    assert "1 stays opted out" in page
    assert "consent_browse" in page
    upload = confirmed(upload)
    page = client_of(marketer).get(f"/imports/{upload.id}").get_data(as_text=True)
    assert "1 stays opted out" in page
    assert preferences.as_said(by_lead("L2").id)["newsletter"] is False


def test_a_choice_twice_is_refused(client_of, marketer):
    upload = uploaded("lms_lead_id,a,b\nL1,yes,no\n")
    form = {"field-0": "lms_lead_id", "field-1": "consent:newsletter", "field-2": "consent:newsletter"}
    answer = client_of(marketer).post(f"/imports/{upload.id}/columns", data=form)
    assert (answer.status_code, "Column 2 is the same" in answer.get_data(as_text=True)) == (422, True)


def test_nothing_but_proofs_can_still_be_kept(client_of, marketer):
    maya = make_customer(lms_lead_id="L1")
    says(maya.id, True, "api", at=clock() - timedelta(days=1))
    upload = bring("lms_lead_id,consent_newsletter\nL1,yes\n")
    assert "Keep what 1 customer said" in client_of(marketer).get(f"/imports/{upload.id}").get_data(as_text=True)
    assert counts(confirmed(upload)) == (0, 0, 1, 0)
    assert (proofs(), db.session.get(Customer, maya.id).updated_date < upload.finished_at) == (2, True)
