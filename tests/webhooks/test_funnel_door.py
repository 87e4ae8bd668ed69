"""POST /webhooks/funnel: signed calls count once, everything else is refused without a trace of what it said."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.db import db
from app.receipts import webhooks
from tests.events.coming_in import rows
from tests.factories import make_customer
from tests.webhooks.signing import SECRET, headers, signature, written

THERE = "/webhooks/funnel"
ITEM = {"lms_lead_id": "L-1", "funnel_type": "sales", "from_stage": "lead", "to_stage": "applied"}


@pytest.fixture(autouse=True)
def maya(app: Flask):
    return make_customer(lms_lead_id="L-1")


@pytest.fixture
def send(app: Flask):
    def send(said, id="msg_1", **changed):
        body = written(said)
        with app.app_context():
            return app.test_client().post(THERE, data=body, headers={**headers(body, id), **changed})

    return send


def move(**facts):
    return {**ITEM, "occurred_at": datetime.now(UTC).isoformat(), **facts}


def nothing_stored() -> bool:
    db.session.rollback()
    return rows("receipts") == rows("funnel_events") == rows("pending_events") == []


def test_a_signed_move_counts_at_once(send, maya):
    answer = send(move(id="m-1"))
    assert answer.status_code == 200
    assert answer.json == {"received": 1, "stored": 1, "created": 1, "updated": 0, "unchanged": 0, "rejected": []}
    (stored,) = rows("funnel_events")
    (receipt,) = rows("receipts")
    assert (stored["customer_id"], stored["to_stage"], stored["receipt_id"]) == (maya.id, "applied", receipt["id"])
    assert (receipt["source"], receipt["external_id"], receipt["status"], receipt["created"]) == (
        "webhook",
        "msg_1",
        200,
        1,
    )
    assert len(rows("event_work")) == 1


def test_a_list_is_taken_and_its_bad_items_are_named_and_kept(send):
    answer = send({"funnel_events": [move(), move(to_stage=None), move(funnel_type="nonsense"), "x", move()]})
    assert answer.status_code == 200
    assert (answer.json["received"], answer.json["created"]) == (5, 2)
    assert [reject["index"] for reject in answer.json["rejected"]] == [1, 2, 3]
    (receipt,) = rows("receipts")
    assert receipt["rejects"] == answer.json["rejected"]
    assert receipt["rejected"] == 3


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"to_stage": 7}, "to_stage"),
        ({"occurred_at": "2026-10-22T08:00:00"}, "occurred_at"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"stage": "x"}, "stage"),
        ({"lms_lead_id": None}, "who"),
        ({"customer_id": 99}, "customer_id"),
        ({"to_stage": ""}, "to_stage"),
        ({"funnel_type": "retention"}, "funnel_type"),
        ({"to_stage": "a\0b"}, "to_stage"),
        ({"occurred_at": "2100-01-01T00:00:00Z"}, "occurred_at"),
    ],
)
def test_a_bad_item_is_named_with_its_field_and_the_rest_is_kept(send, wrong, field):
    answer = send({"funnel_events": [move(), move(**wrong)]})
    assert (answer.status_code, answer.json["created"]) == (200, 1)
    assert [(reject["index"], reject["field"]) for reject in answer.json["rejected"]] == [(1, field)]
    assert answer.json["rejected"][0]["message"].endswith((".", "?"))


def test_an_item_that_is_no_utf8_is_named(send):
    answer = send(b'{"funnel_events": [{"lms_lead_id": "\xff", "funnel_type": "sales", "to_stage": "x"}]}')
    assert (answer.status_code, len(answer.json["rejected"])) == (200, 1)


def test_what_stands_beside_the_list_is_not_dropped_in_silence(send):
    answer = send({"funnel_events": [move()], "note": "x"})
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "unknown_key")


def test_the_other_names_of_a_lead_and_a_time_are_known(send, maya):
    at = "2026-10-01T08:00:00+02:00"
    old = {"external_id": "L-1", "funnel_type": "sales", "to_stage": "applied", "created_date": at}
    assert send(old).status_code == 200
    assert [(row["customer_id"], row["created_date"]) for row in rows("funnel_events")] == [
        (maya.id, datetime.fromisoformat(at))
    ]


def test_even_when_every_item_is_bad_the_call_is_taken(send):
    answer = send({"funnel_events": [{"nonsense": 1}]})
    assert (answer.status_code, answer.json["created"]) == (200, 0)
    assert [receipt["rejected"] for receipt in rows("receipts")] == [1]


def test_the_same_id_again_has_one_effect_and_one_answer(send):
    first = send({"funnel_events": [move(), {"bad": 1}]})
    again = send({"funnel_events": [move(), {"bad": 1}]})
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json == again.json
    assert len(rows("funnel_events")) == len(rows("receipts")) == 1


def test_the_same_id_many_times_at_once_has_one_effect(app, send):
    start, body = threading.Barrier(5), move()

    def push(_turn):
        start.wait()
        return send(body)

    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(push, range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.data for answer in answers}) == 1
    assert len(rows("funnel_events")) == len(rows("receipts")) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": signature(SECRET, "msg_1", 1, b"other")},
        {"webhook-id": "msg_other"},
        {"webhook-id": ""},
        {"webhook-timestamp": "1614265330"},
        {"webhook-timestamp": "soon"},
    ],
)
def test_a_wrong_signature_is_refused_and_nothing_is_stored(send, wrong):
    answer = send(move(), **wrong)
    assert answer.status_code == 401
    assert answer.json["error"]["code"] == "bad_signature"
    assert answer.json["error"]["request_id"]
    assert nothing_stored()


def test_without_any_headers_it_is_refused(stranger):
    assert stranger.post(THERE, json=move()).status_code == 401
    assert nothing_stored()


def test_either_secret_will_do_while_they_are_rotated(app, send):
    body = written(move())
    older = "whsec_" + "A" * 32
    assert send(body, **headers(body, secret=older)).status_code == 200
    assert send(body, **headers(body, "msg_2")).status_code == 200
    third = "whsec_" + "B" * 32
    assert send(body, **headers(body, "msg_3", secret=third)).status_code == 401


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b'"text"', b"1", b"\xff\xfe", b'{"funnel_events": 1}'])
def test_well_signed_but_not_understood_is_said_and_kept(send, body):
    answer = send(body)
    assert answer.status_code == 400
    (receipt,) = rows("receipts")
    assert (receipt["status"], receipt["external_id"]) == (400, "msg_1")
    assert webhooks.body_of(webhooks.get(receipt["id"])).text == body.decode(errors="replace")


def test_what_was_not_understood_may_come_again_mended_under_its_id(send):
    assert send(b"{").status_code == 400
    assert send(move()).status_code == 200
    assert [receipt["status"] for receipt in rows("receipts")] == [200]
    assert len(rows("funnel_events")) == 1


def test_too_large_is_refused_before_it_is_read(send, app):
    answer = send(b" " * (app.config["MAX_CONTENT_LENGTH"] + 1))
    assert answer.status_code == 413
    assert answer.is_json
    assert nothing_stored()


def test_too_many_at_once_are_refused(send):
    answer = send({"funnel_events": [move()] * 1001})
    assert answer.status_code == 413
    assert rows("funnel_events") == []


def test_it_is_no_page(stranger):
    assert stranger.get(THERE).status_code == 405


def test_refused_calls_are_counted_without_what_they_said(send):
    now = datetime.now(UTC)
    assert webhooks.refused_lately(now) == 0
    for _ in range(3):
        send(move(), **{"webhook-signature": "v1,AAAA"})
    assert webhooks.refused_lately(now) == 3


@given(
    st.dictionaries(
        st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "content-encoding"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=80),
    ),
    st.binary(max_size=200),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_that_strangers_send_is_taken_or_is_our_fault(app, sent, body):
    with app.app_context():
        answer = app.test_client().post(THERE, data=body, headers=sent)
    assert answer.status_code == 401
    assert answer.is_json


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*ITEM, "id", "x"]), inner, max_size=5),
    max_leaves=12,
)


@given(st.one_of(st.binary(max_size=100), JSON.map(lambda said: json.dumps(said).encode("utf-8", "replace"))))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_well_signed_is_answered(app, body):
    with app.app_context():
        answer = app.test_client().post(THERE, data=body, headers=headers(body, str(hash(body))))
    assert answer.status_code in {200, 400}
    assert answer.is_json


@given(st.dictionaries(st.sampled_from([*ITEM, "email", "customer_id", "id", "occurred_at"]), JSON))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_an_item_says_is_taken_or_named(app, said):
    body = json.dumps({"funnel_events": [{**ITEM, **said}]}).encode("utf-8", "replace")
    with app.app_context():
        answer = app.test_client().post(THERE, data=body, headers=headers(body, str(hash(body))))
    assert answer.status_code in {200, 400}
    if answer.status_code == 200:
        assert answer.json["received"] == answer.json["stored"] + len(answer.json["rejected"]) == 1
