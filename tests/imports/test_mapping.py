"""What columns mean: guessed from their names alone, and checked before a row is read."""

from __future__ import annotations

from typing import Any

import pytest

from app.imports import mapping


def guessed(*header: str, kind: str = "customers", types: dict[str, str] | None = None) -> list[dict[str, Any]]:
    return mapping.guess(kind, header, [], types or {})


def problems(*header: str, kind: str = "customers") -> dict[str, str]:
    return mapping.problems(kind, guessed(*header, kind=kind))


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("lms_lead_id", "lms_lead_id"),
        ("LMS Lead ID", "lms_lead_id"),
        ("external_id", "lms_lead_id"),
        ("E-Mail", "email"),
        ("email:string", "email"),
        ("First\nName", "first_name"),
        ("created_date", "created_date"),
        ("customer_id", "customer_id"),
        ("occurred_at", "attribute"),
        ("phone", "attribute"),
        ("Mentor", "attribute"),
    ],
)
def test_names_that_we_know_are_fields_and_all_others_attributes(header, field):
    assert guessed(header)[0]["field"] == field


@pytest.mark.parametrize(
    ("header", "name", "kind"),
    [
        ("score", "score", ""),
        ("score:numeric", "score", "numeric"),
        (" score : Numeric ", "score", "numeric"),
        ("born on:date", "born on", "date"),
        ("line\nbreak", "line break", ""),
        ("a:b:array", "a:b", "array"),
        ("score:", "score", ""),
    ],
)
def test_a_name_may_declare_its_type(header, name, kind):
    column = guessed(header)[0]
    assert (column["field"], column["name"], column["type"]) == ("attribute", name, kind)


def test_a_declared_attribute_keeps_its_type():
    assert guessed("score", types={"score": "numeric"})[0]["type"] == "numeric"


@pytest.mark.parametrize(
    ("header", "note"),
    [
        ("", mapping.NO_NAME),
        (":numeric", mapping.NO_NAME),
        ("consent_newsletter", mapping.NO_TOPIC.format("")),
        ("id", mapping.RESERVED),
        ("attributes", mapping.RESERVED),
    ],
)
def test_what_cannot_be_read_is_ignored_with_a_note(header, note):
    column = guessed(header)[0]
    assert (column["field"], column["note"]) == ("ignore", note)


def test_of_two_columns_of_one_name_the_first_is_read():
    assert [c["field"] for c in guessed("email", "E-Mail", "score", "score", "Score")] == [
        "email",
        "ignore",
        "attribute",
        "ignore",
        "attribute",
    ]
    assert guessed("email", "E-Mail")[1]["note"] == mapping.TWICE


def test_moves_have_fields_of_their_own_and_no_attributes():
    header = ("external_id", "funnel_type", "from_stage", "to_stage", "occurred_at", "id", "score")
    assert [c["field"] for c in guessed(*header, kind="funnel_events")] == [
        "lms_lead_id",
        "funnel_type",
        "from_stage",
        "to_stage",
        "created_date",
        "id",
        "ignore",
    ]
    assert problems(*header, kind="funnel_events") == {}


@pytest.mark.parametrize("key", ["lms_lead_id", "email", "customer_id"])
def test_one_key_is_enough(key):
    assert problems(key) == {}


def test_without_a_key_nobody_is_meant():
    assert "who is meant" in problems("first_name", "score")["columns"]
    assert "who is meant" in problems("funnel_type", "to_stage", kind="funnel_events")["columns"]


def test_a_move_needs_its_funnel_and_its_stage():
    said = problems("email", kind="funnel_events")["columns"]
    assert said == "A move needs the columns funnel_type and to_stage."


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("score:money", "“money” is no type: choose one of numeric"),
        ("x" * 101, "1 to 100 characters"),
        ("a\x07b", "no control characters"),
        ("Stra\ufffdße:numeric:x", "“x” is no type"),
    ],
)
def test_a_column_that_cannot_be_kept_says_why(header, said):
    assert said in problems("lms_lead_id", header)["columns.1"]


def test_what_a_person_chose_is_checked_as_well():
    columns = guessed("lms_lead_id", "score", "city")
    columns[1] |= {"name": "email"}
    columns[2] |= {"field": "lms_lead_id"}
    found = mapping.problems("customers", columns)
    assert "is a field of the customer" in found["columns.1"]
    assert found["columns.2"] == "Column 1 is the same; ignore one of them."
    assert "no field" in mapping.problems("funnel_events", guessed("score"))["columns.0"]


def test_more_columns_than_a_table_has_are_refused():
    assert problems("email", *(f"c{n}" for n in range(499))) == {}
    assert problems("email", *(f"c{n}" for n in range(500)))["columns"] == "This file has more than 500 columns."
