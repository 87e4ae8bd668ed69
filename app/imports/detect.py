"""How a file is written: encoding, delimiter, header; or why it is no CSV at all."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Mapping
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
KNOWN = re.compile(
    r"(customer_id|lms_lead_id|external_id|e-?mail|first_name|last_name|mobile|timezone|created_date|funnel_type|"
    r"from_stage|to_stage|id|consent_\w+)(:\w+)?"
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
)
NO_TEXT = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b"))
MOSTLY = 0.1  # of the lines may hold wrong bytes, and it is still UTF-8 with a few bad lines
LOOKED_AT = 200  # lines
MOST_COLUMNS = 500


@dataclass(frozen=True)
class Dialect:
    encoding: str = "utf-8"
    delimiter: str = ","
    has_header: bool = True

    @property
    def errors(self) -> str:
        # What cannot be read is marked, and the rows that hold a mark are refused.
        return "replace" if self.encoding.startswith("utf-16") else "surrogateescape"

    @property
    def said(self) -> str:
        delimiter = DELIMITERS.get(self.delimiter, f"“{self.delimiter}”")
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
        )


def problem(head: bytes, size: int) -> str | None:
    """A sentence when this is no CSV."""
    return _no_text(head, size) or _no_table(head)


def _no_text(head: bytes, size: int) -> str | None:
    if not size or not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
        return "The file is empty."
    for magic, said in MAGIC:
        if head.startswith(magic):
            return said
    if not _encoding(head).startswith("utf-16") and len(head) - len(head.translate(None, NO_TEXT)) > len(head) / 50:
        return "This is a binary file, not a CSV."
    return None


def _no_table(head: bytes) -> str | None:
    start = head[:2000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] in b"[{" and start[:2] not in (b"[,", b"[;"):
        return "This looks like JSON, not CSV. Other systems send JSON to the API."
    if start[:5].lower() in (b"<html", b"<!doc", b"<?xml"):
        return "This is a web page or XML, not a CSV."
    if len(_first_row(head)) > MOST_COLUMNS:
        return f"This file has more than {MOST_COLUMNS} columns."
    return None


def dialect(head: bytes) -> Dialect:
    encoding = _encoding(head)
    lines = _lines(head, encoding)
    delimiter = _named(lines) or _delimiter(lines)
    first = next((row for row in csv.reader(_without_sep(lines), delimiter=delimiter) if any(row)), [])
    return Dialect(encoding, delimiter, _is_header(first))


def _encoding(head: bytes) -> str:
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    sample = head[:4000]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) > len(sample) / 5:
        return "utf-16-be" if even > odd else "utf-16-le"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "utf-8" if _is_mostly_utf8(head) else "cp1252"
    return "utf-8"


def _is_mostly_utf8(head: bytes) -> bool:
    """A few bad lines among some that only UTF-8 would write."""
    lines = [line for line in re.split(rb"[\r\n]+", head)[:-1] if not line.isascii()]
    wrong = sum(1 for line in lines if not _is_utf8(line))
    return bool(lines) and wrong <= max(1, MOSTLY * len(lines)) and wrong < len(lines)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _lines(head: bytes, encoding: str) -> list[str]:
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    lines = [line for line in re.split("\r\n|\r|\n", text) if line.strip()]
    return lines[: min(LOOKED_AT, max(1, len(lines) - 1))]  # the last one may be cut


def _named(lines: list[str]) -> str | None:
    """Excel's own first line."""
    found = re.fullmatch(r"sep=(.)", lines[0].strip("\ufeff"), re.IGNORECASE) if lines else None
    return found[1] if found else None


def _without_sep(lines: list[str]) -> list[str]:
    return lines[1:] if _named(lines) else lines


def _delimiter(lines: list[str]) -> str:
    scores = {delimiter: _score(lines, delimiter) for delimiter in DELIMITERS}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    return best if scores[best] > (0, 0, 0) else ","


def _score(lines: list[str], delimiter: str) -> tuple[float, float, int]:
    """Names that we know in the first row; then how many rows agree on a number of cells; then how many cells."""
    rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
    widths = Counter(len(row) for row in rows)
    width, agreeing = widths.most_common(1)[0] if widths else (1, 0)
    known = sum(1 for cell in rows[0] if KNOWN.fullmatch(_normal(cell))) if rows else 0
    if len(rows[0] if rows else []) < 2:
        return 0, 0, 0
    return known, agreeing / len(rows) if width > 1 else 0, width


def _is_header(first: list[str]) -> bool:
    if any(KNOWN.fullmatch(_normal(cell)) for cell in first):
        return True
    return not any(VALUE.fullmatch(cell.strip()) for cell in first)


def _normal(cell: str) -> str:
    return re.sub(r"[\s]+", "_", cell.strip().strip("\ufeff").lower())


def _first_row(head: bytes) -> list[str]:
    lines = _lines(head, _encoding(head))
    return next(csv.reader(lines[:1], delimiter=_delimiter(lines)), []) if lines else []
