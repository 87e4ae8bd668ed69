"""How a file is written: encoding, delimiter, header; or why it is no CSV at all."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with BOM",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 (little endian)",
    "utf-16-be": "UTF-16 (big endian)",
    "cp1252": "Windows-1252",
}
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", "^": "caret", "~": "tilde", ":": "colon"}
NEVER_ONE = "\"'_-.@()[]{}<>+/\\&%$=?! \v\f\x85\xa0\xad"  # signs that stand in names and values themselves
KNOWN = re.compile(
    r"(customer_id|lms_lead_id|external_id|e-?mail|first_name|last_name|mobile|timezone|created_date|occurred_at|"
    r"funnel_type|from_stage|to_stage|id|consent_\w+)(:\w+)?"
)
VALUE = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|[-+]?\d+([.,]\d+)?|\d{4}-\d\d-\d\d.*")
MAGIC = (
    (b"PK\x03\x04", "This is an Excel or ZIP file. Save the sheet as CSV and upload that."),
    (b"\xd0\xcf\x11\xe0", "This is an old Excel file. Save the sheet as CSV and upload that."),
    (b"\x1f\x8b", "This file is compressed (gzip). Unpack it and upload the CSV inside."),
    (b"7z\xbc\xaf", "This file is compressed (7z). Unpack it and upload the CSV inside."),
    (b"Rar!", "This file is compressed (RAR). Unpack it and upload the CSV inside."),
    (b"%PDF", "This is a PDF, not a CSV."),
    (b"{\\rtf", "This is a text document, not a CSV."),
    (b"PK\x05\x06", "This is an empty ZIP file."),
    (b"BZh91AY", "This file is compressed (bzip2). Unpack it and upload the CSV inside."),
    (b"\xfd7zXZ", "This file is compressed (xz). Unpack it and upload the CSV inside."),
    (b"\x28\xb5\x2f\xfd", "This file is compressed (zstd). Unpack it and upload the CSV inside."),
    (b"PAR1", "This is a Parquet file. Export it as CSV and upload that."),
    (b"SQLite format 3", "This is a database (SQLite). Export the table as CSV and upload that."),
    (b"\x89PNG", "This is a picture, not a CSV."),
    (b"\xff\xd8\xff", "This is a picture, not a CSV."),
)
NO_TEXT = bytes(set(range(32)) - set(b"\t\n\v\f\r\x01\x1a\x1b\x1e\x1f"))
MARKS = b"\xef\xbb\xbf \t\r\n"
JSON = re.compile(rb'\{\s*(["}]|$)|\[\s*[\[{"\]]')
MARKUP = (b"<html", b"<!doc", b"<?xml", b"<tabl")
LOOKED_AT = 200  # lines
MOST_COLUMNS = 500
LONGEST_FIRST = 200_000  # bytes
LONGEST_CELL = 1024 * 1024  # characters

csv.field_size_limit(LONGEST_CELL)


@dataclass(frozen=True)
class Dialect:
    encoding: str = "utf-8"
    delimiter: str = ","
    has_header: bool = True
    is_spaced: bool = False  # blanks after each delimiter, also before a quote: 1, "Rome, Italy"

    @property
    def errors(self) -> str:
        # What cannot be read is marked, and the rows that hold a mark are refused.
        return "replace" if self.encoding.startswith("utf-16") else "surrogateescape"

    @property
    def said(self) -> str:
        shown = self.delimiter if self.delimiter.isprintable() else f"U+{ord(self.delimiter):04X}"
        delimiter = DELIMITERS.get(self.delimiter, f"“{shown}”")
        return f"{delimiter}, {ENCODINGS.get(self.encoding, self.encoding)}"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Dialect:
        """Whatever a form says: what is unknown is as it would be without it."""
        encoding, delimiter = said.get("encoding", "utf-8"), said.get("delimiter", ",")
        return cls(
            encoding if encoding in ENCODINGS else "utf-8",
            delimiter if isinstance(delimiter, str) and len(delimiter) == 1 and delimiter not in '"\r\n' else ",",
            bool(said.get("has_header", True)),
            bool(said.get("is_spaced", False)),
        )


def parsed(lines: Iterable[str], dialect: Dialect) -> Iterator[list[str]]:
    """Strict: a quote that is open at the end, or followed by text, is an error and never runs into the next row."""
    return csv.reader(lines, delimiter=dialect.delimiter, skipinitialspace=dialect.is_spaced, strict=True)


def problem(head: bytes, size: int) -> str | None:
    """A sentence when this is no CSV."""
    return _no_text(head, size) or _no_table(head)


def _no_text(head: bytes, size: int) -> str | None:
    if not size or not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
        return "The file is empty."
    for magic, said in MAGIC:
        if head.startswith(magic):
            return said
    if not _encoding(head).startswith("utf-16") and _is_binary(head):
        return "This is a binary file, not a CSV."
    return None


def _is_binary(head: bytes) -> bool:
    """Nearly everywhere, or mostly and in the header: some rows with NUL bytes are refused one by one."""
    lines = [line for line in re.split(rb"[\r\n]+", head) if line.strip()]
    odd = [len(line.translate(None, NO_TEXT)) < len(line) for line in lines]
    is_much = len(head) - len(head.translate(None, NO_TEXT)) > len(head) / 50
    return is_much and sum(odd) > (0.5 if odd[0] else 0.8) * len(odd)


def _no_table(head: bytes) -> str | None:
    start = head[:2000].lstrip(MARKS)
    if JSON.match(start):
        return "This looks like JSON, not CSV. Other systems send JSON to the API."
    if start[:5].lower() in MARKUP:
        return "This is a web page or XML, not a CSV."
    if len(head) >= LONGEST_FIRST and not re.search(rb"[\r\n]", head.lstrip(MARKS)[:LONGEST_FIRST]):
        return f"The first line is longer than {LONGEST_FIRST:,} characters, so this is no table."
    if len(_first_row(head)) > MOST_COLUMNS:
        return f"This file has more than {MOST_COLUMNS} columns."
    return None


def dialect(head: bytes) -> Dialect:
    encoding = _encoding(head)
    lines = _lines(head, encoding)
    rows = lines[1:] if lines and is_foreword(lines[0]) else lines
    delimiter = (_named_delimiter(lines[0]) if lines else None) or _delimiter(rows)
    is_spaced = _is_spaced(rows, delimiter)
    read = csv.reader(rows, delimiter=delimiter, skipinitialspace=is_spaced)
    return Dialect(encoding, delimiter, _is_header(next((row for row in read if any(row)), [])), is_spaced)


def is_foreword(line: str) -> bool:
    """Excel names the delimiter, PowerShell a type, in a line of its own above the header."""
    return bool(_named_delimiter(line)) or line.startswith("#TYPE ")


def _named_delimiter(line: str) -> str | None:
    found = re.fullmatch(r'"?sep=([^"\r\n])"?', line.rstrip("\r\n"), re.IGNORECASE)
    return found[1] if found else None


def _encoding(head: bytes) -> str:
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if utf_16 := _utf_16_without_mark(head[:4000]):
        return utf_16
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "utf-8" if _is_mostly_utf8(head) else "cp1252"
    return "utf-8"


def _utf_16_without_mark(sample: bytes) -> str | None:
    """In any language delimiters, digits and line ends have a zero beside them, always on the same side."""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) < len(sample) / 20 or min(even, odd) > max(even, odd) / 10 or len(sample) < 4:
        return None
    encoding, line_end = ("utf-16-be", b"\0\n") if even > odd else ("utf-16-le", b"\n\0")
    ends = sample.count(b"\n")
    is_sure = sample.count(line_end) * 2 >= ends if ends else max(even, odd) > len(sample) / 5
    return encoding if is_sure else None


def _is_mostly_utf8(head: bytes) -> bool:
    """Among at least as many lines that only UTF-8 would write: better to refuse some than to garble the others."""
    lines = [line for line in re.split(rb"[\r\n]+", head)[:-1] if not line.isascii()]
    wrong = sum(1 for line in lines if not _is_utf8(line))
    return bool(lines) and wrong * 2 <= len(lines)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _lines(head: bytes, encoding: str) -> list[str]:
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    lines = re.split("\r\n|\r|\n", text.lstrip("\ufeff"))
    is_cut = bool(lines[-1])
    found = [line for line in lines if line.strip()]
    return found[:-1][:LOOKED_AT] if is_cut and len(found) > 2 else found[:LOOKED_AT]


def _delimiter(lines: list[str]) -> str:
    scores = {delimiter: _score(lines, delimiter) for delimiter in DELIMITERS}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    return best if scores[best] > (0, 0, 0) else _rare_delimiter(lines)


def _rare_delimiter(lines: list[str]) -> str:
    """Any other sign that divides each line into as many cells."""
    signs = sorted({sign for sign in "".join(lines[:1]) if sign < "\u0100" and not sign.isalnum()} - set(NEVER_ONE))
    scores = {sign: _score(lines, sign) for sign in signs}
    fitting = [sign for sign in signs if scores[sign][1] == 1]
    return max(fitting, key=lambda sign: scores[sign], default=",")


def _score(lines: list[str], delimiter: str) -> tuple[float, float, int]:
    """Names that we know in the first row; then how many rows agree on a number of cells; then how many cells."""
    rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
    widths = Counter(len(row) for row in rows)
    width, agreeing = widths.most_common(1)[0] if widths else (1, 0)
    known = sum(1 for cell in rows[0] if KNOWN.fullmatch(_normal(cell))) if rows else 0
    if len(rows[0] if rows else []) < 2:
        return 0, 0, 0
    return known, agreeing / len(rows) if width > 1 else 0, width


def _is_spaced(lines: list[str], delimiter: str) -> bool:
    rows = list(csv.reader(lines, delimiter=delimiter))
    quoted = [row for row in rows if any('"' in cell for cell in row)]
    spaced = [row for row in quoted if any(re.match(' +"', cell) for cell in row)]
    return delimiter != " " and bool(spaced) and len(spaced) * 2 > len(quoted)


def _is_header(first: list[str]) -> bool:
    if any(KNOWN.fullmatch(_normal(cell)) for cell in first):
        return True
    return not any(VALUE.fullmatch(cell.strip()) for cell in first)


def _normal(cell: str) -> str:
    return re.sub(r"[\s]+", "_", cell.strip().strip("\ufeff").lower())


def _first_row(head: bytes) -> list[str]:
    lines = _lines(head, _encoding(head))
    return next(csv.reader(lines[:1], delimiter=_delimiter(lines)), [])
