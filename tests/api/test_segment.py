"""Segment's own library, pointed at us, over a real socket; and its shapes by hand."""

from __future__ import annotations

import base64
import gzip
import json
import threading
from collections.abc import Iterator

import pytest
from segment.analytics.client import Client
from sqlalchemy import select
from werkzeug.serving import make_server

from app.customers.customer import Customer
from app.db import db
from app.events.event import Event
from app.events.pending_event import PendingEvent


@pytest.fixture
def address(app) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)


def basic(lms) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{lms.key}:".encode()).decode()}


def events() -> list[tuple[str, int]]:
    db.session.rollback()
    return [(row.name, row.customer_id) for row in db.session.execute(select(Event.name, Event.customer_id))]


@pytest.mark.parametrize("is_packed", [False, True])
def test_the_library_itself_delivers(lms, address, is_packed):
    client = Client(lms.key, host=address, gzip=is_packed, sync_mode=False, max_retries=0)
    failed: list[object] = []
    client.on_error = lambda error, _items: failed.append(error)
    client.identify(
        "L1", {"email": "maya@posteo.example", "firstName": "Maya", "plan": "pro", "address": {"city": "Rome"}}
    )
    client.track("L1", "Course Started", {"course": "UX"})
    client.page("L1", "Docs", "Start", {"url": "https://x.example"})
    client.flush()
    client.join()
    assert failed == []
    customer = db.session.scalar(select(Customer))
    assert (customer.lms_lead_id, customer.first_name) == ("L1", "Maya")
    assert customer.attributes == {"plan": "pro", "address.city": "Rome"}
    assert sorted(events()) == [("Course Started", customer.id), ("page_viewed", customer.id)]


def test_an_anonymous_visitor_joins_the_customer_when_both_ids_come(lms):
    def send(kind: str, body: dict) -> dict:
        return lms.send("POST", f"/v1/{kind}", json=body, headers=basic(lms)).get_json()

    send("track", {"anonymousId": "a-1", "event": "Looked", "messageId": "m1"})
    assert db.session.scalar(select(PendingEvent.anonymous_id)) == "a-1"
    said = send("identify", {"anonymousId": "a-1", "userId": "L1", "traits": {"email": "m@x.example"}})
    assert said["success"] is True
    assert [name for name, _ in events()] == ["Looked"]


def test_what_is_not_taken_in_is_named_and_a_message_counts_once(lms):
    batch = {
        "batch": [
            {"type": "alias", "userId": "L1", "previousId": "x"},
            {"type": "track", "userId": "L1", "event": "A", "messageId": "m1", "timestamp": "2026-11-01T10:00:00.000Z"},
            {"type": "track", "userId": "L1", "event": "A", "messageId": "m1", "timestamp": "2026-11-01T10:00:01.000Z"},
            {"type": "track", "userId": "L1"},
            {"type": "track", "userId": "L1", "event": "A", "timestamp": "yesterday"},
            {"type": "identify", "userId": "L2", "traits": {"email": "nobody"}},
            {"type": "identify", "userId": 42, "traits": {"phone": 4915112345, "createdAt": "2026-01-01T00:00:00Z"}},
            "text",
        ]
    }
    answer = lms.send("POST", "/v1/batch", json=batch, headers=basic(lms))
    said = answer.get_json()
    assert answer.status_code == 200
    assert (said["received"], said["created"], said["unchanged"]) == (8, 2, 1)
    assert [(one["index"], one["code"], one["field"]) for one in said["rejected"]] == [
        (0, "not_supported", "type"),
        (3, "missing", "event"),
        (4, "wrong_type", "timestamp"),
        (5, "bad_value", "email"),
        (7, "wrong_type", ""),
    ]
    assert db.session.scalar(select(Customer.mobile)) == "4915112345"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b'{"batch": 5}', 400),
        (b"\x1f\x8bnot gzip", 400),
        (json.dumps({"batch": [{}] * 1001}).encode(), 413),
    ],
)
def test_malformed_batches_are_refused(lms, body, status):
    headers = basic(lms) | ({"Content-Encoding": "gzip"} if body.startswith(b"\x1f\x8b") else {})
    assert lms.send("POST", "/v1/batch", data=body, headers=headers).status_code == status


def test_a_small_body_does_not_unpack_into_a_large_one(lms):
    bomb = gzip.compress(b"[" + b" " * (50 * 1024 * 1024) + b"]")
    headers = basic(lms) | {"Content-Encoding": "gzip"}
    assert lms.send("POST", "/v1/batch", data=bomb, headers=headers).status_code == 413


def test_a_wrong_write_key_is_refused(lms):
    lms.key = "wrong"
    assert lms.send("POST", "/v1/track", json={}, headers=basic(lms)).status_code == 401


def test_people_of_a_batch_come_before_what_they_did(lms):
    batch = [
        {"type": "track", "userId": "L1", "event": "Bought", "messageId": "m1"},
        {"type": "page", "anonymousId": "a-1", "name": "Start", "properties": {"path": "/"}, "messageId": "m2"},
        {"type": "screen", "anonymousId": "a-1", "name": "Home", "messageId": "m3"},
        {"type": "identify", "userId": "L1", "anonymousId": "a-1", "traits": {"first_name": "Maya"}},
    ]
    answer = lms.send("POST", "/v1/batch", json={"batch": batch}, headers=basic(lms)).get_json()
    assert (answer["received"], answer["created"], answer["rejected"]) == (4, 4, [])
    assert sorted(name for name, _ in events()) == ["Bought", "page_viewed", "screen_viewed"]
    page = db.session.scalar(select(Event.properties).where(Event.name == "page_viewed"))
    assert page == {"path": "/", "name": "Start"}


def test_null_traits_clear_and_objects_become_names_with_dots(lms):
    def identify(traits: dict) -> None:
        said = {"userId": "L1", "traits": traits}
        assert lms.send("POST", "/v1/identify", json=said, headers=basic(lms)).get_json()["rejected"] == []

    identify({"phone": "+49 1", "plan": "pro", "company": {"name": "X", "size": {"people": 3}}, "tags": ["a", 1]})
    identify({"phone": None, "plan": None, "company": {"name": None}})
    row = db.session.scalar(select(Customer))
    assert (row.mobile, row.attributes) == (None, {"company.size.people": 3, "tags": ["a", 1]})


def test_the_same_call_again_has_one_effect(lms):
    said = {"userId": "L1", "event": "Bought"}  # without a messageId it would count twice
    headers = basic(lms) | {"Idempotency-Key": "k1"}
    first = lms.send("POST", "/v1/track", json=said, headers=headers)
    again = lms.send("POST", "/v1/track", json=said, headers=headers)
    assert (first.status_code, first.data) == (again.status_code, again.data)
    assert len(db.session.scalars(select(PendingEvent)).all()) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"userId=L1"])
def test_one_message_that_is_no_object_is_refused(lms, body):
    refused = lms.send("POST", "/v1/track", data=body, headers=basic(lms))
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (400, "invalid_json")


@pytest.mark.parametrize("value", [rb'"\u0000"', rb'"\ud800"', b"1" + b"0" * 400, b"[" * 300 + b"]" * 300, b"1e308"])
def test_strange_values_refuse_their_message_and_no_other(lms, value):
    good = b'{"type": "track", "userId": "L1", "event": "A", "messageId": "m1"}'
    shapes = (
        b'{"type": "track", "userId": "L1", "event": "B", "properties": {"x": %s}}',
        b'{"type": "track", "userId": %s, "event": "B"}',
        b'{"type": "track", "userId": "L1", "event": %s}',
        b'{"type": "track", "anonymousId": %s, "event": "B"}',
        b'{"type": "track", "userId": "L1", "event": "B", "timestamp": %s}',
        b'{"type": "identify", "userId": "L1", "traits": {"x": %s, "y": {"z": %s}}}',
        b'{"type": "identify", "userId": "L1", "traits": {"email": %s}}',
        b'{"type": "identify", "userId": "L1", "traits": {"createdAt": %s}}',
        b'{"type": %s, "userId": "L1"}',
        b'{"type": "page", "userId": "L1", "name": %s}',
    )
    wrong = []
    for shape in shapes:
        body = b'{"batch": [%s, %s]}' % (good, shape.replace(b"%s", value))
        answer = lms.send("POST", "/v1/batch", data=body, headers=basic(lms))
        said = answer.get_json()
        if answer.status_code != 200 or 0 in [one["index"] for one in said["rejected"]]:
            wrong.append((shape, answer.status_code, answer.data[:200]))
    assert wrong == []


def test_what_libraries_say_beside_is_let_pass(lms):
    said = {
        "userId": "L1",
        "anonymousId": "",
        "messageId": "",
        "context": {"library": {"name": "x"}},
        "integrations": {"All": True},
        "sentAt": "2026-11-01T10:00:00Z",
        "traits": {"id": "L1", "mobile": "+49 1"},
    }
    assert lms.send("POST", "/v1/identify", json=said, headers=basic(lms)).get_json()["rejected"] == []
    nobody = {"userId": "", "anonymousId": None, "event": "A"}
    refused = lms.send("POST", "/v1/track", json=nobody, headers=basic(lms)).get_json()
    assert [(one["code"], one["field"]) for one in refused["rejected"]] == [("missing", "who")]


def test_a_trait_that_does_not_fit_is_named(lms):
    said = {"userId": "L1", "traits": {"email": ["m@x.example"]}}
    refused = lms.send("POST", "/v1/identify", json=said, headers=basic(lms)).get_json()
    assert [(one["code"], one["field"]) for one in refused["rejected"]] == [("wrong_type", "email")]
