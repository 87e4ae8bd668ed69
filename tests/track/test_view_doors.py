"""POST /track/view and /track/duration: what they take, what they answer, and whom they let in."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from app.blueprints.track import visiting
from app.catalogue import visit_stream
from app.config import Limit
from tests.factories import make_customer
from tests.track.visiting import SHOP, drained, token, views

MUG = {
    "product_id": "mug",
    "product_name": "Mug, blue",
    "product_price": 1290,
    "product_category": "Kitchen",
    "referrer": "https://search.example/",
    "device_type": "mobile",
}


def test_a_view_is_answered_at_once_and_kept_a_moment_later(app, page):
    answer = page("/track/view", {**MUG, "session_id": "s-1"})
    assert (answer.status_code, answer.json["success"], set(answer.json)) == (200, True, {"success", "view_id"})
    (row,) = drained()
    assert row["id"] == UUID(answer.json["view_id"])
    assert (row["session_id"], row["customer_id"], row["lms_lead_id"]) == ("s-1", None, None)
    assert (row["product_id"], row["name"], row["price"], row["category"]) == ("mug", "Mug, blue", 1290, "Kitchen")
    assert (row["referrer"], row["device_type"], row["seconds"]) == ("https://search.example/", "mobile", None)


def test_a_page_without_rights_of_its_own_may_send_text(app, page):
    said = json.dumps({"product_id": 7, "duration": 12.6, "session_id": "s-1"})
    assert page("/track/view", data=said, content_type="text/plain;charset=UTF-8").status_code == 200
    assert page("/track/duration", data=said, content_type="text/plain").json == {"success": True}
    assert [(row["product_id"], row["seconds"]) for row in drained()] == [("7", 13)]


def test_a_token_says_who_looks(app, page):
    maya = make_customer(lms_lead_id="L-1")
    page("/track/view", MUG, headers={"Authorization": f"Bearer {token('L-1')}"})
    page("/track/view", {**MUG, "token": token("L-2")})
    assert {(row["customer_id"], row["lms_lead_id"]) for row in drained()} == {(maya.id, None), (None, "L-2")}


def test_whoever_has_no_session_gets_one_and_keeps_it(app, page):
    first = page("/track/view", MUG)
    (cookie,) = first.headers.getlist("Set-Cookie")
    assert cookie.startswith(f"campus_session={first.json['session_id']}; ")
    assert {"Max-Age=2592000", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    second = page("/track/view", MUG)
    assert ("session_id" in second.json, second.headers.getlist("Set-Cookie")) == (False, [])
    assert {row["session_id"] for row in drained()} == {first.json["session_id"]}


def test_on_https_the_session_stays_on_https(app, page, configured):
    configured(base_url="https://campus.example")
    assert "Secure" in page("/track/view", MUG).headers["Set-Cookie"].split("; ")


def test_said_twice_under_the_same_id_it_counts_once(app, page):
    said = {**MUG, "view_id": str(uuid4()), "session_id": "s-1"}
    assert [page("/track/view", said).json["view_id"] for _ in range(2)] == [said["view_id"]] * 2
    assert len(drained()) == 1
    page("/track/view", said)
    assert len(drained()) == 1


WRONG = [
    ({}, "product_id"),
    ({"product_id": ""}, "product_id"),
    ({"product_id": "x" * 501}, "product_id"),
    ({"product_id": None}, "product_id"),
    ({"product_id": 1.5}, "product_id"),
    ({"product_id": -1}, "product_id"),
    ({"product_id": "a\0b"}, "product_id"),
    ({"product_id": ["mug"]}, "product_id"),
    ({**MUG, "product_price": 12.5}, "product_price"),
    ({**MUG, "product_price": 12.0}, "product_price"),
    ({**MUG, "product_price": -1}, "product_price"),
    ({**MUG, "product_price": "1290"}, "product_price"),
    ({**MUG, "product_price": True}, "product_price"),
    ({**MUG, "product_price": 2**60}, "product_price"),
    ({**MUG, "product_name": "a\0b"}, "product_name"),
    ({**MUG, "product_name": 7}, "product_name"),
    ({**MUG, "product_category": "x" * 2_001}, "product_category"),
    ({**MUG, "session_id": 7}, "session_id"),
    ({**MUG, "view_id": "mine"}, "view_id"),
]


@pytest.mark.parametrize(("said", "field"), WRONG)
def test_what_is_wrong_is_said_with_its_place(app, page, said, field):
    answer = page("/track/view", said)
    error = answer.json["error"]
    assert (answer.status_code, error["details"][0]["field"]) == (422, field)
    assert (drained(), answer.headers["Access-Control-Allow-Origin"]) == ([], SHOP)


@pytest.mark.parametrize("duration", [-1, "12", None, True, 2**40, [1]])
def test_a_duration_is_a_number_of_seconds(app, page, duration):
    assert page("/track/duration", {"product_id": "mug", "duration": duration}).status_code == 422


BODIES = [
    (b"{", "application/json", 400),
    (b"\xff", "text/plain", 400),
    (b"[]", "application/json", 422),
    (b"null", "text/plain", 422),
    (b'{"product_id": "\\ud800"}', "application/json", 422),
    (b'{"product_id": "mug", "other": "\\u0000"}', "application/json", 422),
    (b"[" * 60_000, "application/json", 400),
    (b'{"product_id": "' + b"x" * 1_000_000 + b'"}', "text/plain", 413),
    (b"product_id=mug", "application/x-www-form-urlencoded", 415),
    (b"{}", "text/html", 415),
]


@pytest.mark.parametrize(("body", "kind", "status"), BODIES)
def test_other_bodies_are_refused_in_json(app, page, body, kind, status):
    answer = page("/track/view", data=body, content_type=kind)
    assert (answer.status_code, answer.mimetype) == (status, "application/json")
    assert not visit_stream.is_waiting()


def test_what_a_page_adds_of_its_own_is_let_pass(app, page):
    assert page("/track/view", {**MUG, "colour": "blue", "event": {"a": [1]}}).status_code == 200


def test_a_very_long_address_is_cut_and_does_not_cost_the_view(app, page):
    page("/track/view", {**MUG, "referrer": "https://x.example/?" + "q" * 9_000})
    assert [len(row["referrer"]) for row in drained()] == [2_000]


def test_a_forged_token_is_told_so_and_nothing_is_kept(app, page):
    answer = page("/track/view", MUG, headers={"Authorization": "Bearer a.b.c", "Origin": SHOP})
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "unauthorized")
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    assert drained() == []


def test_too_many_calls_from_one_address_are_told_when_to_come_back(app, page, configured):
    configured(limits={"track": Limit(2, 3600)}, track_origins=(SHOP,))
    answers = [page("/track/view", MUG) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 0 < int(answers[2].headers["Retry-After"]) <= 3600
    assert answers[2].headers["Access-Control-Allow-Origin"] == SHOP
    assert page("/track/view", method="OPTIONS").status_code == 200
    elsewhere = {"X-Forwarded-For": "203.0.113.9", "Origin": SHOP}
    assert page("/track/view", MUG, headers=elsewhere).status_code == 200


def test_without_redis_a_view_is_answered_all_the_same(app, page, monkeypatch):
    monkeypatch.setattr(visit_stream.VIEWS, "_buffer", lambda: 1 / 0)
    assert page("/track/view", MUG).status_code == 200


def test_a_thousand_at_once_are_all_there(app, configured):
    def look(number: int) -> str:
        with app.app_context():
            answer = app.test_client().post("/track/view", json={**MUG, "session_id": f"s-{number % 50}"})
        return str(answer.json["view_id"])

    with ThreadPoolExecutor(8) as pool:
        told = set(pool.map(look, range(1_000)))
    drained()
    assert {str(row["id"]) for row in views()} == told
    assert len(told) == 1_000


def test_who_calls_gets_no_session_of_ours(app, page):
    assert not any("campus=" in cookie for cookie in page("/track/view", MUG).headers.getlist("Set-Cookie"))
    assert visiting.COOKIE == "campus_session"
