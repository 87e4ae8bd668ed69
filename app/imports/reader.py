"""Rows out of any CSV, one after the other, in bounded memory: each non-blank row comes out once, good or bad.

A row that opens a quote and does not close it is refused by its line, and reading goes on at the very next one.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count, dropwhile
from typing import NamedTuple

from app.imports.detect import ENCODINGS, LONGEST_CELL, Dialect, is_foreword, parsed
from app.imports.lines import LONGEST_LINE, SHOWN, Endless, Lines, Open

__all__ = ["LONGEST_CELL", "LONGEST_LINE", "SHOWN", "BadRow", "Row", "as_text", "header", "rows"]

UNREADABLE = re.compile("[\udc80-\udcff]")
END_OF_FILE = "\x1a"  # as DOS wrote it
NAMELESS = "Column {}"
UNCLOSED = "A quote opens on this line and is not closed"
LEFT_OVER = "This looks like the end of a row whose quotes are wrong"
NOT_DOUBLED = "Text follows a closing quote; inside a cell a quote is written twice"
LONG_CELL = "A cell is longer than a million characters"
LONG_LINE = "The line is longer than four million characters"


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
    found = chain.from_iterable(_blocks(chunks, dialect))
    return dropwhile(lambda row: row.line <= skip_to_line, found) if skip_to_line else found


def header(chunks: Iterable[bytes], dialect: Dialect) -> list[str]:
    return _header(Lines(chunks, dialect), dialect)


def as_text(row: Row | BadRow) -> str:
    if isinstance(row, BadRow):
        return row.text
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(row.cells)
    return out.getvalue()


def _header(source: Lines, dialect: Dialect) -> list[str]:
    read = parsed(source, dialect)
    while True:
        is_first = source.begin() == 1
        try:
            cells = next(read, None)
        except (Open, csv.Error):
            source.take_back()
            cells = _as_well_as_possible(source.row[0], dialect)
        if cells is None:
            return []
        if _is_blank(source, cells) or (is_first and is_foreword(source.row[0])):
            continue
        if dialect.has_header:
            return [_shown(cell).strip() for cell in cells]
        source.take_all_back()
        return [NAMELESS.format(place) for place in range(1, len(cells) + 1)]


def _as_well_as_possible(line: str, dialect: Dialect) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=dialect.delimiter), [])
    except csv.Error:
        return line[:SHOWN].split(dialect.delimiter)


def _blocks(chunks: Iterable[bytes], dialect: Dialect) -> Iterator[Iterable[Row | BadRow]]:
    """Some thousand lines at once in C, if each of them is a good row; else these lines one by one, with care."""
    source = Lines(chunks, dialect)
    careful = _Careful(source, dialect, _header(source, dialect))
    while lines := source.block():
        first = source.number + 1
        if not careful.is_torn and (found := _all_good(lines, dialect, careful.width)):
            source.number += len(lines)
            yield map(Row, count(first), found)
        else:
            source.waiting.extend(lines)
            yield careful.rows()


def _all_good(lines: list[str], dialect: Dialect, width: int) -> list[list[str]] | None:
    whole = "".join(lines)
    if (
        "\0" in whole
        or Endless in set(map(type, lines))
        or (not whole.isascii() and _holds_unreadable(whole, dialect))
        or (width == 1 and not all(map(str.strip, lines)))
    ):
        return None
    try:
        found = list(parsed(lines, dialect))
    except csv.Error:
        return None
    return found if len(found) == len(lines) and set(map(len, found)) == {width} else None


class _Careful:
    """Row by row, for lines among which one is odd."""

    def __init__(self, source: Lines, dialect: Dialect, names: Sequence[str]) -> None:
        self.source = source
        self.dialect = dialect
        self.width = len(names)
        self.named = max((place for place, name in enumerate(names, 1) if name), default=0)
        self.read = parsed(source, dialect)
        self.is_torn = False

    def rows(self) -> Iterator[Row | BadRow]:
        """Until no line waits any more; a row that is still open then pulls further ones."""
        while self.source.waiting:
            line = self.source.begin()
            try:
                row = self._fitted(line, next(self.read))
            except StopIteration:
                return
            except Open:
                row = self._unclosed(line)
            except csv.Error as error:
                row = self._mended(line) or self._broken(line, error)
            if row:
                yield row

    def _fitted(self, line: int, cells: list[str]) -> Row | BadRow | None:
        if _is_blank(self.source, cells):
            return None
        if len(cells) != self.width and not self._fits(cells):
            return self._misfit(line, cells)
        if bad := self._unreadable(line) or self._left_over(line):
            return bad
        self.is_torn = False
        return Row(line, cells)

    def _fits(self, cells: list[str]) -> bool:
        """A delimiter too many at the end, of the row or of the header, as some programs write it."""
        if len(cells) > self.width and not any(cells[self.width :]):
            del cells[self.width :]
        elif self.named <= len(cells) < self.width:
            cells += [""] * (self.width - len(cells))
        return len(cells) == self.width

    def _misfit(self, line: int, cells: list[str]) -> BadRow:
        if len(self.source.row) > 1 and self._are_rows(self.source.row[1:]):
            return self._unclosed(line)
        count = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
        return self._bad(line, "ragged", f"{count} where the header has {self.width}")

    def _are_rows(self, lines: list[str]) -> bool:
        """Was it a stray quote far below that closed this row? Then the lines between are rows of their own."""
        if '"' in lines[-1].split(self.dialect.delimiter)[0]:
            return False
        return all(len(_as_well_as_possible(line, self.dialect)) == self.width for line in lines)

    def _mended(self, line: int) -> Row | BadRow | None:
        """Blanks between a closing quote and the delimiter mean nothing."""
        text, delimiter = self.source.row[0], re.escape(self.dialect.delimiter)
        if len(self.source.row) > 1 or type(text) is Endless:
            return None
        mended = re.sub(rf'" +(?={delimiter}|[\r\n]*$)', '"', text)
        try:
            return self._fitted(line, next(parsed([mended], self.dialect))) if mended != text else None
        except csv.Error:
            return None

    def _broken(self, line: int, error: csv.Error) -> BadRow:
        if type(self.source.row[0]) is Endless:
            return self._bad(line, "too_long", LONG_LINE)
        if len(self.source.row) > 1:
            return self._unclosed(line)
        if "limit" in str(error):
            return self._bad(line, "too_long", LONG_CELL)
        self.is_torn = True
        return self._bad(line, "quote", NOT_DOUBLED)

    def _unclosed(self, line: int) -> BadRow:
        self.source.take_back()
        self.is_torn = True
        return self._bad(line, "unclosed_quote", UNCLOSED)

    def _left_over(self, line: int) -> BadRow | None:
        """After a row whose quotes are wrong: `and so on",7` would be a customer of that name."""
        text = self.source.row[0]
        before, _, after = text.partition('"')
        delimiter = self.dialect.delimiter
        is_end = before.strip() and not before.endswith(delimiter) and after.startswith((delimiter, "\r", "\n"))
        if not self.is_torn or not is_end or text.count('"') % 2 == 0:
            return None
        return self._bad(line, "quote", LEFT_OVER)

    def _unreadable(self, line: int) -> BadRow | None:
        for text in self.source.row:
            if "\0" in text:
                return self._bad(line, "nul", "The row holds a NUL byte")
            if not text.isascii() and _holds_unreadable(text, self.dialect):
                return self._bad(line, "undecodable", self._not_so())
        return None

    def _not_so(self) -> str:
        said = ENCODINGS.get(self.dialect.encoding, self.dialect.encoding).removesuffix(" with BOM")
        perhaps = "; perhaps the file is Windows-1252" if said == "UTF-8" else ""
        return f"The row holds bytes that are not {said}{perhaps}"

    def _bad(self, line: int, code: str, reason: str) -> BadRow:
        text = "".join(self.source.row)[:SHOWN].rstrip("\r\n")
        return BadRow(line, code, reason, _shown(text))


def _shown(text: str) -> str:
    """No database keeps half a character or a NUL."""
    return UNREADABLE.sub("\ufffd", text).replace("\0", "\ufffd")


def _holds_unreadable(text: str, dialect: Dialect) -> bool:
    try:
        text.encode()  # ten times as quick as looking for half a character
    except UnicodeEncodeError:
        return True
    return "\ufffd" in text and dialect.errors == "replace"


def _is_blank(source: Lines, cells: list[str]) -> bool:
    return not cells or (len(cells) == 1 and not source.row[0].strip().strip(END_OF_FILE))
