"""Consent as other systems say it: taken in beside the customer, read back, and never against a person's own word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from app.consent import preferences
from app.consent.consent import Consent
from app.consent.preferences import Word
from app.db import db
from app.settings import topics
from tests.factories import make_customer

BEFORE = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def withdraws(customer_id: int, slug: str = "newsletter", is_given: bool = False) -> None:
    word = Word(source="page", way="preference page", at=BEFORE)
    preferences.say(customer_id, {topics.id_of(slug): is_given}, word)
    db.session.commit()


def said(answer) -> dict:
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()


def only_id() -> int:
    return db.session.execute(text("SELECT id FROM customers")).scalar_one()


def test_a_customer_brings_what_they_allow(lms):
    consent = {"topics": {"newsletter": True, "browse": False}, "source": "form", "text": "Yes, write to me."}
    answer = said(lms.post("customers", {"lms_lead_id": "L1", "consent": consent}))
    assert (answer["created"], "kept_out" in answer) == (1, False)
    known = said(lms.get(f"customers/{only_id()}"))["consent"]
    assert known["topics"]["newsletter"] is True
    assert known["topics"]["browse"] is False
    proofs = db.session.scalars(select(Consent).order_by(Consent.is_given)).all()
    assert [(one.source, one.way, one.shown, one.is_given) for one in proofs] == [
        ("form", "LMS (API)", "Yes, write to me.", False),
        ("form", "LMS (API)", "Yes, write to me.", True),
    ]
    assert all(one.receipt_id for one in proofs)


def test_a_list_shows_consent_of_each(lms):
    no = {"topics": {"marketing": False}}
    lms.post("customers", {"customers": [{"lms_lead_id": "L1", "consent": no}, {"lms_lead_id": "L2"}]})
    shown = said(lms.get("customers"))["data"]
    assert [one["consent"]["topics"]["marketing"] for one in shown] == [False, True]


def test_only_a_new_statement_counts_as_updated(lms):
    item = {"lms_lead_id": "L1", "consent": {"topics": {"newsletter": False}, "at": "2026-01-01T10:00:00Z"}}
    assert said(lms.post("customers", {"lms_lead_id": "L1"}))["created"] == 1
    assert said(lms.post("customers", item))["updated"] == 1
    assert said(lms.post("customers", item))["unchanged"] == 1
    assert said(lms.post("customers", {"lms_lead_id": "L1", "consent": {"topics": {}}}))["unchanged"] == 1


def test_the_last_word_of_one_call_counts(lms):
    items = [{"lms_lead_id": "L1", "consent": {"topics": {"newsletter": yes}}} for yes in (False, True)]
    lms.post("customers", {"customers": items})
    assert said(lms.get(f"customers/{only_id()}"))["consent"]["topics"]["newsletter"] is True


@pytest.mark.parametrize("source", ["api", "import", "hand"])
def test_a_withdrawn_consent_through_the_api_stays_withdrawn(lms, source):
    maya = make_customer(lms_lead_id="L1", email="maya@posteo.example")
    withdraws(maya.id)
    consent = {"topics": {"newsletter": True}, "source": source}
    answer = said(lms.post("customers", {"lms_lead_id": "L1", "first_name": "Mai", "consent": consent}))
    assert (answer["updated"], answer["kept_out"]) == (1, 1)
    known = said(lms.get(f"customers/{maya.id}"))
    assert (known["first_name"], known["consent"]["topics"]["newsletter"]) == ("Mai", False)


def test_somebody_else_with_the_address_is_kept_out_as_well(lms):
    maya = make_customer(lms_lead_id="L1", email="maya@posteo.example")
    withdraws(maya.id)
    item = {"lms_lead_id": "L2", "email": "Maya@posteo.example", "consent": {"topics": {"newsletter": True}}}
    assert said(lms.post("customers", item))["kept_out"] == 1


def test_a_later_word_of_their_own_lifts_it(lms):
    maya = make_customer(lms_lead_id="L1", email="maya@posteo.example")
    withdraws(maya.id)
    consent = {"topics": {"newsletter": True}, "source": "form"}
    assert "kept_out" not in said(lms.post("customers", {"lms_lead_id": "L1", "consent": consent}))
    assert preferences.as_said(maya.id)["newsletter"] is True


@pytest.mark.parametrize(
    ("consent", "code", "field"),
    [
        ({"topics": {"weather": True}}, "unknown_topic", "topics.weather"),
        ({"topics": {"newsletter": "yes"}}, "wrong_type", "topics.newsletter"),
        ({"topics": {"newsletter": True}, "at": "2999-01-01T00:00:00Z"}, "in_the_future", "at"),
        ({"topics": {"newsletter": True}, "at": "0001-01-01T00:00:00+01:00"}, "too_old", "at"),
        ({"topics": {"newsletter": True}, "at": "2026-01-01T00:00:00"}, "wrong_type", "at"),
        ({"topics": {"newsletter": True}, "source": "dream"}, "wrong_type", "source"),
        ({"topics": {"newsletter": True}, "text": "x" * 2001}, "wrong_type", "text"),
        ({"topics": {"newsletter": True}, "mood": 1}, "unknown_key", "mood"),
        ({}, "missing", "topics"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_of_the_item_is_stored(lms, consent, code, field):
    answer = lms.post("customers", {"lms_lead_id": "L1", "consent": consent})
    refused = answer.get_json()["rejected"]
    assert (answer.status_code, [(one["code"], one["field"]) for one in refused]) == (
        422,
        [(code, f"consent.{field}")],
    )
    maya = make_customer(lms_lead_id="L2")
    put = lms.send("PUT", f"/api/v1/customers/{maya.id}/consent", json=consent)
    error = put.get_json()["error"]
    assert (put.status_code, error["code"], error["details"][0]["field"]) == (422, code, field)
    assert db.session.scalars(select(Consent)).all() == []


def test_a_topic_that_is_archived_refuses_the_item(lms, admin):
    db.session.execute(text("UPDATE topics SET archived_at = now() WHERE slug = 'browse'"))
    db.session.commit()
    answer = lms.post("customers", {"lms_lead_id": "L1", "consent": {"topics": {"browse": True}}}).get_json()
    assert [one["field"] for one in answer["rejected"]] == ["consent.topics.browse"]


def test_consent_is_read_and_put(lms):
    maya = make_customer(lms_lead_id="L1", email="maya@posteo.example")
    withdraws(maya.id)
    preferences.pause(maya.id, datetime.now(UTC))
    db.session.commit()
    path = f"customers/{maya.id}/consent"
    first = said(lms.get(path))
    assert (first["topics"]["newsletter"], first["topics"]["browse"]) == (False, True)
    assert {"topic": "newsletter", "is_given": False, "source": "page", "way": "preference page"}.items() <= (
        first["statements"][0].items()
    )
    assert datetime.fromisoformat(first["paused_until"]) > datetime.now(UTC) + timedelta(days=29)
    put = said(lms.send("PUT", f"/api/v1/{path}", json={"topics": {"newsletter": True, "browse": False}}))
    assert put["kept_out"] == ["newsletter"]
    assert (put["topics"]["newsletter"], put["topics"]["browse"], len(put["statements"])) == (False, False, 3)
    again = said(lms.send("PUT", f"/api/v1/{path}", json={"topics": {"newsletter": True}, "source": "page"}))
    assert (again["kept_out"], again["topics"]["newsletter"]) == ([], True)


def test_nobody_the_wrong_key_and_a_body_that_is_none(lms, make_system):
    maya = make_customer(lms_lead_id="L1")
    path = f"/api/v1/customers/{maya.id}/consent"
    assert lms.get("customers/999999/consent").status_code == 404
    assert lms.send("PUT", "/api/v1/customers/999999/consent", json={"topics": {}}).status_code == 404
    assert make_system("read").send("PUT", path, json={"topics": {}}).status_code == 403
    assert make_system("ingest").send("GET", path).status_code == 403
    assert lms.send("PUT", path, data="a=1").status_code == 415
    assert lms.send("PUT", path, data=b"{", content_type="application/json").status_code == 400
    assert lms.send("PUT", path, json=[]).status_code == 422


def test_a_merged_id_means_the_survivor(lms):
    maya = make_customer(lms_lead_id="L1")
    db.session.execute(
        text("INSERT INTO customer_aliases (customer_id, merged_id) VALUES (:id, :merged)"),
        {"id": maya.id, "merged": maya.id + 1000},
    )
    db.session.commit()
    path = f"/api/v1/customers/{maya.id + 1000}/consent"
    assert said(lms.send("PUT", path, json={"topics": {"browse": False}}))["topics"]["browse"] is False
    assert preferences.as_said(maya.id)["browse"] is False
