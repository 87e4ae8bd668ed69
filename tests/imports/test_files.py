"""Files as programs and mishaps leave them: what is found, and what becomes of each row.

A file in `files/` is named for the program or the fault that wrote it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from app.imports import detect, mapping, reader
from app.imports.cells import Typist
from app.imports.reader import Row
from tests.imports.bringing import bring, confirmed, counts, rejects, uploaded

FILES = Path(__file__).parent / "files"
SAID = "utf-8 ,"

# name: (encoding and delimiter, header, rows: line and cells, or line and why it is refused)
READ: dict[str, tuple[str, list[str], list[tuple[int, list[str] | str]]]] = {
    "excel_germany.csv": (
        "cp1252 ;",
        ["lms_lead_id", "first_name", "last_name", "note", "score"],
        [
            (2, ["L1", "Zoë", "Möller", "eins\nzwei", "3,5"]),
            (4, ["L2", "Jürgen", "Groß", 'sagt "ja"; gern', "7"]),
        ],
    ),
    "excel_unicode_text.txt": (
        "utf-16 \t",
        ["lms_lead_id", "first_name", "city"],
        [(2, ["L1", "Zoë", "東京"]), (3, ["L2", "Ilya", "Rome\tItaly"])],
    ),
    "excel_utf8.csv": (
        "utf-8-sig ,",
        ["lms_lead_id", "first_name"],
        [(2, ["L1", "Zoë"]), (3, ["", ""]), (4, ["L2", "Łukasz"])],
    ),
    "excel_sep_line.csv": ("utf-8-sig ;", ["lms_lead_id", "city"], [(3, ["L1", "Rome, Italy"])]),
    "excel_2011_mac.csv": (
        "utf-8 ;",
        ["lms_lead_id", "first_name"],
        [(2, ["L1", "two\nlines"]), (5, ["L2", "Tom"])],
    ),
    "libreoffice.csv": (
        SAID,
        ["lms_lead_id", "first_name", "score"],
        [(2, ["L1", "Zoë", "5"]), (3, ["L2", 'say "hi"', "6.5"])],
    ),
    "google_sheets.csv": (
        SAID,
        ["lms_lead_id", "note", "interests"],
        [
            (2, ["L1", '=HYPERLINK("https://x.example")', "festivals, design"]),
            (3, ["L2", "+49 151 123", "-1+2"]),
        ],
    ),
    "pandas.csv": (SAID, ["", "lms_lead_id", "score"], [(2, ["0", "L1", "5.0"]), (3, ["1", "L2", ""])]),
    "powershell.csv": ("utf-16 ,", ["lms_lead_id", "mail"], [(3, ["L1", "maya@posteo.example"])]),
    "salesforce.csv": (
        SAID,
        ["lms_lead_id", "email", "note"],
        [(2, ["L1", "maya@posteo.example", "one\r\ntwo"]), (4, ["L2", "", ""])],
    ),
    "shop_trailing_semicolon.csv": (
        "utf-8 ;",
        ["lms_lead_id", "city", ""],
        [(2, ["L1", "Rome", ""]), (3, ["L2", "Oslo", ""])],
    ),
    "by_hand.csv": (
        SAID,
        ["lms_lead_id", "city", "note"],
        [(2, ["L1", "Rome, Italy", "hello "]), (3, ["L2", "Oslo", "x"])],
    ),
    "sap_bar.txt": (
        "cp1252 |",
        ["lms_lead_id", "city", "amount"],
        [(2, ["L1", "Köln", "1.200,50"]), (3, ["L2", "Zürich", "3"])],
    ),
    "hive_control_a.txt": ("utf-8 \x01", ["lms_lead_id", "city"], [(2, ["L1", "Rome"]), (3, ["L2", "Oslo"])]),
    "java_utf16be_without_mark.csv": (
        "utf-16-be ,",
        ["почта", "город"],
        [(2, ["иван@x.example", "Москва"]), (3, ["пётр@x.example", "Казань"])],
    ),
    "unclosed_quote.csv": (
        SAID,
        ["lms_lead_id", "note"],
        [
            (2, ["L1", "fine"]),
            (3, "unclosed_quote"),
            (4, ["L3", "closed, well"]),
            (5, ["L4", '5" disk']),
            (6, ["L5", "and\nagain"]),
            (8, "unclosed_quote"),
        ],
    ),
    "quote_not_doubled.csv": (
        SAID,
        ["lms_lead_id", "note"],
        [(2, "quote"), (3, "quote"), (4, ["L2", "blanks"]), (5, ["L3", "fine"])],
    ),
    "inch_sign.csv": (
        SAID,
        ["lms_lead_id", "size", "colour"],
        [(2, ["L1", '5" disk', "red"]), (3, ["L2", '3.5" disk', "blue"]), (4, ["L3", '6"', "green"])],
    ),
    "ragged_rows.csv": (
        SAID,
        ["lms_lead_id", "first_name", "city"],
        [(2, "ragged"), (3, ["L2", "Tom", "Rome"]), (4, "ragged"), (5, ["L4", "Ada", "Bonn"]), (6, "ragged")],
    ),
    "nul_bytes.csv": (
        SAID,
        ["lms_lead_id", "first_name"],
        [(2, "nul"), (3, ["L2", "Tom"]), (4, "nul"), (5, ["L3", "Ina"])],
    ),
    "mixed_bytes.csv": (
        SAID,
        ["lms_lead_id", "first_name"],
        [(2, ["L1", "Zoë"]), (3, ["L2", "Jürgen"]), (4, "undecodable"), (5, ["L4", "Łukasz"]), (6, ["L5", "Tom"])],
    ),
    "mixed_line_ends.csv": (
        SAID,
        ["lms_lead_id", "city"],
        [(2, ["L1", "Rome"]), (3, ["L2", "Oslo"]), (4, ["L3", "Bonn"]), (8, ["L4", "Kiel"])],
    ),
    "duplicate_names.csv": (
        SAID,
        ["lms_lead_id", "email", "E-Mail", "score", "score"],
        [(2, ["L1", "maya@posteo.example", "tom@posteo.example", "1", "2"])],
    ),
    "missing_names.csv": (
        SAID,
        ["lms_lead_id", "", "city", ""],
        [(2, ["L1", "x", "Rome", "y"]), (3, ["L2", "x", "Oslo", ""])],
    ),
    "blank_lines.csv": (SAID, ["lms_lead_id", "city"], [(6, ["L1", "Rome"]), (9, ["L2", "Oslo"])]),
    "header_only.csv": (SAID, ["lms_lead_id", "email"], []),
}
NO_CSV = {
    "empty.csv": "The file is empty.",
    "only_a_mark.csv": "The file is empty.",
    "renamed_xlsx.csv": "This is an Excel or ZIP file. Save the sheet as CSV and upload that.",
    "renamed_gzip.csv": "This file is compressed (gzip). Unpack it and upload the CSV inside.",
    "renamed_pdf.csv": "This is a PDF, not a CSV.",
    "json_lines.csv": "This looks like JSON, not CSV. Other systems send JSON to the API.",
}


@pytest.mark.parametrize("name", list(READ))
def test_each_row_of_the_file_comes_out_once(name):
    raw = (FILES / name).read_bytes()
    said, names, told = READ[name]
    assert detect.problem(raw, len(raw)) is None
    dialect = detect.dialect(raw)
    assert f"{dialect.encoding} {dialect.delimiter}" == said
    assert reader.header(iter([raw]), dialect) == names
    for size in (1, 7, 100_000):
        chunks = (raw[n : n + size] for n in range(0, len(raw), size))
        rows = [(row.line, row.cells if isinstance(row, Row) else row.code) for row in reader.rows(chunks, dialect)]
        assert rows == told


@pytest.mark.parametrize("name", list(NO_CSV))
def test_what_is_no_csv_says_what_it_is(name):
    raw = (FILES / name).read_bytes()
    assert detect.problem(raw, len(raw)) == NO_CSV[name]


def test_each_wrong_value_is_refused_by_line_and_column():
    raw = (FILES / "wrong_values.csv").read_bytes()
    dialect = detect.dialect(raw)
    columns = mapping.guess("customers", reader.header(iter([raw]), dialect), [], {})
    done = Typist("customers", columns, {"zone": "Europe/Berlin"}, {}).block(list(reader.rows(iter([raw]), dialect)))
    assert [row[0] for row in done.staged] == [2]
    assert [(one.line, one.column, one.reason) for one in done.rejects] == [
        (3, "email", "The e-mail address has no @"),
        (4, "timezone", "No time zone is called that; write it like Europe/Berlin"),
        (5, "created_date", "This day or time does not exist"),
        (6, "created_date", "Day and month could be mistaken for each other; write it like 2026-10-22"),
        (7, "score", "score: write numbers without separators and with a point, like 1234.5"),
        (8, "born", "This is no date that exists; write it like 2026-10-22"),
        (9, None, "Neither lms_lead_id nor e-mail"),
    ]


@pytest.mark.parametrize("name", sorted(READ.keys() - {"header_only.csv", "java_utf16be_without_mark.csv"}))
def test_every_row_of_the_file_is_counted_once_when_it_is_written(app, name):
    told = READ[name][2]
    upload = confirmed(bring((FILES / name).read_bytes(), name=name))
    assert upload.state == "done"
    assert upload.rows == len(told) == sum(counts(upload))
    assert {line for line, cells in told if isinstance(cells, str)} <= {line for line, _, _ in rejects(upload)}


def test_a_name_that_no_database_keeps_is_shown_with_marks(app):
    raw = b"lms_lead_id,Stra\xdfe,na\0me\n" + "L1,Zoë,x\nL2,Zoë,x\n".encode()
    assert [column["name"] for column in uploaded(raw).columns] == ["lms_lead_id", "Stra\ufffde", "na\ufffdme"]


def test_no_file_is_left_out():
    names = {path.name for path in FILES.iterdir()} - {".gitattributes", "wrong_values.csv"}
    assert names == READ.keys() | NO_CSV.keys()
