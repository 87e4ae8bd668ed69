"""The doors to an erasure: the question, the report, the API; and what is handed out before."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import pytest
from sqlalchemy import select

from app.audit import Entry
from app.customers.customer import Customer
from app.db import db
from app.ops import erasing, jobs
from app.ops.erasures import Erasure
from tests.consent.test_erasure import MARK, named_everywhere
from tests.factories import make_customer, make_event


@pytest.fixture
def ada(client_of, admin):
    return client_of(admin)


def page(answer) -> str:
    return answer.get_data(as_text=True).partition("<main")[2]


def test_the_question_says_what_goes_and_what_stays(ada):
    customer = make_customer(email="maya@x.example")
    make_event(customer)
    said = page(ada.get(f"/customers/{customer.id}/erasure/new"))
    assert "Erase Maya Lindqvist?" in said
    assert "keyed hash" in said
    assert f"/customers/{customer.id}/erasure/new" in page(ada.get(f"/customers/{customer.id}"))
    assert ada.get("/customers/999/erasure/new").status_code == 404


@pytest.mark.parametrize("sure", ["", "erase", "otto@x.example", "Maya"])
def test_nobody_is_erased_by_a_slip(ada, sure):
    customer = make_customer(email="maya@x.example")
    answer = ada.post(f"/customers/{customer.id}/erasure", data={"sure": sure})
    assert answer.status_code == 422
    assert "Type ERASE" in page(answer)
    assert db.session.query(Erasure).count() == 0


@pytest.mark.parametrize("sure", ["ERASE", " Maya@X.example "])
def test_the_report_says_what_was_done(ada, sure):
    customer_id = make_customer(email="maya@x.example").id
    answer = ada.post(f"/customers/{customer_id}/erasure", data={"sure": sure})
    assert answer.headers["Location"] == f"/customers/{customer_id}/erasure"
    assert 'hx-trigger="every 1s"' in page(ada.get(answer.headers["Location"]))
    jobs.erase()
    said = page(ada.get(answer.headers["Location"]))
    assert "finished" in said
    assert "every 1s" not in said
    assert "addresses kept as a hash: 1" in said
    fragment = ada.get(answer.headers["Location"], headers={"HX-Request": "true"}).get_data(as_text=True)
    assert fragment.lstrip().startswith("<section")
    assert ada.post(f"/customers/{customer_id}/erasure").status_code == 303  # asked again: the same


def test_the_page_of_an_erased_customer_is_gone(ada, client_of, viewer):
    customer_id = make_customer().id
    ada.post(f"/customers/{customer_id}/erasure", data={"sure": "ERASE"})
    for visitor, is_told in ((ada, True), (client_of(viewer), False)):
        answer = visitor.get(f"/customers/{customer_id}")
        assert answer.status_code == 410
        assert ("What was done" in page(answer)) == is_told
    assert ada.get(f"/customers/{customer_id}/export.json").status_code == 404
    assert "Lindqvist" not in page(ada.get("/customers"))


def test_only_an_admin_erases(client_of, marketer):
    max_ = client_of(marketer)
    customer_id = make_customer().id
    assert "Erase" not in page(max_.get(f"/customers/{customer_id}"))
    assert max_.post(f"/customers/{customer_id}/erasure", data={"sure": "ERASE"}).status_code == 403


def test_a_failed_one_cannot_be_discarded(ada):
    customer_id = make_customer().id
    ada.post(f"/customers/{customer_id}/erasure", data={"sure": "ERASE"})
    db.session.execute(Erasure.__table__.update().values(failed_at=Erasure.created_date, waiting_since=None))
    db.session.commit()
    said = page(ada.get("/settings/queues"))
    assert "Erasures: 1" in said
    assert "Discard…" not in said
    assert ada.post("/settings/queues/discards", data={"table": "erasures", "key": "1"}).status_code == 404


def test_the_export_holds_what_every_room_knows(ada):
    customer_id = named_everywhere()
    said = json.loads(ada.get(f"/customers/{customer_id}/export.json").data)
    rooms = {"customers", "events", "catalogue", "consent", "receipts", "imports", "audit", "segments", "deliveries"}
    assert set(said) == rooms | {"automations", "tracking", "webhooks"}
    assert said["customers"]["customers"][0]["email"].startswith("maya")
    empty = {noun for tables in said.values() for noun, rows in tables.items() if not rows}
    assert empty == set()
    assert db.session.scalars(select(Entry.verb).order_by(Entry.id.desc())).first() == "exported"


def test_the_tables_are_safe_to_open(ada):
    customer = make_customer("=cmd()", email="maya@x.example")
    make_event(customer, said=MARK)
    answer = ada.get(f"/customers/{customer.id}/export.zip")
    assert answer.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as folder:
        assert set(folder.namelist()) == {"customers.csv", "events.csv", "audit.csv"}
        rows = list(csv.DictReader(io.StringIO(folder.read("customers.csv").decode("utf-8-sig"))))
        assert rows[0]["first_name"] == "'=cmd()"
        assert MARK in folder.read("events.csv").decode()


def test_the_api_erases(make_system):
    system = make_system("admin")
    customer_id = make_customer(email="maya@x.example").id
    answer = system.send("DELETE", f"/api/v1/customers/{customer_id}")
    assert answer.status_code == 202
    assert answer.json["erasure"]["customer_id"] == customer_id
    assert answer.json["erasure"]["state"] == "running"
    assert system.get(f"customers/{customer_id}").status_code == 404
    jobs.erase()
    again = system.send("DELETE", f"/api/v1/customers/{customer_id}")
    assert (again.status_code, again.json["erasure"]["state"]) == (200, "finished")
    assert set(again.json["erasure"]["steps"]) == {*erasing.ROOMS}
    assert db.session.query(Erasure).count() == 1


def test_the_api_erases_nobody_unknown_and_not_with_any_key(make_system):
    assert make_system("admin").send("DELETE", "/api/v1/customers/999").status_code == 404
    assert make_system("admin").send("DELETE", f"/api/v1/customers/{10**30}").status_code == 404
    customer_id = make_customer().id
    assert make_system("ingest", "read", "write").send("DELETE", f"/api/v1/customers/{customer_id}").status_code == 403
    assert db.session.query(Customer).filter_by(erased_at=None).count() == 1
