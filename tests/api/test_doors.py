"""What other systems send: stored, or named with a reason; never dropped in silence, never counted twice."""

from __future__ import annotations

import re
import threading

import pytest
from sqlalchemy import func, select, text

from app.catalogue.cart import Cart
from app.catalogue.order import Order
from app.catalogue.product import Product
from app.catalogue.visitor import Visitor
from app.clock import clock
from app.customers.attributes import AttributeType
from app.customers.customer import Customer
from app.db import db
from app.environment import Limit
from app.events import visits
from app.events.event import Event
from app.events.funnel_event import FunnelEvent
from app.events.pending_event import PendingEvent
from app.receipts.receipt import Receipt
from tests.factories import make_customer
from tests.work.running import until

NOUNS = {
    "customers": ("customers", {"lms_lead_id": "L1"}),
    "funnel-events": ("funnel_events", {"lms_lead_id": "L1", "funnel_type": "sales", "to_stage": "applied"}),
    "events": ("events", {"lms_lead_id": "L1", "name": "login"}),
    "products": ("products", {"product_id": "P1"}),
    "carts": ("carts", {"lms_lead_id": "L1", "items": []}),
    "suppressions": ("suppressions", {"email": "gone@posteo.example"}),
    "orders": ("orders", {"order_id": "O1", "lms_lead_id": "L1", "total": 1, "currency": "EUR", "status": "paid"}),
}


def count(model: type) -> int:
    return int(db.session.scalar(select(func.count()).select_from(model)) or 0)


def figures(answer) -> tuple[int, int, int, int, int]:
    said = answer.get_json()
    assert said["stored"] == said["created"] + said["updated"] + said["unchanged"]
    return said["received"], said["created"], said["updated"], said["unchanged"], len(said["rejected"])


def refusals(answer) -> list[tuple[int, str, str]]:
    return [(one["index"], one["code"], one["field"]) for one in answer.get_json()["rejected"]]


@pytest.mark.parametrize("noun", NOUNS)
def test_one_object_or_a_list_under_the_plural(lms, noun):
    plural, item = NOUNS[noun]
    assert figures(lms.post(noun, item))[:2] == (1, 1)
    listed = lms.post(noun, {plural: [item, item]})
    assert listed.status_code == 200
    assert figures(listed)[0] == 2
    assert listed.headers["X-Request-Id"]


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "invalid_json"),
        (b"\xff\xfe", 400, "invalid_json"),
        (b"[" * 100_000, 400, "invalid_json"),
        (b"[]", 422, "wrong_shape"),
        (b'"text"', 422, "wrong_shape"),
        (b'{"PLURAL": {}}', 422, "wrong_shape"),
        (b'{"PLURAL": [], "more": 1}', 422, "unknown_key"),
    ],
)
def test_a_body_of_another_shape_is_refused_whole(lms, noun, body, status, code):
    said = body.replace(b"PLURAL", NOUNS[noun][0].encode())
    answer = lms.send("POST", f"/api/v1/{noun}", data=said, content_type="application/json")
    error = answer.get_json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert set(error) == {"code", "message", "details", "request_id"}
    assert count(Receipt) == 0


@pytest.mark.parametrize("noun", NOUNS)
def test_an_empty_list_and_only_bad_items_are_422_with_the_same_body(lms, noun):
    plural = NOUNS[noun][0]
    empty = lms.post(noun, {plural: []})
    assert (empty.status_code, empty.get_json()["received"], empty.get_json()["rejected"]) == (422, 0, [])
    bad = lms.post(noun, {plural: [{"surprise": 1}, 5]})
    assert (bad.status_code, figures(bad)) == (422, (2, 0, 0, 0, 2))


@pytest.mark.parametrize("noun", NOUNS)
def test_too_much_and_no_json_are_said_so(lms, noun):
    plural, item = NOUNS[noun]
    assert lms.post(noun, {plural: [item] * 1001}).status_code == 413
    huge = lms.send("POST", f"/api/v1/{noun}", data=b" " * (5 * 1024 * 1024 + 1), content_type="application/json")
    assert huge.status_code == 413
    assert lms.send("POST", f"/api/v1/{noun}", data="a=1").status_code == 415
    assert lms.send("PUT", f"/api/v1/{noun}").status_code == 405
    nowhere = lms.get("nowhere")
    assert (nowhere.status_code, nowhere.get_json()["error"]["code"]) == (404, "not_found")


def test_a_stranger_a_wrong_key_and_a_missing_scope(app, make_system, client_of, admin):
    reader, sender = make_system("read"), make_system("ingest")
    item = NOUNS["events"][1]
    assert reader.post("events", item).status_code == 403
    assert sender.get("customers").status_code == 403
    sender.key = "campus_live_x_y"
    refused = sender.post("events", item)
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (401, "unauthorized")
    assert "WWW-Authenticate" in refused.headers
    assert client_of(admin).post("/api/v1/events", json=item).status_code == 401


def test_bad_customers_are_named_and_the_others_kept(lms):
    answer = lms.post(
        "customers",
        {
            "customers": [
                {"lms_lead_id": "L1", "email": "maya@posteo.example", "attributes": {"score": 85}},
                {"lms_lead_id": "L2", "email": "no-address"},
                {"lms_lead_id": "L3", "nickname": "x"},
                {"first_name": "Nobody"},
                {"lms_lead_id": "L4", "created_date": "2026-10-01T10:00:00"},
                {"lms_lead_id": "L5", "attributes": {"x": {"deep": 1}}},
                {"lms_lead_id": "L6", "attributes": {"email": "x"}},
                {"lms_lead_id": "L7", "email": "a\u0007@x.example"},
                {"lms_lead_id": "L\u0000"},
                {"customer_id": 2**70},
                {"customer_id": 999_999},
                {"lms_lead_id": "L8", "timezone": "Mars/Olympus"},
            ]
        },
    )
    assert (answer.status_code, figures(answer)) == (200, (12, 1, 0, 0, 11))
    assert refusals(answer) == [
        (1, "bad_value", "email"),
        (2, "unknown_key", "nickname"),
        (3, "missing", "who"),
        (4, "wrong_type", "created_date"),
        (5, "wrong_type", "attributes.x"),
        (6, "reserved_name", "attributes.email"),
        (7, "bad_value", "email"),
        (8, "bad_value", "lms_lead_id"),
        (9, "wrong_type", "customer_id"),
        (10, "unknown_customer", "customer_id"),
        (11, "bad_value", "timezone"),
    ]


def test_a_declared_type_binds_the_name_and_refuses_others(lms):
    score = {"type": "numeric", "value": 85}
    first = lms.post(
        "customers",
        {
            "customers": [
                {"lms_lead_id": "L1", "attributes": {"score": score}},
                {"lms_lead_id": "L2", "attributes": {"score": "high"}},
            ]
        },
    )
    assert refusals(first) == [(1, "wrong_type", "attributes.score")]
    assert db.session.get(AttributeType, "score").is_declared
    other = lms.post("customers", {"lms_lead_id": "L3", "attributes": {"score": {"type": "string", "value": "x"}}})
    assert refusals(other) == [(0, "wrong_type", "attributes.score")]
    day = lms.post("customers", {"lms_lead_id": "L4", "attributes": {"born": {"type": "date", "value": "2001-02-30"}}})
    assert refusals(day) == [(0, "wrong_type", "attributes.born")]
    assert db.session.get(AttributeType, "born") is None


def test_null_clears_and_absent_leaves(lms):
    lms.post("customers", {"lms_lead_id": "L1", "mobile": "+49 1", "attributes": {"a": 1, "b": "x"}})
    answer = lms.post("customers", {"lms_lead_id": "L1", "mobile": None, "attributes": {"a": None, "c": [1, "x"]}})
    assert figures(answer) == (1, 0, 1, 0, 0)
    row = db.session.scalar(select(Customer))
    assert (row.mobile, row.attributes) == (None, {"b": "x", "c": [1, "x"]})


def test_events_of_strangers_wait_and_join_when_the_person_is_published(lms):
    told = [
        {"id": "e1", "name": "login", "lms_lead_id": "L1", "occurred_at": "2026-11-01T10:00:00Z"},
        {"id": "e1", "name": "login", "lms_lead_id": "L1"},
        {"name": "login", "email": "maya@posteo.example"},
    ]
    assert figures(lms.post("events", {"events": told})) == (3, 2, 0, 1, 0)
    lms.post("funnel-events", {"external_id": "L1", "funnel_type": "sales", "to_stage": "applied"})
    assert (count(Event), count(FunnelEvent), count(PendingEvent)) == (0, 0, 3)
    lms.post("customers", {"lms_lead_id": "L1", "email": "Maya@posteo.example"})
    assert (count(Event), count(FunnelEvent), count(PendingEvent)) == (2, 1, 0)


def test_a_funnel_of_another_name_is_refused(lms):
    answer = lms.post("funnel-events", {"lms_lead_id": "L1", "funnel_type": "rent", "to_stage": "x"})
    assert refusals(answer)[0][2] == "funnel_type"


def test_the_shop_is_stored_and_counts_as_events_once(lms):
    maya = make_customer(lms_lead_id="L1")
    order = NOUNS["orders"][1] | {"items": [{"product_id": "P1", "quantity": 2, "price": 50}]}
    assert figures(lms.post("products", {"product_id": "P1", "name": "X", "price": 50, "currency": "EUR"}))[1] == 1
    assert figures(lms.post("carts", {"lms_lead_id": "L1", "items": [{"product_id": "P1", "price": 50}]}))[1] == 1
    assert figures(lms.post("orders", order))[1] == 1
    assert figures(lms.post("orders", order | {"status": "refunded", "refunded_total": 1}))[2] == 1
    same = lms.post("events", {"name": "order_completed", "lms_lead_id": "L1", "properties": {"order_id": "O1"}})
    assert figures(same) == (1, 0, 0, 1, 0)
    names = db.session.scalars(select(Event.name).where(Event.customer_id == maya.id).order_by(Event.name)).all()
    assert list(names) == ["cart_updated", "order_completed"]
    assert (count(Product), count(Cart), count(Order)) == (1, 1, 1)


def test_a_cart_of_a_session_is_of_whoever_signed_in_with_it(lms):
    maya = make_customer(lms_lead_id="L1")
    visits.join(Visitor("L1", "s-1"), clock())
    db.session.commit()
    sent = [{"session_id": session, "items": [{"product_id": "P1"}]} for session in ("s-1", "s-2")]
    assert figures(lms.post("carts", {"carts": sent}))[1] == 2
    held = db.session.execute(select(Cart.customer_id, Cart.session_id).order_by(Cart.customer_id)).all()
    assert held == [(maya.id, None), (None, "s-2")]
    assert db.session.scalars(select(Event.customer_id)).all() == [maya.id]


def test_each_call_leaves_a_receipt_that_its_facts_point_at(lms):
    make_customer(lms_lead_id="L1")
    lms.post("events", {"events": [{"name": "x"}, {"lms_lead_id": "L1", "name": "login"}]})
    receipt = db.session.scalar(select(Receipt))
    event = db.session.scalar(select(Event))
    assert (receipt.source, receipt.sender, receipt.received, receipt.rejected) == ("api", "LMS", 2, 1)
    assert (event.receipt_id, event.receipt_index) == (receipt.id, 1)


def test_the_same_call_again_gets_the_same_answer_and_no_second_effect(lms):
    body = {"lms_lead_id": "L1", "name": "login"}
    first = lms.post("events", body, **{"Idempotency-Key": "k1"})
    again = lms.post("events", body, **{"Idempotency-Key": "k1"})
    assert (again.status_code, again.data) == (first.status_code, first.data)
    assert count(PendingEvent) == 1
    other = lms.post("events", body | {"name": "logout"}, **{"Idempotency-Key": "k1"})
    assert (other.status_code, other.get_json()["error"]["code"]) == (409, "idempotency_key_reused")
    assert lms.post("funnel-events", NOUNS["funnel-events"][1], **{"Idempotency-Key": "k1"}).status_code == 200


def test_a_refused_call_is_not_remembered(lms):
    assert lms.post("events", {"bad": 1}, **{"Idempotency-Key": "k1"}).status_code == 422
    assert lms.post("events", NOUNS["events"][1], **{"Idempotency-Key": "k1"}).status_code == 200
    assert lms.post("events", NOUNS["events"][1], **{"Idempotency-Key": "k" * 256}).status_code == 400


def test_a_key_whose_first_call_is_still_running_is_in_use(lms):
    answers = []
    body = {"events": [{"lms_lead_id": "L1", "name": "login", "id": "e1"}]}
    with db.engine.connect() as other:
        # The first call cannot write the key of its event, so it cannot end.
        other.execute(text("LOCK TABLE event_keys IN ACCESS EXCLUSIVE MODE"))
        first = threading.Thread(target=lambda: answers.append(lms.post("events", body, **{"Idempotency-Key": "k"})))
        first.start()
        until(lambda: db.session.scalar(text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")))
        second = lms.post("events", body, **{"Idempotency-Key": "k"})
        other.rollback()
        first.join()
    assert (second.status_code, second.get_json()["error"]["code"]) == (409, "idempotency_key_in_use")
    assert answers[0].status_code == 200


def test_too_many_calls_wait(app, lms, monkeypatch):
    monkeypatch.setitem(app.extensions["config"].limits, "api", Limit(2, 3600))
    statuses = [lms.get("customers").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert int(lms.get("customers").headers["Retry-After"]) > 0


def test_customers_are_read_one_by_one_and_page_by_page(lms):
    people = [{"lms_lead_id": f"L{n}", "email": "family@x.example", "attributes": {"n": n}} for n in range(5)]
    lms.post("customers", {"customers": people})
    one = lms.get("customers?lms_lead_id=L3").get_json()
    assert [row["attributes"] for row in one["data"]] == [{"n": 3}]
    assert lms.get(f"customers/{one['data'][0]['id']}").get_json() == one["data"][0]
    assert len(lms.get("customers?email=FAMILY@x.example").get_json()["data"]) == 5
    seen, cursor = [], ""
    while True:
        page = lms.get(f"customers?limit=2{cursor}").get_json()
        seen += [row["lms_lead_id"] for row in page["data"]]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [f"L{n}" for n in range(5)]
    assert page["next_cursor"] is None
    for bad in ("limit=0", "limit=1001", "limit=x", "cursor=%00", "cursor=WzFd"):
        assert lms.get(f"customers?{bad}").status_code == 422
    assert lms.get("customers/999999").status_code == 404
    assert lms.get(f"customers/{10**30}").status_code == 404


def test_the_document_names_every_door_and_reads_as_a_page(app, stranger):
    document = stranger.get("/api/v1/openapi.json").get_json()
    doors = {rule.rule.removeprefix("/api/v1") for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")}
    doors = {re.sub(r"<int:\w+_id>", "{id}", path) for path in doors} - {"/openapi.json", "/docs"}
    doors = {re.sub(r"<path:(\w+)>", r"{\1}", path) for path in doors}  # ids of the shop, which may hold a slash
    assert set(document["paths"]) == doors
    page = stranger.get("/api/docs").get_data(as_text=True)
    assert all(f"/api/v1/{noun}" in page for noun in NOUNS)
