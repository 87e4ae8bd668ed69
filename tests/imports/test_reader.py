"""Any CSV that the world writes: each non-blank row comes out once, good, or bad with its line and its reason."""

from __future__ import annotations

import csv
import io
import time
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.imports import detect, lines, reader
from app.imports.detect import Dialect
from app.imports.reader import BadRow, Row

COMMA = Dialect()


def cut(content: bytes, size: int = 7) -> Iterator[bytes]:
    """In chunks that end anywhere: inside a character, between CR and LF."""
    return iter([content[n : n + size] for n in range(0, len(content), size)])


def read(content: str | bytes, dialect: Dialect | None = None, size: int = 7) -> list[Row | BadRow]:
    raw = content.encode() if isinstance(content, str) else content
    return list(reader.rows(cut(raw, size), dialect or detect.dialect(raw)))


def told(content: str | bytes, dialect: Dialect | None = None) -> list[tuple[int, object]]:
    """(line, cells) of a good row, (line, code) of a bad one."""
    found = read(content, dialect)
    return [(row.line, row.cells if isinstance(row, Row) else row.code) for row in found]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_all_three_line_ends(end):
    assert told(end.join(["a,b", "1,2", "", "3,4"])) == [(2, ["1", "2"]), (4, ["3", "4"])]


@pytest.mark.parametrize("delimiter", list(detect.DELIMITERS))
def test_any_delimiter_is_found(delimiter):
    file = "\n".join(delimiter.join(row) for row in [("lms_lead_id", "city", "score"), ("L1", "Rome", "5")]) + "\n"
    assert detect.dialect(file.encode()).delimiter == delimiter
    assert told(file) == [(2, ["L1", "Rome", "5"])]


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "cp1252"),
    ],
)
def test_any_usual_encoding_is_found(encoding, found):
    raw = "lms_lead_id,first_name\nL1,Zoë\nL2,Jürgen\n".encode(encoding)
    assert detect.dialect(raw).encoding == found
    assert told(raw) == [(2, ["L1", "Zoë"]), (3, ["L2", "Jürgen"])]
    assert reader.header(cut(raw), detect.dialect(raw)) == ["lms_lead_id", "first_name"]


def test_a_few_wrong_bytes_cost_their_rows_only():
    good = [f"L{n},Zoë\n".encode() for n in range(30)]
    raw = b"lms_lead_id,first_name\n" + b"".join(good[:10]) + b"L99,Zo\xeb\n" + b"".join(good[10:])
    found = told(raw)
    assert detect.dialect(raw).encoding == "utf-8"
    assert [row for row in found if isinstance(row[1], str)] == [(12, "undecodable")]
    assert len(found) == 31


def test_quoted_newlines_belong_to_their_row():
    assert told('a,b\n"one\ntwo",2\n3,4\n') == [(2, ["one\ntwo", "2"]), (4, ["3", "4"])]


@pytest.mark.parametrize("rest", ["3,4\n5,6\n", "3,4\n" * 3000, '3,"",4\n5,6\n'])
def test_a_quote_that_is_never_closed_costs_its_own_row_only(rest):
    found = told('a,b\n1,2\n"open,2\n' + rest)
    assert found[:2] == [(2, ["1", "2"]), (3, "unclosed_quote")]
    assert len(found) == 2 + rest.count("\n")


def test_an_open_quote_swallows_no_row_that_is_quoted_itself():
    assert told('a,b\n"open,2\n"x",3\n"open,4\n5,"y, z"\n"6","7"\n') == [
        (2, "unclosed_quote"),
        (3, ["x", "3"]),
        (4, "unclosed_quote"),
        (5, ["5", "y, z"]),
        (6, ["6", "7"]),
    ]


def test_a_stray_quote_far_below_does_not_close_it_either():
    assert told('a,b\n"open,2\n3,4\n5,6"\n7,8\n') == [
        (2, "unclosed_quote"),
        (3, ["3", "4"]),
        (4, ["5", '6"']),
        (5, ["7", "8"]),
    ]


def test_a_closed_row_of_several_lines_with_a_cell_too_many_is_one_bad_row():
    assert told('a,b\n"one\ntwo",2,3\n4,5\n') == [(2, "ragged"), (4, ["4", "5"])]


def test_quotes_that_are_not_doubled_are_refused_not_guessed():
    assert told('a,b\n"say "hi" now",2\n"abc"x,2\n4,5\n') == [(2, "quote"), (3, "quote"), (4, ["4", "5"])]
    assert told('a,b\n"he said "hi"\nand left",2\n4,5\n') == [(2, "quote"), (3, "quote"), (4, ["4", "5"])]


def test_the_end_of_a_torn_row_is_known_also_when_it_begins_the_next_block(monkeypatch):
    monkeypatch.setattr(lines, "PIECE", 1)
    assert told('a,b\n"he said "hi"\nand left",2\n4,5\n') == [(2, "quote"), (3, "quote"), (4, ["4", "5"])]


def test_blanks_around_quotes_mean_nothing():
    assert told('a,b\n"one" ,"two"  \n') == [(2, ["one", "two"])]
    assert told('a, b\n1, "Rome, Italy"\n') == [(2, ["1", "Rome, Italy"])]


def test_a_quote_inside_a_cell_is_text():
    assert told('a,b\n5" disk,6" disk\n') == [(2, ['5" disk', '6" disk'])]


def test_rows_that_do_not_fit_the_header_are_named():
    assert told("a,b,c\n1,2\n1,2,3\n1,2,3,4\n1,2,3,,\n") == [
        (2, "ragged"),
        (3, ["1", "2", "3"]),
        (4, "ragged"),
        (5, ["1", "2", "3"]),
    ]


def test_nul_bytes_and_huge_cells_cost_their_rows_only():
    huge = "x" * (reader.LONGEST_CELL + 1)
    found = told(f"a,b\n1,2\n\0,2\n{huge},2\n3,4\n", COMMA)
    assert found == [(2, ["1", "2"]), (3, "nul"), (4, "too_long"), (5, ["3", "4"])]


def test_an_endless_line_is_refused_in_bounded_memory():
    def chunks() -> Iterator[bytes]:
        yield b"a,b\n1,2\n"
        for _ in range(60):
            yield b"x" * 1024 * 1024
        yield b"\n3,4\n"

    tracemalloc.start()
    found = [(row.line, isinstance(row, Row)) for row in reader.rows(chunks(), COMMA)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == [(2, True), (3, False), (4, True)]
    assert peak < 40 * 1024 * 1024


def test_an_open_quote_in_an_endless_file_is_given_up_in_bounded_memory():
    def chunks() -> Iterator[bytes]:
        yield b'a,b\n1,2\n"'
        for _ in range(20):
            yield (b"x" * 127 + b"\n") * 8192

    tracemalloc.start()
    codes = [row.code for row in reader.rows(chunks(), COMMA) if isinstance(row, BadRow)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert codes[0] == "unclosed_quote"
    assert set(codes[1:]) == {"ragged"}
    assert len(codes) == 20 * 8192
    assert peak < 60 * 1024 * 1024


@pytest.mark.parametrize("line", ['a","', '"abc,1', '"","""', '"x""y', 'x,"""'])
def test_a_file_full_of_open_quotes_takes_no_more_than_linear_time(line):
    raw = ("a,b\n" + f"{line}\n" * 60_000).encode()
    began = time.process_time()
    found = sum(1 for _ in reader.rows(iter([raw]), COMMA))
    assert time.process_time() - began < 5  # looking ahead to the end from each line would take minutes
    assert 30_000 <= found <= 60_000


def test_a_delimiter_too_many_in_the_header_asks_for_no_cell():
    assert told("a,b,\n1,2\n3,4,\n5\n") == [(2, ["1", "2", ""]), (3, ["3", "4", ""]), (4, "ragged")]


def test_a_mark_at_the_beginning_is_no_part_of_a_name_whatever_encoding_was_chosen():
    raw = '\ufeff"lms_lead_id",city\nL1,Rome\n'
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"):
        dialect = Dialect(encoding)
        assert reader.header(cut(raw.encode(encoding)), dialect) == ["lms_lead_id", "city"]


def test_an_open_quote_in_the_header_leaves_the_rows_alone():
    assert told('a,"b\n1,2\n3,4\n', COMMA) == [(2, ["1", "2"]), (3, ["3", "4"])]


def test_blank_lines_are_no_rows_also_in_a_single_column():
    assert told("a\n\n  \nx\n\t\n\n", COMMA) == [(4, ["x"])]
    assert told("a,b\n1,2\n\x1a", COMMA) == [(2, ["1", "2"])]
    assert told("a,b\n,\n", COMMA) == [(2, ["", ""])]


def test_excels_own_first_line_is_no_header():
    raw = b"sep=;\nlms_lead_id;city\nL1;Rome, Italy\n"
    assert detect.dialect(raw).delimiter == ";"
    assert reader.header(cut(raw), detect.dialect(raw)) == ["lms_lead_id", "city"]
    assert told(raw) == [(3, ["L1", "Rome, Italy"])]


def test_a_file_without_a_header_has_numbered_columns():
    raw = b"maya@posteo.example,5\ntom@posteo.example,6\n"
    dialect = detect.dialect(raw)
    assert not dialect.has_header
    assert reader.header(cut(raw), dialect) == ["Column 1", "Column 2"]
    assert [row.line for row in read(raw)] == [1, 2]


def test_reading_goes_on_after_the_line_it_was_killed_at():
    raw = b'a,b\n1,2\n"x\ny",2\n5,6\n7,8\n'
    assert [row.line for row in reader.rows(cut(raw), COMMA, 3)] == [5, 6]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b"PK\x03\x04" + b"x" * 100, "Excel or ZIP"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 100, "Excel"),
        (b"\x1f\x8b\x08" + b"x" * 100, "gzip"),
        (b"%PDF-1.7", "PDF"),
        (b'{"customers": []}', "JSON"),
        (b"<html><body>", "web page"),
        (bytes(range(256)) * 20, "binary"),
        (",".join(f"c{n}" for n in range(600)).encode() + b"\n1\n", "columns"),
    ],
)
def test_what_is_no_csv_is_said_so(content, said):
    assert said in (detect.problem(content, len(content)) or "")


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff\ufffd"), max_size=12)
TABLES = st.integers(2, 5).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=12))


@settings(max_examples=300, deadline=None)
@given(
    table=TABLES,
    delimiter=st.sampled_from([",", ";", "\t", "|", "^", "~"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
    size=st.integers(1, 40),
)
def test_what_was_written_is_read(table, delimiter, end, encoding, quoting, size):
    if quoting == csv.QUOTE_MINIMAL:  # of the line ends it sees only its own
        table = [[cell.translate({13: " ", 10: " "}) for cell in row] for row in table]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(
        [[f"h{n}" for n in range(len(table[0]))], *table]
    )
    dialect = Dialect(encoding, delimiter, True)
    found = list(reader.rows(cut(out.getvalue().encode(encoding), size), dialect))
    assert [row.cells for row in found if isinstance(row, Row)] == table


ODD = st.text('",;\n\r ab\0é', max_size=60)


@settings(max_examples=300, deadline=None)
@given(
    text=ODD, width=st.integers(1, 3), size=st.integers(1, 20), block=st.sampled_from([1, 3, 1000]), named=st.booleans()
)
def test_whatever_it_is_each_row_comes_once_however_it_is_cut(text, width, size, block, named):
    raw = (",".join("hij"[:width]) + "\n" + text).encode()
    dialect = Dialect("utf-8", ",", named)
    whole = list(reader.rows(iter([raw]), dialect))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "PIECE", block)
        assert list(reader.rows(cut(raw, size), dialect)) == whole
    places = [row.line for row in whole]
    assert places == sorted(set(places))
    for place in places[:3]:
        assert list(reader.rows(iter([raw]), dialect, place)) == [row for row in whole if row.line > place]
    kept = "".join("".join(row.cells) if isinstance(row, Row) else row.text for row in whole)
    said = text if named else ",".join("hij"[:width]) + text
    assert [c for c in kept if c in "abéhij"] == [c for c in said if c in "abéhij"]


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(st.sampled_from(["1,2", '"1","2"', '"1, 1",2', '3" disk,4', '"open,5', '"x "y" z",6']), max_size=30)
)
def test_bad_rows_cost_no_good_row(rows):
    """All but the open one are rows of one line, so each has its own line in the result."""
    raw = "a,b\n" + "\n".join(rows) + "\n"
    found = {row.line: isinstance(row, Row) for row in read(raw, COMMA)}
    assert found == {line: row not in ('"open,5', '"x "y" z",6') for line, row in enumerate(rows, 2)}
