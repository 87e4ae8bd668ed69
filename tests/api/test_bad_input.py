"""Whatever is sent: named, never an error of ours, and the good items beside it are kept."""

from __future__ import annotations

import json

import pytest
from werkzeug.test import TestResponse

GOOD = {
    "customers": {"lms_lead_id": "L1"},
    "funnel-events": {"lms_lead_id": "L1", "funnel_type": "sales", "to_stage": "applied"},
    "events": {"lms_lead_id": "L1", "name": "login"},
    "products": {"product_id": "P1"},
    "carts": {"lms_lead_id": "L1", "items": [{"product_id": "P1"}]},
    "orders": {"order_id": "O1", "lms_lead_id": "L1", "total": 1, "currency": "EUR", "status": "paid"},
}
# As bytes of JSON: what no encoder of ours would write.
STRANGE = {
    "a NUL": rb'"a\u0000b"',
    "half a character": rb'"a\ud800b"',
    "a broken byte": b'"a\xff\xfeb"',
    "an endless text": b'"' + b"x" * 100_000 + b'"',
    "a huge number": b"1" + b"0" * 400,
    "a number beyond bigint": b"9223372036854775808",
    "a large fraction": b"1e308",
    "nothing": b"null",
    "a list": b"[[[]]]",
    "an object": b'{"a": {"b": 1}}',
    "yes": b"true",
    "a depth": b"[" * 500 + b"]" * 500,
    "a time without an offset": b'"2026-10-22T10:00:00"',
    "a time that nobody has": b'"9999-12-31T23:59:59-14:00"',
    "the first moment": b'"0001-01-01T00:00:00+14:00"',
    "control characters": rb'"a\u0007\u001b\r\nb"',
    "an empty text": b'""',
}


def keys(lms, noun: str) -> list[str]:
    document = lms.send("GET", "/api/v1/openapi.json").get_json()
    asked = document["paths"][f"/{noun}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    name = asked["anyOf"][0]["$ref"].rpartition("/")[2]
    return sorted(document["components"]["schemas"][name]["properties"])


def is_whole(answer: TestResponse) -> bool:
    """Of two items the good one is stored, the strange one stored or named."""
    if answer.status_code != 200:
        return False
    said = answer.get_json()
    named = [one["index"] for one in said["rejected"]]
    return said["received"] == 2 and said["stored"] + len(named) == 2 and named in ([], [1])


@pytest.mark.parametrize("noun", GOOD)
@pytest.mark.parametrize("strange", STRANGE)
def test_strange_values_are_stored_or_named(lms, noun, strange):
    plural = noun.replace("-", "_")
    wrong = []
    for key in keys(lms, noun):
        others = {name: value for name, value in GOOD[noun].items() if name != key}
        bad = json.dumps({**others, key: "@"}).encode().replace(b'"@"', STRANGE[strange])
        body = b'{"%s": [%s, %s]}' % (plural.encode(), json.dumps(GOOD[noun]).encode(), bad)
        answer = lms.send("POST", f"/api/v1/{noun}", data=body, content_type="application/json")
        if not is_whole(answer):
            wrong.append((key, answer.status_code, answer.get_data(as_text=True)[:200]))
    assert wrong == []


@pytest.mark.parametrize("strange", STRANGE)
def test_strange_attributes_and_properties(lms, strange):
    value = STRANGE[strange]
    wrong = []
    for noun, body in {
        "customers": b'{"lms_lead_id": "L2", "attributes": {"x": %s}}' % value,
        "customers ": b'{"lms_lead_id": "L2", "attributes": {"x": [1, %s]}}' % value,
        "customers  ": b'{"lms_lead_id": "L2", "attributes": {"y": {"type": "timestamp", "value": %s}}}' % value,
        "customers   ": b'{"lms_lead_id": "L2", "attributes": {"z": {"type": "numeric", "value": %s}}}' % value,
        "customers    ": b'{"lms_lead_id": "L2", "attributes": {"w": {"type": %s, "value": 1}}}' % value,
        "events": b'{"lms_lead_id": "L1", "name": "login", "properties": {"x": %s}}' % value,
        "events ": b'{"lms_lead_id": "L1", "name": "login", "properties": {"x": [{"y": %s}]}}' % value,
        "carts": b'{"lms_lead_id": "L1", "items": [{"product_id": "P1", "quantity": %s}]}' % value,
        "carts ": b'{"lms_lead_id": "L1", "items": [{"product_id": %s}]}' % value,
    }.items():
        plural = noun.strip().encode()
        whole = b'{"%s": [%s, %s]}' % (plural, json.dumps(GOOD[noun.strip()]).encode(), body)
        answer = lms.send("POST", f"/api/v1/{noun.strip()}", data=whole, content_type="application/json")
        if not is_whole(answer):
            wrong.append((body[:80], answer.status_code, answer.get_data(as_text=True)[:200]))
    assert wrong == []


@pytest.mark.parametrize("body", [b'{"lms_lead_id": NaN}', b'{"events": [{"name": Infinity}]}', b'{"a":' * 20_000, b""])
def test_what_is_no_json_is_refused_whole(lms, body):
    answer = lms.send("POST", "/api/v1/events", data=body, content_type="application/json")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "invalid_json")


def test_half_a_character_refuses_its_item_and_whole_ones_stay(lms):
    body = rb'{"customers": [{"lms_lead_id": "L1", "first_name": "\ud83d\ude00"}, {"lms_lead_id": "L\ud83d"},' + (
        rb'{"lms_lead_id": "L3", "first_name": "\\ud83d"}]}'
    )
    answer = lms.send("POST", "/api/v1/customers", data=body, content_type="application/json").get_json()
    assert (answer["created"], [one["index"] for one in answer["rejected"]]) == (2, [1])
    assert [row["first_name"] for row in lms.get("customers").get_json()["data"]] == ["😀", r"\ud83d"]


def test_an_unknown_type_of_an_attribute_is_refused(lms):
    said = {"lms_lead_id": "L1", "attributes": {"w": {"type": "", "value": 1}}}
    answer = lms.post("customers", said).get_json()
    assert [(one["code"], one["field"]) for one in answer["rejected"]] == [("unknown_type", "attributes.w")]


def test_consent_of_another_shape_refuses_its_item(lms):
    for said, field in (
        ({}, "consent.topics"),
        (None, "consent"),
        ({"topics": {"newsletter": "x"}}, "consent.topics.newsletter"),
    ):
        answer = lms.post("customers", {"lms_lead_id": "L1", "consent": said})
        assert [one["field"] for one in answer.get_json()["rejected"]] == [field]


def test_two_names_of_one_key_must_agree(lms):
    assert lms.post("events", GOOD["events"] | {"external_id": "L1"}).status_code == 200
    other = lms.post("events", GOOD["events"] | {"external_id": "L2"})
    assert (other.status_code, "differ" in other.get_json()["rejected"][0]["message"]) == (422, True)


def test_keys_that_are_null_name_nobody(lms):
    nobody = {"customer_id": None, "external_id": None, "email": None}
    assert lms.post("events", GOOD["events"] | nobody).status_code == 200
    assert lms.post("customers", GOOD["customers"] | nobody).status_code == 200


@pytest.mark.parametrize("query", ["lms_lead_id=", "email=", "email=%20", "cursor=", "lms_lead_id=%00"])
def test_asked_for_by_nothing_the_list_is_not_everybody(lms, query):
    lms.post("customers", {"lms_lead_id": "L1"})
    assert lms.get(f"customers?{query}").status_code == 422
