"""How a file is written is found out from its beginning; what is no CSV is said so in a sentence."""

from __future__ import annotations

import pytest

from app.imports import detect, reader
from app.imports.detect import Dialect

TABLE = [("lms_lead_id", "city", "score"), ("L1", "Rome", "5"), ("L2", "Oslo", "6")]
OWN_TABLE = [("name", "town", "points"), ("Maya", "Rome", "5"), ("Tom", "Oslo", "6")]


def joined(table: list[tuple[str, ...]], delimiter: str) -> bytes:
    return "".join(delimiter.join(row) + "\n" for row in table).encode("latin-1")


def found(content: bytes | str) -> Dialect:
    return detect.dialect(content.encode() if isinstance(content, str) else content)


@pytest.mark.parametrize("delimiter", [*detect.DELIMITERS, "*", "#", "§", "¦", "\x01", "\x1f"])
@pytest.mark.parametrize("table", [TABLE, OWN_TABLE], ids=["names we know", "names of their own"])
def test_whatever_sign_divides_all_lines_alike_is_the_delimiter(delimiter, table):
    assert found(joined(table, delimiter)).delimiter == delimiter


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        ("name,joined\nMaya,2026-10-22 10:04:00\nTom,2026-10-22 11:05:00\n", ","),
        ("name;price;note\nMaya;3,50;a, b\nTom;4,75;c, d\n", ";"),
        ("email\nmaya@posteo.example\ntom@posteo.example\n", ","),
        ("lms_lead_id\nL-1\nL-2\n", ","),
        ('name,say\nMaya,"a;b;c"\nTom,"d;e;f"\n', ","),
        ("a;b\n1;2", ";"),
        ("", ","),
    ],
)
def test_signs_inside_values_are_no_delimiters(content, delimiter):
    assert found(content).delimiter == delimiter


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("name\nZoë\n".encode(), "utf-8"),
        ("name\nZoë\n".encode("cp1252"), "cp1252"),
        (b"name\nZoe\n", "utf-8"),
        ("name\nZoë\nJürgen\n".encode() + "Anaïs\n".encode("cp1252"), "utf-8"),
        ("name\nZoë\nJürgen\n".encode("cp1252") + "Łukasz\n".encode(), "cp1252"),
        ("имя,город\nИлья,Москва\nПётр,Казань\n".encode("utf-16-le"), "utf-16-le"),
        ("имя,город\nИлья,Москва\nПётр,Казань\n".encode("utf-16-be"), "utf-16-be"),
        ("name,city\n山田,東京\n".encode("utf-16-le"), "utf-16-le"),
        (b"a,b\n1,\0\n\0,2\n", "utf-8"),
        (b"lms_lead_id,first_name\nL1,Ma\0ya\nL2,Tom\n", "utf-8"),
    ],
)
def test_the_encoding_is_found(content, encoding):
    assert found(content).encoding == encoding


def test_a_character_that_the_look_cuts_in_two_is_not_wrong():
    whole = "name\n" + "Zoë\n" * 50
    for end in range(40, 60):
        assert found(whole.encode()[:end]).encoding == "utf-8"


@pytest.mark.parametrize(
    ("content", "has_header"),
    [
        ("lms_lead_id,city\nL1,Rome\n", True),
        ("Full Name,Town\nMaya,Rome\n", True),
        ("maya@posteo.example,Rome\ntom@posteo.example,Oslo\n", False),
        ("1001,Rome\n1002,Oslo\n", False),
        ("Maya,2026-10-22\nTom,2026-10-23\n", False),
    ],
)
def test_the_first_row_is_a_header_unless_it_holds_values(content, has_header):
    assert found(content).has_header == has_header


def test_blanks_after_each_delimiter_are_seen():
    assert found('name, town\nMaya, "Rome, Italy"\n').is_spaced
    assert not found('name,town\nMaya,"Rome, ""Italy"""\n').is_spaced


def test_what_a_form_says_is_believed_as_far_as_it_can_be():
    dialect = Dialect("cp1252", "|", False, True)
    assert Dialect.from_json(dialect.as_json()) == dialect
    assert Dialect.from_json({"encoding": "ebcdic", "delimiter": "||", "has_header": True}) == Dialect()
    assert Dialect.from_json({"delimiter": '"'}).delimiter == ","
    assert Dialect("utf-8", "\x01").said == "“U+0001”, UTF-8"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04" + b"x" * 100, "Excel or ZIP"),
        (b"PK\x05\x06" + b"\0" * 18, "empty ZIP"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 100, "old Excel"),
        (b"BZh91AY&SY", "bzip2"),
        (b"\x28\xb5\x2f\xfd\x04", "zstd"),
        (b"PAR1\x15\x04", "Parquet"),
        (b"SQLite format 3\0", "SQLite"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b'\xef\xbb\xbf[\n  {"lms_lead_id": 1}\n]', "JSON"),
        (b"  <!DOCTYPE html>", "web page"),
        (b"\0" * 1000, "empty"),
        (b"\x7fELF\x02\x01\x01" + bytes(range(32)) * 30, "binary"),
        (b"x" * 250_000, "first line is longer"),
        (";".join(f"c{n}" for n in range(501)).encode() + b"\n", "more than 500 columns"),
    ],
)
def test_what_is_no_csv_is_called_what_it_is(content, said):
    assert said in (detect.problem(content, len(content)) or "")


@pytest.mark.parametrize(
    "content",
    [
        b"[Email],[Name]\nmaya@posteo.example,Maya\n",
        b" " * 2100 + b"\nlms_lead_id,city\nL1,Rome\n",
        b"lms_lead_id,first_name\nL1,Ma\0ya\n",
        b"lms_lead_id\x01city\nL1\x01Rome\n",
        b"a,b\n1," + b"x" * 240_000,
        ";".join(f"c{n}" for n in range(500)).encode() + b"\n",
        "имя,город\nИлья,Москва\n".encode("utf-16"),
    ],
)
def test_odd_ones_are_csv_all_the_same(content):
    assert detect.problem(content, len(content)) is None


def test_a_line_above_the_header_that_says_how_the_file_is_written_is_no_header():
    for line in ("sep=;", '"sep=;"', "SEP=;"):
        raw = f"{line}\r\nlms_lead_id;city\r\nL1;Rome\r\n".encode("utf-8-sig")
        assert found(raw).delimiter == ";"
        assert reader.header(iter([raw]), found(raw)) == ["lms_lead_id", "city"]
    tab = b"sep=\t\r\nlms_lead_id\tcity\r\nL1\tRome\r\n"
    assert found(tab).delimiter == "\t"
