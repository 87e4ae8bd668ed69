"""Discount codes as other systems see them, add to them, and learn which were given away."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.audit import Entry
from app.automations import keeping
from app.db import db
from tests.api.conftest import make_system
from tests.automations.making import make_automation, make_segment, make_template
from tests.deliveries.making import sent
from tests.discounts.pools import free, make_coded_run, make_pool, numbered, said_by_mails
from tests.factories import make_customers

__all__ = ["make_system"]


@pytest.fixture
def shop(make_system):
    return make_system("write", "read")


@pytest.fixture
def reader(make_system):
    return make_system("read")


def code_of(answer) -> str:
    return answer.get_json()["error"]["code"]


def test_pools_say_how_many_are_left_and_never_a_code(reader):
    pool = make_pool("Autumn", codes=numbered(3), warn_below=2)
    make_pool("Cart", "fixed")
    page = reader.get("discount-pools?limit=1").get_json()
    assert page["has_more"]
    first = page["data"][0]
    assert (first["id"], first["kind"], first["amount"], first["free"], first["taken"], first["warn_below"]) == (
        pool.id, "uploaded", "10 %", 3, 0, 2,
    )  # fmt: skip
    rest = reader.get(f"discount-pools?cursor={page['next_cursor']}")
    assert rest.get_json()["data"][0]["free"] is None
    assert "CART10" not in rest.get_data(as_text=True)
    assert reader.get(f"discount-pools/{pool.id}").get_json() == first
    assert reader.get("discount-pools/77").status_code == 404


def test_codes_are_added_and_each_is_accounted_for(shop):
    pool = make_pool(codes=["A"])
    answer = shop.post(f"discount-pools/{pool.id}/codes", {"codes": ["A", " B ", "C", "C", "x" * 201, ""]})
    assert answer.status_code == 200
    said = answer.get_json()
    assert [said[name] for name in ("received", "added", "repeated", "there")] == [6, 2, 1, 1]
    assert [one["index"] for one in said["refused"]] == [4, 5]
    assert free(pool) == 3
    assert "B" not in str(db.session.scalars(select(Entry.after).order_by(Entry.id.desc())).first())


def test_mails_that_waited_go_out(shop):
    make_customers(2)
    pool = make_pool()
    make_coded_run(pool)
    sent()
    shop.post(f"discount-pools/{pool.id}/codes", {"codes": ["A", "B"]})
    sent()
    assert sorted(said_by_mails().values()) == ["A", "B"]


def test_the_same_call_again_adds_nothing(shop):
    pool = make_pool()
    named = {"Idempotency-Key": "codes-1"}
    first = shop.post(f"discount-pools/{pool.id}/codes", {"codes": ["A"]}, **named)
    again = shop.post(f"discount-pools/{pool.id}/codes", {"codes": ["A"]}, **named)
    assert first.get_json() == again.get_json()
    assert again.get_json()["added"] == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"codes": []}, "wrong_type"),
        ({"codes": "A"}, "wrong_type"),
        ({"codes": [1]}, "wrong_type"),
        ({}, "missing"),
        ({"codes": ["A"], "pool": 1}, "unknown_key"),
        ({"codes": ["a\x00b"]}, "bad_value"),
        ([], "wrong_shape"),
    ],
)
def test_a_body_of_another_shape_is_refused(shop, body, code):
    answer = shop.post(f"discount-pools/{make_pool().id}/codes", body)
    assert (answer.status_code, code_of(answer)) == (422, code)


def test_where_every_code_is_bad_nothing_is_kept(shop):
    answer = shop.post(f"discount-pools/{make_pool().id}/codes", {"codes": ["", "x" * 300]})
    assert answer.status_code == 422
    assert len(answer.get_json()["refused"]) == 2


def test_only_lists_take_codes(shop):
    answer = shop.post(f"discount-pools/{make_pool(kind='generated').id}/codes", {"codes": ["A"]})
    assert (answer.status_code, code_of(answer)) == (409, "wrong_kind")
    assert shop.post("discount-pools/77/codes", {"codes": ["A"]}).status_code == 404


def test_given_codes_come_page_by_page_to_those_who_may_write(shop, reader):
    people = make_customers(3)
    pool = make_pool(kind="generated", prefix="AUTUMN-")
    make_pool("Other", codes=["X"])
    make_coded_run(pool)
    sent()
    assert reader.get("discount-codes").status_code == 403
    page = shop.get(f"discount-codes?pool_id={pool.id}&limit=2").get_json()
    rest = shop.get(f"discount-codes?pool_id={pool.id}&cursor={page['next_cursor']}").get_json()
    found = page["data"] + rest["data"]
    assert (len(page["data"]), page["has_more"], rest["has_more"]) == (2, True, False)
    assert {one["code"] for one in found} == set(said_by_mails().values())
    assert {one["customer_id"] for one in found} == {one.id for one in people}
    assert all(one["delivery_id"] and one["taken_at"] for one in found)
    assert len(shop.get("discount-codes").get_json()["data"]) == 3


@pytest.mark.parametrize("pool_id", ["77", "x", "", "-1", "9" * 30, "%00"])
def test_a_pool_that_is_not_there_is_no_filter(shop, pool_id):
    assert shop.get(f"discount-codes?pool_id={pool_id}").status_code == 422


def test_an_automation_is_made_read_and_changed_with_its_pool(make_system):
    system, pool = make_system("write", "read"), make_pool()
    body = {
        "name": "A",
        "message_template_id": make_template().id,
        "customer_segment_id": make_segment().id,
        "trigger": {"once": "now"},
        "discount_pool_id": pool.id,
    }
    made = system.post("automations", body)
    assert made.status_code == 201
    assert made.get_json()["discount_pool_id"] == pool.id
    here = f"/api/v1/automations/{made.get_json()['id']}"
    changed = system.send("PATCH", here, json={"version": 1, "discount_pool_id": None})
    assert changed.get_json()["discount_pool_id"] is None
    bad = system.send("PATCH", here, json={"version": 2, "discount_pool_id": 77})
    assert (bad.status_code, bad.get_json()["error"]["details"][0]["field"]) == (422, "discount_pool_id")
    assert system.post("automations", {**body, "discount_pool_id": 77}).status_code == 422


def test_the_document_says_it(shop):
    paths = shop.get("openapi.json").get_json()["paths"]
    assert {"/discount-pools", "/discount-pools/{id}", "/discount-pools/{id}/codes", "/discount-codes"} <= paths.keys()


def test_a_version_keeps_the_pool_of_its_time(app):
    pool = make_pool()
    automation = make_automation(discount_pool_id=pool.id)
    assert keeping.versions(automation)[0].definition["discount_pool_id"] == pool.id
