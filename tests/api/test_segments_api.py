"""Segments as other systems keep and ask them: what cannot be computed is refused, what is unknown is named."""

from __future__ import annotations

import pytest

from app.db import db
from app.segments.segment import Segment, SegmentSize
from tests.factories import make_customer, make_customers

RULES = {"all": [{"field": "first_name", "op": "equals", "value": "Maya"}]}


@pytest.fixture
def crm(make_system):
    return make_system("read", "write")


def made(crm, **said):
    answer = crm.post("segments", {"name": "Warm", "type": "rules", "rules": RULES, **said})
    assert answer.status_code == 201, answer.get_json()
    return answer.get_json()


def patched(crm, segment_id, **said):
    return crm.send("PATCH", f"/api/v1/segments/{segment_id}", json=said)


def error(answer):
    return answer.get_json()["error"]


def leads(crm, segment_id):
    return [one["lms_lead_id"] for one in crm.get(f"segments/{segment_id}/customers").get_json()["data"]]


def test_rules_are_kept_counted_and_read_back(crm):
    make_customer("Maya")
    make_customer("Tomás")
    said = made(crm)
    assert (said["count"], said["version"], said["rules"]) == (1, 1, RULES)
    assert crm.get(f"segments/{said['id']}").get_json()["name"] == "Warm"
    assert crm.get(f"segments/{said['id']}/count").get_json() == {"count": 1}
    assert [one["id"] for one in crm.get("segments").get_json()["data"]] == [said["id"]]
    assert db.session.query(SegmentSize).one().size == 1


def test_a_list_names_its_people_and_whom_it_does_not_know(crm):
    make_customers(3)
    answer = crm.post(
        "segments",
        {"name": "Press", "type": "manual", "customers": ["L-0", "L-2", "nobody", "L-0", "P1@posteo.example"]},
    )
    said = answer.get_json()
    assert (answer.status_code, said["count"], said["unknown_customers"]) == (201, 3, ["nobody"])
    assert leads(crm, said["id"]) == ["L-0", "L-1", "L-2"]


def test_an_empty_list_is_a_segment_too(crm):
    answer = crm.post("segments", {"name": "Press", "type": "manual"})
    assert (answer.status_code, answer.get_json()["count"]) == (201, 0)


def test_a_list_is_replaced_or_changed(crm):
    make_customers(4)
    one = crm.post("segments", {"name": "Press", "type": "manual", "customers": ["L-0", "L-1"]}).get_json()
    said = patched(crm, one["id"], version=1, customers=["L-1", "L-2", "who"]).get_json()
    assert (said["count"], said["unknown_customers"]) == (2, ["who"])
    assert leads(crm, one["id"]) == ["L-1", "L-2"]
    said = patched(crm, one["id"], version=1, add=["L-3"], remove=["L-1", "gone"]).get_json()
    assert (said["count"], said["unknown_customers"]) == (2, ["gone"])
    assert leads(crm, one["id"]) == ["L-2", "L-3"]


def test_a_function_takes_its_arguments(crm):
    make_customers(20)
    said = {"name": "Half", "type": "function", "handler_function": "random_percent"}
    answer = crm.post("segments", {**said, "arguments": {"percent": 100, "salt": "spring"}})
    assert (answer.status_code, answer.get_json()["count"]) == (201, 20)
    refused = crm.post("segments", {**said, "arguments": {"percent": "many", "salt": "spring"}})
    assert refused.status_code == 422
    assert error(refused)["details"][0]["field"] == "arguments.percent"


def test_sql_is_computed_when_it_is_saved(crm):
    make_customers(5)
    answer = crm.post(
        "segments", {"name": "SQL", "type": "sql", "selection_sql": "SELECT id FROM customers WHERE id <= 3"}
    )
    assert (answer.status_code, answer.get_json()["count"]) == (201, 3)


def test_sql_that_fails_is_refused_with_its_place(crm):
    for sql in ("SELECT idd FROM customers", "DELETE FROM customers", "SELECT 1/0 FROM customers"):
        make_customer()
        answer = crm.post("segments", {"name": "SQL", "type": "sql", "selection_sql": sql})
        assert (answer.status_code, error(answer)["code"]) == (422, "unavailable"), sql
    assert db.session.query(Segment).count() == 0


def test_what_cannot_be_computed_any_more_is_never_zero(crm):
    segment = Segment(name="Old", type="function", handler_function="no_longer_there")
    db.session.add(segment)
    db.session.commit()
    for path in ("count", "customers"):
        answer = crm.get(f"segments/{segment.id}/{path}")
        assert (answer.status_code, error(answer)["code"]) == (422, "unavailable")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"rules": {"all": [{"fild": "email"}]}}, "rules.all[0]"),
        ({"rules": {"all": []}}, "rules.all"),
        ({"rules": {"segment": 4711}}, "rules"),
        ({"name": " "}, "name"),
        ({"type": "magic"}, "type"),
        ({"colour": "red"}, "colour"),
        ({"customers": ["L-1"]}, "customers"),
        ({"selection_sql": "SELECT 1"}, "selection_sql"),
    ],
)
def test_bad_input_is_named(crm, said, field):
    answer = crm.post("segments", {"name": "Warm", "type": "rules", "rules": RULES, **said})
    assert answer.status_code == 422
    assert field in [one["field"] for one in error(answer)["details"]]
    assert db.session.query(Segment).count() == 0


def test_what_the_type_needs_is_asked_for(crm):
    for type_, field in (("sql", "selection_sql"), ("function", "handler_function"), ("rules", "rules")):
        answer = crm.post("segments", {"name": "Warm", "type": type_})
        assert answer.status_code == 422
        assert error(answer)["details"][0]["field"] == field


def test_a_change_needs_the_present_version(crm):
    one = made(crm)
    assert patched(crm, one["id"], version=1, name="Warmer").get_json()["version"] == 2
    for said in ({"version": 1}, {}):
        answer = patched(crm, one["id"], name="Colder", **said)
        assert (answer.status_code, error(answer)["code"]) == (409, "changed")
        assert error(answer)["details"] == [{"version": 2}]
    assert crm.get(f"segments/{one['id']}").get_json()["name"] == "Warmer"


def test_a_change_is_checked_like_a_new_one(crm):
    one = made(crm)
    two = made(crm, rules={"segment": one["id"]})
    circle = patched(crm, one["id"], version=1, rules={"segment": two["id"]})
    assert (circle.status_code, "circle" in error(circle)["message"]) == (422, True)
    assert patched(crm, one["id"], version=1, type="sql").status_code == 422
    assert patched(crm, one["id"], version=1, type="rules", description="Who is warm.").status_code == 200


def test_what_is_used_is_not_deleted(crm):
    one = made(crm)
    two = made(crm, name="Uses it", rules={"none": [{"segment": one["id"]}]})
    answer = crm.send("DELETE", f"/api/v1/segments/{one['id']}")
    assert answer.status_code == 409
    assert answer.get_json()["used_by"] == [{"kind": "segment", "id": two["id"], "name": "Uses it"}]
    for segment in (two, one):
        assert crm.send("DELETE", f"/api/v1/segments/{segment['id']}").status_code == 204
    assert crm.get(f"segments/{one['id']}").status_code == 404


def test_its_customers_come_page_by_page(crm):
    people = make_customers(7)
    one = made(crm, rules={"field": "last_name", "op": "equals", "value": "Row"})
    seen, cursor = [], ""
    while cursor is not None:
        said = crm.get(f"segments/{one['id']}/customers?limit=3" + (f"&cursor={cursor}" if cursor else "")).get_json()
        seen += [person["id"] for person in said["data"]]
        cursor = said["next_cursor"]
        assert said["has_more"] == (cursor is not None)
    assert seen == [person.id for person in people]
    assert {"email", "attributes", "consent"} <= said["data"][0].keys()


def test_the_same_call_twice_makes_one_segment(crm):
    body = {"name": "Warm", "type": "rules", "rules": RULES}
    first = crm.post("segments", body, **{"Idempotency-Key": "k1"})
    again = crm.post("segments", body, **{"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_json() == again.get_json()
    assert db.session.query(Segment).count() == 1
    assert crm.post("segments", {**body, "name": "Other"}, **{"Idempotency-Key": "k1"}).status_code == 409


def test_keys_need_their_scopes(make_system):
    reader, writer = make_system("read"), make_system("write")
    one = made(writer)
    assert reader.post("segments", {"name": "x"}).status_code == 403
    assert writer.get("segments").status_code == 403
    assert patched(reader, one["id"], version=1).status_code == 403
    assert reader.get(f"segments/{one['id']}/count").status_code == 200
    assert reader.get("segments/999/count").status_code == 404
