"""Addresses that get nothing, as other systems and files name them."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from app.consent import suppressions
from app.consent.suppression import Suppression
from app.db import db
from app.imports import suppression_list
from app.receipts.receipt import Receipt
from tests.factories import make_customer

NOW = datetime(2026, 10, 22, 8, 4, tzinfo=UTC)


pytestmark = pytest.mark.usefixtures("app")


def read_in(content: str):
    tally = suppression_list.read_in(io.BytesIO(content.encode()), "Max", NOW)
    db.session.commit()
    return tally


def reasons(email: str) -> set[str]:
    found = suppressions.of_address(email)
    return set(found.reasons) if found else set()


def test_addresses_are_listed_with_their_reasons(lms):
    items = [
        {"email": "A@x.example", "reason": "hard_bounce", "at": "2026-01-01T00:00:00Z"},
        {"email": "b@x.example", "reason": "bounce"},
        {"email": "c@x.example", "reason": "complaint"},
        {"email": "d@x.example"},
        {"email": "e@x.example", "reason": "asked on the phone"},
    ]
    answer = lms.post("suppressions", {"suppressions": items}).get_json()
    assert (answer["received"], answer["created"], answer["rejected"]) == (5, 5, [])
    found = [reasons(f"{name}@x.example") for name in "abcde"]
    assert found == [{"hard_bounce"}, {"hard_bounce"}, {"complaint"}, {"manual"}, {"manual"}]
    last = suppressions.of_address("e@x.example")
    assert (last.note, last.source) == ("asked on the phone", "LMS (API)")
    again = lms.post("suppressions", {"suppressions": items}).get_json()
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 5)
    assert db.session.scalar(select(func.count()).select_from(Receipt)) == 2


def test_a_call_is_answered_once_for_its_key(lms):
    item = {"email": "a@x.example"}
    first = lms.post("suppressions", item, **{"Idempotency-Key": "k1"})
    assert lms.post("suppressions", item, **{"Idempotency-Key": "k1"}).data == first.data


@pytest.mark.parametrize(
    ("item", "code", "field"),
    [
        ({"email": "nobody"}, "bad_value", "email"),
        ({"reason": "manual"}, "missing", "email"),
        ({"email": "a@x.example", "reason": "x" * 201}, "wrong_type", "reason"),
        ({"email": "a@x.example", "at": "2999-01-01T00:00:00Z"}, "in_the_future", "at"),
        ({"email": "a@x.example", "at": "0001-01-01T00:00:00+01:00"}, "too_old", "at"),
        ({"email": "a@x.example", "why": "x"}, "unknown_key", "why"),
    ],
)
def test_a_bad_item_is_named(lms, item, code, field):
    answer = lms.post("suppressions", {"suppressions": [item, {"email": "good@x.example"}]})
    said = answer.get_json()
    assert (answer.status_code, said["created"]) == (200, 1)
    assert [(one["index"], one["code"], one["field"]) for one in said["rejected"]] == [(0, code, field)]


def test_only_a_key_that_may_send_facts_lists_addresses(make_system):
    assert make_system("read").post("suppressions", {"email": "a@x.example"}).status_code == 403


def test_a_file_names_people_by_any_key():
    maya = make_customer(lms_lead_id="L1", email="maya@x.example")
    make_customer(lms_lead_id="L2", email="paul@x.example")
    make_customer(lms_lead_id="L3")
    tally = read_in(
        "customer_id;lms_lead_id;email;reason\n"
        f"{maya.id};;;complaint\n"
        ";L2;;\n"
        ";;New@x.example;bounce\n"
        ";;new@x.example;bounce\n"
        "\n"
        ";L9;;\n"
        ";L3;;\n"
        ";;nobody;\n"
        ";;;manual\n"
        ";;a@x.example\n"
    )
    assert (tally.received, tally.created, tally.updated, tally.unchanged) == (9, 3, 0, 1)
    assert [(one.index, one.code) for one in tally.rejects] == [
        (7, "unknown_customer"),
        (8, "no_address"),
        (9, "bad_value"),
        (10, "missing"),
        (11, "ragged"),
    ]
    assert [reasons(f"{name}@x.example") for name in ("maya", "paul", "new")] == [
        {"complaint"},
        {"manual"},
        {"hard_bounce"},
    ]


def test_the_same_list_again_changes_nothing():
    content = "email\na@x.example\nb@x.example\n"
    assert read_in(content).created == 2
    again = read_in(content)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 2)


def test_a_person_named_by_id_is_meant_whatever_address_the_list_has():
    make_customer(lms_lead_id="L1", email="now@x.example")
    tally = read_in("lms_lead_id,email\nL1,then@x.example\n")
    assert (tally.received, tally.created) == (1, 1)
    assert (reasons("now@x.example"), reasons("then@x.example")) == ({"manual"}, {"manual"})


def test_a_bare_column_of_addresses_is_a_list():
    assert read_in("a@x.example\nb@x.example\n").created == 2


@pytest.mark.parametrize("content", ["", "name\nMaya\n", "email\n", '{"email": "a@x.example"}'])
def test_what_is_no_list_is_said_so(content):
    with pytest.raises(suppression_list.NoList):
        read_in(content)
    assert db.session.scalar(select(func.count()).select_from(Suppression)) == 0


def test_the_command_ends_with_its_count(app, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("email\na@x.example\nnobody\n")
    ran = app.test_cli_runner().invoke(args=["import", "suppressions", str(file)])
    assert ran.exit_code == 0, ran.output
    assert ran.output.splitlines()[-1] == "created 1 updated 0 unchanged 0 rejected 1"
    file.write_text("name\nMaya\n")
    refused = app.test_cli_runner().invoke(args=["import", "suppressions", str(file)])
    assert refused.exit_code == 1
    assert "No column says who is meant" in refused.output
