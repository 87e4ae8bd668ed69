"""/track/interest and /track/event."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from app.customers.attributes import AttributeChange
from app.customers.customer import Customer
from app.db import db
from app.events.doings import OURS
from app.events.pending_event import PendingEvent
from tests.factories import make_attribute, make_customer
from tests.track.speaking import done, good, let_take_effect, open_shop, refused, say


@pytest.fixture
def shop(app: Flask) -> Iterator[Flask]:
    with open_shop(app):
        yield app


def interest_of(customer: Customer) -> object:
    db.session.refresh(customer)
    return customer.attributes.get("interest")


def interested(shop: Flask, customer: Customer, *words: str) -> object:
    for word in words:
        good(say(shop, "interest", customer.lms_lead_id, interest=word))
    let_take_effect()
    return interest_of(customer)


def test_an_interest_is_kept_once_however_it_is_spelled_and_with_its_history(shop):
    maya = make_customer(lms_lead_id="L1")
    assert interested(shop, maya, "Festivals", " festivals ", "Data  science") == ["Festivals", "Data science"]
    assert interested(shop, maya, "DATA SCIENCE") == ["Festivals", "Data science"]
    changes = db.session.scalars(select(AttributeChange).order_by(AttributeChange.id)).all()
    assert [(one.name, one.old, one.new, one.source) for one in changes] == [
        ("interest", None, ["Festivals", "Data science"], "shop")
    ]


def test_a_single_text_becomes_a_list(shop):
    maya = make_customer(lms_lead_id="L1", attributes={"interest": "Design", "score": 4})
    assert interested(shop, maya, "design") == "Design"
    assert interested(shop, maya, "Data") == ["Design", "Data"]
    assert maya.attributes["score"] == 4


@pytest.mark.parametrize(("kind", "kept"), [("string", "Data"), ("array", ["Design", "Data"]), ("numeric", None)])
def test_the_type_that_the_team_declared_binds(shop, kind, kept):
    make_attribute("interest", kind)
    maya = make_customer(lms_lead_id="L1")
    assert interested(shop, maya, "Design", "Data") == kept


def test_the_interest_of_a_session_waits_for_its_person(shop):
    maya = make_customer(lms_lead_id="L1")
    good(say(shop, "interest", interest="Design"))
    let_take_effect()
    assert interest_of(maya) is None
    good(say(shop, "event", "L1", session_id="s-1", name="signed_in"))
    let_take_effect()
    assert interest_of(maya) == ["Design"]


@pytest.mark.parametrize("word", ["", "   ", "x" * 81, 7, None, ["Design"], "De\x07sign", "a\0"])
def test_what_is_no_interest_is_refused(shop, word):
    assert say(shop, "interest", interest=word).status_code == 422
    assert db.session.scalars(select(PendingEvent)).all() == []


def test_an_event_of_the_shop_is_kept_as_it_was_said(shop):
    maya = make_customer(lms_lead_id="L1")
    said = {"size": "M", "colours": ["red"], "none": None}
    assert good(say(shop, "event", "L1", name="size_chosen", properties=said)) == {}
    assert done(maya.id) == [("size_chosen", said)]
    good(say(shop, "event", name="size_chosen"))
    (waiting,) = db.session.scalars(select(PendingEvent)).all()
    assert (waiting.name, waiting.anonymous_id, waiting.properties) == ("size_chosen", "s-1", {})


@pytest.mark.parametrize("name", [*sorted(OURS), " Order_Completed ", "FUNNEL"])
def test_a_page_cannot_say_what_only_we_say(shop, name):
    maya = make_customer(lms_lead_id="L1")
    paid = {"order_id": "W-1", "total": 1, "currency": "EUR"}
    assert refused(say(shop, "event", "L1", name=name, properties=paid)) == (422, "reserved_name")
    assert done(maya.id) == []


@pytest.mark.parametrize(
    "said",
    [{}, {"name": ""}, {"name": "x" * 201}, {"name": "a\nb"}, {"name": "login", "properties": []}, {"name": 7}],
)
def test_what_is_no_event_is_refused(shop, said):
    assert say(shop, "event", **said).status_code == 422


def test_a_body_that_is_too_large_is_refused(shop):
    answer = say(shop, "event", name="login", properties={"text": "x" * 70_000})
    assert refused(answer) == (413, "too_large")
