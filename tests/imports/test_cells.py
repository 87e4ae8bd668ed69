"""What cells mean: typed, or refused with their column and a reason in words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.customers.attribute_values import Wrong, typed
from app.imports import mapping
from app.imports.cells import Block, Typist
from app.imports.reader import BadRow, Row


def block(header: str, *rows: list[str], types: dict[str, str] | None = None, **options: Any) -> Block:
    columns = mapping.guess("customers", header.split(","), [], types or {})
    assert mapping.problems("customers", columns) == {}
    typist = Typist("customers", columns, {"zone": "Europe/Berlin"} | options, types or {})
    return typist.block([Row(place + 2, cells) for place, cells in enumerate(rows)])


def attribute(cell: str, kind: str = "") -> Any:
    """As it would be stored; the reason when it is refused."""
    done = block(f"lms_lead_id,x:{kind}" if kind else "lms_lead_id,x", ["L1", cell])
    return json.loads(done.staged[0][-2]).get("x") if done.staged else done.rejects[0].reason


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("85", 85),
        ("-3.5", -3.5),
        ("00123", "00123"),
        ("+49 151", "+49 151"),
        ("1e5", "1e5"),
        ("12345678901234567890", "12345678901234567890"),
        ("TRUE", True),
        ("false", False),
        ('["a", "b"]', ["a", "b"]),
        ("[a, b]", "[a, b]"),
        ("2026-10-22", "2026-10-22"),
        ("=SUM(A1)", "=SUM(A1)"),
        ("", None),
    ],
)
def test_each_value_reads_as_it_is_written(cell, value):
    assert attribute(cell) == value


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("numeric", " 85 ", 85),
        ("numeric", "1e3", 1000.0),
        ("numeric", "007", 7),
        ("string", "85", "85"),
        ("boolean", "Yes", True),
        ("boolean", "0", False),
        ("date", "2026-02-28", "2026-02-28"),
        ("timestamp", "2026-10-22 10:04", "2026-10-22T08:04:00+00:00"),
        ("timestamp", "2026-10-22T10:04:00Z", "2026-10-22T10:04:00+00:00"),
        ("array", "festivals; design;", ["festivals", "design"]),
        ("array", "[1, 2]", [1, 2]),
    ],
)
def test_a_declared_type_reads_the_cell(kind, cell, value):
    assert attribute(cell, kind) == value


@pytest.mark.parametrize(
    ("kind", "cell", "reason"),
    [
        ("numeric", "sixty", "x: it is not a number"),
        ("numeric", "1.234,5", "x: write numbers without separators"),
        ("numeric", "nan", "x: it is not a number"),
        ("boolean", "maybe", "x: it is neither true nor false"),
        ("date", "2026-02-30", "This is no date that exists"),
        ("date", "22.10.2026", "This is no date that exists"),
        ("timestamp", "2026-13-01T00:00:00Z", "does not exist"),
        ("array", "[1, [2]]", "A list holds"),
        ("array", "[1", "not closed"),
    ],
)
def test_what_does_not_fit_its_type_is_refused(kind, cell, reason):
    assert reason.lower() in str(attribute(cell, kind)).lower()


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("email", "noah.fischer.gmx.de", "bad_email"),
        ("email", "a@b", "bad_email"),
        ("email", "a\x07@x.example", "control_characters"),
        ("timezone", "Berlin", "bad_timezone"),
        ("created_date", "03/04/2026", "bad_date"),
        ("created_date", "2026-02-30", "bad_date"),
        ("customer_id", "12a", "wrong_type"),
        ("customer_id", "99999999999999999999", "wrong_type"),
        ("first_name", "x" * 501, "too_long"),
        ("lms_lead_id", "L\t1", "control_characters"),
    ],
)
def test_a_bad_field_refuses_its_row_by_column(column, cell, code):
    key = "lms_lead_id" if column != "lms_lead_id" else "email"
    name = "L1" if key == "lms_lead_id" else "a@x.example"
    done = block(f"{key},{column}", [name, cell], [name, ""])
    assert [(one.line, one.column, one.code) for one in done.rejects] == [(2, column, code)]
    assert done.count == 1


def test_a_row_that_names_nobody_is_refused():
    done = block("lms_lead_id,email,first_name", ["", " ", "Julia"])
    assert [(one.code, one.text) for one in done.rejects] == [("nobody", '"", ,Julia'.replace('""', ""))]


def test_an_empty_cell_clears_when_that_is_wanted_but_never_a_key():
    done = block("lms_lead_id,email,mobile,score", ["L1", "", "", ""], keep_empty=False)
    assert done.staged[0][-2:] == ('{"score":null}', "{mobile}")


def test_days_without_a_zone_are_those_of_the_team():
    done = block("lms_lead_id,created_date", ["L1", "2026-07-01"], ["L2", "2026-07-01T10:00:00+01:00"])
    assert [row[8] for row in done.staged] == ["2026-06-30T22:00:00+00:00", "2026-07-01T09:00:00+00:00"]


def test_bad_rows_of_the_reader_are_passed_on():
    columns = mapping.guess("customers", ["lms_lead_id"], [], {})
    done = Typist("customers", columns, {}, {}).block([BadRow(2, "ragged", "why", "1,2"), Row(3, ["L1"])])
    assert [(one.line, one.reason) for one in done.rejects] == [(2, "why")]
    assert done.count == 1


def test_copy_escapes_what_it_must():
    done = block("lms_lead_id,first_name,note", ["L1", "back\\slash", "tab\tline\nend"], ["L2", "", ""])
    lines = done.as_copy().decode().split("\n")
    assert len(lines) == 3
    assert lines[0].split("\t")[4] == "back\\\\slash"
    assert lines[1].split("\t")[4] == "\\N"


def test_a_file_and_the_api_store_the_same_value_alike():
    for cell, value in (("85", 85), ("true", True), ('["a"]', ["a"]), ("text", "text")):
        assert attribute(cell) == typed("x", value, None)
    with pytest.raises(Wrong):
        typed("score", "85", "numeric")
    with pytest.raises(Wrong):
        typed("email", "x", None)
    with pytest.raises(Wrong):
        typed("x", {"a": 1}, None)


def test_columns_are_guessed_and_checked():
    header = ["LMS_Lead_ID", "E-Mail", "score:numeric", "mentor", "mentor", "", "id", "consent_newsletter"]
    columns = mapping.guess("customers", header, [], {"mentor": "string"})
    assert [(c["field"], c["type"]) for c in columns] == [
        ("lms_lead_id", ""),
        ("email", ""),
        ("attribute", "numeric"),
        ("attribute", "string"),
        ("ignore", "string"),
        ("ignore", ""),
        ("ignore", ""),
        ("ignore", ""),
    ]
    assert mapping.problems("customers", columns[3:4])["columns"].startswith("No column says who")
    assert "columns.0" in mapping.problems("customers", [columns[2] | {"type": "money"}, columns[0]])
    assert "columns.1" in mapping.problems("customers", [columns[0], columns[0]])
