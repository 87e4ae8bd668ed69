"""What cells mean: typed, or refused with their column and a reason in words."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
        ("1.50", 1.5),
        ("-0", 0),
        ("123456789012345", 123456789012345),
        ("1234567890123456", "1234567890123456"),
        ("123456789012345.6", "123456789012345.6"),
        ("0.00001", 0.00001),
        (" 85", " 85"),
        (".5", ".5"),
        ("1,5", "1,5"),
        ("NaN", "NaN"),
        ("yes", "yes"),
        ("[NaN]", "[NaN]"),
        ("[1, [2]]", "[1, [2]]"),
        ('[{"a": 1}]', '[{"a": 1}]'),
        ('["\\ud800"]', '["\\ud800"]'),
        ("[" * 4000 + "]" * 4000, "[" * 4000 + "]" * 4000),
        ("=SUM(A1)", "=SUM(A1)"),
        ("@SUM(A1)", "@SUM(A1)"),
        ("\t=1+1", "\t=1+1"),
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
        ("numeric", "+5", 5),
        ("numeric", "12345678901234567", 12345678901234567),
        ("numeric", "-1.50", -1.5),
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
        ("numeric", "1,234", "x: write numbers without separators"),
        ("numeric", "3,5", "x: write numbers without separators"),
        ("numeric", "1 234", "x: write numbers without separators"),
        ("numeric", "1’234.50", "x: write numbers without separators"),
        ("numeric", "nan", "x: it is not a number"),
        ("numeric", "-Infinity", "x: it is not a number"),
        ("numeric", "1e999", "x: it is not a number"),
        ("numeric", "1_000", "x: it is not a number"),
        ("numeric", "0x1F", "x: it is not a number"),
        ("numeric", "9" * 30, "too large"),
        ("numeric", "9" * 5000, "x: it is not a number"),
        ("string", "x" * 10_001, "at most 10,000"),
        ("date", "2026-10-22 10:00", "This is no date that exists"),
        ("timestamp", "10/22/2026 10:04", "could be mistaken"),
        ("array", "[" * 4000 + "]" * 4000, "not closed"),
        ("array", ";".join("x" * 1001), "at most 1,000"),
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
        ("customer_id", "0" * 5 + "9" * 25, "wrong_type"),
        ("customer_id", "9223372036854775808", "wrong_type"),
        ("customer_id", "0", "wrong_type"),
        ("customer_id", "-5", "wrong_type"),
        ("customer_id", "٣", "wrong_type"),
        ("created_date", "2026-10-22T24:61", "bad_date"),
        ("created_date", "0001-01-01", "bad_date"),
        ("created_date", "2026-10-22Z", "bad_date"),
        ("email", "maya@posteo.example, tom@posteo.example", "bad_email"),
        ("email", "x" * 490 + "@posteo.example", "too_long"),
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
    done = block("lms_lead_id,created_date", ["L1", ""], keep_empty=False)
    assert done.staged[0][-1] is None  # everybody signed up on some day


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


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-10-22", "2026-10-21T22:00:00+00:00"),
        (" 2026-10-22 10:04 ", "2026-10-22T08:04:00+00:00"),
        ("2026-10-22 10:04:31", "2026-10-22T08:04:31+00:00"),
        ("2026-10-22T10:04:31.5Z", "2026-10-22T10:04:31.500000+00:00"),
        ("2026-10-22T10:04:31.123456789+02:00", "2026-10-22T08:04:31.123456+00:00"),
        ("2026-10-22 10:04:31 +0200", "2026-10-22T08:04:31+00:00"),
        ("2026-03-29 02:30", "2026-03-29T01:30:00+00:00"),  # the clock skips this hour
    ],
)
def test_the_day_of_sign_up_reads_as_people_and_programs_write_it(cell, moment):
    assert block("lms_lead_id,created_date", ["L1", cell]).staged[0][8] == moment


def test_keys_are_trimmed_and_names_are_kept():
    row = block("lms_lead_id,email,first_name", [" L1\t", " Maya@Posteo.example\u00a0", " Zoë "]).staged[0]
    assert row[2:5] == ("L1", "Maya@Posteo.example", " Zoë ")


def test_a_wrong_cell_costs_its_row_only_wherever_it_stands():
    rows = [[f"L{n}", f"p{n}@posteo.example", str(n)] for n in range(50)]
    rows[7][1], rows[9][2], rows[11][0] = "nobody", "many", "L\x07"
    done = block("lms_lead_id,email,score:numeric", *rows)
    assert [(one.line, one.column) for one in done.rejects] == [(9, "email"), (11, "score"), (13, "lms_lead_id")]
    assert [row[0] for row in done.staged] == [n + 2 for n in range(50) if n not in (7, 9, 11)]
    assert done.rejects[0].text == "L7,nobody,7"


def test_a_reason_names_the_first_wrong_column_of_its_row():
    done = block("lms_lead_id,email,timezone", ["L1", "nobody", "Nowhere"])
    assert [(one.column, one.code) for one in done.rejects] == [("email", "bad_email")]


def test_moves_are_typed_as_well():
    header = ["email", "funnel_type", "from_stage", "to_stage", "created_date", "id"]
    columns = mapping.guess("funnel_events", header, [], {})
    rows = [
        ["Maya@Posteo.example", "sales", "", "applied", "2026-10-22T10:00:00Z", "m1"],
        ["maya@posteo.example", "Sales", "", "applied", "", ""],
        ["maya@posteo.example", "service-delivery", "started", " ", "", ""],
        ["", "sales", "", "applied", "", ""],
    ]
    typist = Typist("funnel_events", columns, {"zone": "Europe/Berlin"}, {})
    done = typist.block([Row(place, cells) for place, cells in enumerate(rows, 2)])
    moment = "2026-10-22T10:00:00+00:00"
    assert done.staged == [(2, None, None, "maya@posteo.example", "sales", None, "applied", moment, "m1")]
    assert [(one.line, one.column, one.code) for one in done.rejects] == [
        (3, "funnel_type", "bad_funnel_type"),
        (4, "to_stage", "missing"),
        (5, None, "nobody"),
    ]


@settings(max_examples=500, deadline=None)
@given(st.integers() | st.floats() | st.decimals(allow_nan=False, places=3))
def test_a_number_reads_as_the_api_would_store_it_or_stays_a_text(number):
    cell = str(number)
    read = attribute(cell)
    if not isinstance(read, str):
        assert json.dumps(read) == json.dumps(typed("x", json.loads(cell), None))
    else:
        assert read == cell


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20), max_size=9))
def test_copy_holds_what_was_staged(cells):
    done = block("lms_lead_id,first_name,note:string", *(["L1", cell, cell] for cell in cells))
    lines = done.as_copy().decode().split("\n")[:-1]
    back = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r"}
    for line, row in zip(lines, done.staged, strict=True):
        read = [None if x == "\\N" else re.sub(r"\\[\\tnr]", lambda one: back[one[0]], x) for x in line.split("\t")]
        assert read == [None if value is None else str(value) for value in row]


def test_what_is_remembered_of_many_different_cells_is_bounded():
    columns = mapping.guess("customers", ["lms_lead_id", *(f"a{n}" for n in range(99))], [], {})
    typist = Typist("customers", columns, {}, {})
    for start in range(0, 12_000, 4_000):
        typist.block([Row(n, [f"L{n}", *[f"text {n}"] * 99]) for n in range(start, start + 4_000)])
    assert sum(len(cells.known) for _, _, cells in typist.attributes) <= 200_000
    typist.block([Row(1, ["L1", *["x" * 9_000] * 99])])
    assert all("x" * 9_000 not in cells.known for _, _, cells in typist.attributes)
