"""Rows out of any CSV, one after the other, in bounded memory: each non-blank row comes out once, good or bad.

A row that opens a quote and does not close it is refused by its line, and reading goes on at the very next one.
"""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import count
from typing import NamedTuple

from app.imports.detect import Dialect

LONGEST_CELL = 1024 * 1024  # characters
LONGEST_LINE = 4 * LONGEST_CELL
LOOKAHEAD = LONGEST_CELL  # how far a quote may stay open
BLOCK = 1_000  # lines
SHOWN = 10_000  # characters of a bad row that are kept
UNREADABLE = re.compile("[\udc80-\udcff]")
NAMELESS = "Column {}"

csv.field_size_limit(LONGEST_CELL)


class Row(NamedTuple):
    line: int  # where it begins, as a text editor counts
    cells: list[str]


class BadRow(NamedTuple):
    line: int
    code: str
    reason: str
    text: str


def rows(chunks: Iterable[bytes], dialect: Dialect, skip_to_line: int = 0) -> Iterator[Row | BadRow]:
    """Those that begin after `skip_to_line`, so that a reader that was killed goes on where it was."""
    source = _Lines(chunks, dialect)
    width = len(_header(source, dialect))
    for rows in _blocks(source, dialect, width):
        for row in rows:
            if row.line > skip_to_line:
                yield row


def header(chunks: Iterable[bytes], dialect: Dialect) -> list[str]:
    return _header(_Lines(chunks, dialect), dialect)


def as_text(row: Row | BadRow) -> str:
    if isinstance(row, BadRow):
        return row.text
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(row.cells)
    return out.getvalue()


class _Endless(str):
    """The beginning of a line that is too long to be looked at."""


class _Open(Exception):
    """A quote is open, and the file, or the patience, ends."""


class _Lines:
    """Physical lines, counted; the reader of CSV pulls them, and those of a bad row can be taken back."""

    def __init__(self, chunks: Iterable[bytes], dialect: Dialect) -> None:
        raw = io.BufferedReader(_Chunks(chunks), 1 << 18)
        # newline="": all three kinds of line ends are seen, and those inside quotes stay as they are.
        self.text = io.TextIOWrapper(raw, dialect.encoding, dialect.errors, newline="")
        self.waiting: deque[str] = deque()
        self.number = 0
        self.row: list[str] = []
        self.size = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.waiting.popleft() if self.waiting else self._next_line()
        if not line:
            if self.row:
                raise _Open
            raise StopIteration
        self.row.append(line)
        self.number += 1
        self.size += len(line)
        if type(line) is _Endless:
            raise csv.Error
        if self.size > LOOKAHEAD and len(self.row) > 1:
            raise _Open
        return line

    def block(self) -> list[str]:
        """What waits to be read again, else the next lines of the file: a thousand, or four million characters."""
        lines, size = list(self.waiting), 0
        self.waiting.clear()
        while not lines or (len(lines) < BLOCK and size < LONGEST_LINE):
            line = self._next_line()
            if not line:
                break
            lines.append(line)
            size += len(line)
        return lines

    def _next_line(self) -> str:
        line = self.text.readline(LONGEST_LINE)
        if len(line) < LONGEST_LINE or line[-1] in "\r\n":
            return line
        while (more := self.text.readline(LONGEST_LINE)) and more[-1] not in "\r\n":
            pass
        return _Endless(line[:SHOWN])

    def begin(self) -> int:
        self.row.clear()
        self.size = 0
        return self.number + 1

    def take_back(self, first: int) -> None:
        """All lines of the row but its first are read again."""
        self.waiting.extendleft(reversed(self.row[1:]))
        del self.row[1:]
        self.number = first


class _Chunks(io.RawIOBase):
    """Chunks of bytes as a stream."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.chunks = iter(chunks)
        self.rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self.rest:
            chunk = next(self.chunks, None)
            if chunk is None:
                return 0
            self.rest = memoryview(chunk)
        size = min(len(buffer), len(self.rest))
        buffer[:size] = self.rest[:size]
        self.rest = self.rest[size:]
        return size


def _blocks(source: _Lines, dialect: Dialect, width: int) -> Iterator[Iterable[Row | BadRow]]:
    """A thousand lines at once in C, if each of them is a good row; else these lines one by one, with care."""
    while lines := source.block():
        first = source.number + 1
        if found := _all_good(source, lines, dialect, width):
            source.number += len(lines)
            yield map(Row, count(first), found)
        else:
            source.waiting.extend(lines)
            yield _rows(source, dialect, width)


def _all_good(source: _Lines, lines: list[str], dialect: Dialect, width: int) -> list[list[str]] | None:
    whole = "".join(lines)
    if (
        "\0" in whole
        or any(type(line) is _Endless for line in lines)
        or (not whole.isascii() and _holds_unreadable(source, whole))
    ):
        return None
    try:
        # strict: whatever is odd, also a quote that is open at the end, is left to the careful way.
        found = list(csv.reader(lines, delimiter=dialect.delimiter, strict=True))
    except csv.Error:
        return None
    return found if len(found) == len(lines) and set(map(len, found)) == {width} else None


def _reader(source: _Lines, dialect: Dialect) -> Iterator[list[str]]:
    return csv.reader(source, delimiter=dialect.delimiter)


def _header(source: _Lines, dialect: Dialect) -> list[str]:
    read = _reader(source, dialect)
    while True:
        source.begin()
        try:
            cells = next(read, None)
        except (_Open, csv.Error):
            source.take_back(source.number - len(source.row) + 1)
            cells = source.row[0].rstrip("\r\n").split(dialect.delimiter)
        if cells is None:
            return []
        if _is_blank(cells) or source.row[0].lower().startswith("sep="):
            continue
        if dialect.has_header:
            return [cell.strip() for cell in cells]
        source.waiting.extendleft(reversed(source.row))
        source.number -= len(source.row)
        return [NAMELESS.format(place) for place in range(1, len(cells) + 1)]


def _rows(source: _Lines, dialect: Dialect, width: int) -> Iterator[Row | BadRow]:
    """Until no line waits any more; a row that is still open then pulls further ones."""
    read = _reader(source, dialect)
    while source.waiting:
        line = source.begin()
        try:
            cells = next(read)
        except StopIteration:
            return
        except (_Open, csv.Error) as error:
            yield _broken(source, line, error)
            read = _reader(source, dialect)
            continue
        if len(cells) != width and (bad := _ragged(source, line, cells, width)):
            if bad is not BLANK:
                yield bad
            continue
        yield _unreadable(source, line) or Row(line, cells)


BLANK = BadRow(0, "", "", "")


def _ragged(source: _Lines, line: int, cells: list[str], width: int) -> BadRow | None:
    if _is_blank(cells):
        return BLANK
    if len(source.row) > 1:
        source.take_back(line)
        return _bad(source, line, "unclosed_quote", "A quote opens on this line and is not closed")
    if len(cells) > width and not any(cells[width:]):
        del cells[width:]  # a delimiter too many at the end, as some programs write it
        return None
    return _bad(source, line, "ragged", f"{len(cells)} cells where the header has {width}")


def _broken(source: _Lines, line: int, error: Exception) -> BadRow:
    if len(source.row) > 1:
        source.take_back(line)
    if isinstance(error, _Open):
        return _bad(source, line, "unclosed_quote", "A quote opens on this line and is not closed")
    if type(source.row[0]) is _Endless:
        return _bad(source, line, "too_long", "The line is longer than four million characters")
    return _bad(source, line, "too_long", "A cell is longer than a million characters")


def _unreadable(source: _Lines, line: int) -> BadRow | None:
    for text in source.row:
        if "\0" in text:
            return _bad(source, line, "nul", "The row holds a NUL byte")
        if not text.isascii() and _holds_unreadable(source, text):
            said = f"The row holds bytes that are not {source.text.encoding.upper()}"
            return _bad(source, line, "undecodable", said)
    return None


def _holds_unreadable(source: _Lines, text: str) -> bool:
    return bool(UNREADABLE.search(text)) or ("\ufffd" in text and source.text.errors == "replace")


def _bad(source: _Lines, line: int, code: str, reason: str) -> BadRow:
    text = "".join(source.row)[:SHOWN].rstrip("\r\n")
    return BadRow(line, code, reason, UNREADABLE.sub("\ufffd", text).replace("\0", "\ufffd"))


def _is_blank(cells: list[str]) -> bool:
    return not cells or (len(cells) == 1 and not cells[0].strip())
