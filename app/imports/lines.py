"""The physical lines of a file, counted as a text editor counts them, in bounded memory.

Whoever reads rows pulls lines one by one, and may take back those that turn out to belong to the next row.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterable

from app.imports.detect import LONGEST_CELL, Dialect

LONGEST_LINE = 4 * LONGEST_CELL
LOOKAHEAD = LONGEST_CELL  # how far a quote may stay open
EARNED = 16  # characters of looking ahead in vain, for each one read: a file of open quotes costs no more than that
PIECE = 1 << 18  # characters that are looked at together
SHOWN = 10_000  # characters of a bad row that are kept


class Endless(str):
    """The beginning of a line that is too long to be looked at."""


class Open(Exception):
    """A quote is open, and the file, or the patience, ends."""


class Lines:
    def __init__(self, chunks: Iterable[bytes], dialect: Dialect) -> None:
        raw = io.BufferedReader(_Chunks(chunks), 1 << 18)
        # newline="": all three kinds of line ends are seen, and those inside quotes stay as they are.
        self.text = io.TextIOWrapper(raw, dialect.encoding, dialect.errors, newline="")
        self.ready: deque[str] = deque()
        self.torn = ""
        self.is_over = False
        self.waiting: deque[str] = deque()
        self.number = 0
        self.row: list[str] = []
        self.size = 0
        self.patience = LOOKAHEAD
        self._begin_without_mark()

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = self.waiting.popleft() if self.waiting else self._next_line()
        if not line:
            if self.row:
                raise Open
            raise StopIteration
        self.row.append(line)
        self.number += 1
        self.size += len(line)
        if type(line) is Endless:
            raise csv.Error
        if self.size > self.patience and len(self.row) > 1:
            raise Open
        return line

    def block(self) -> list[str]:
        """What waits to be read again, else the next lines of the file: as many as a piece of it holds."""
        if not self.waiting and not self.ready:
            self._read_on()
        lines = list(self.waiting or self.ready)
        (self.waiting or self.ready).clear()
        self._earn(sum(map(len, lines)))
        return lines

    def begin(self) -> int:
        self.row.clear()
        self.size = 0
        return self.number + 1

    def take_back(self) -> None:
        """All lines of the row but its first are read again."""
        self.waiting.extendleft(reversed(self.row[1:]))
        self.patience = max(0, self.patience - self.size)
        self.number -= len(self.row) - 1
        del self.row[1:]

    def take_all_back(self) -> None:
        self.take_back()
        self.waiting.appendleft(self.row[0])
        self.number -= 1

    def _begin_without_mark(self) -> None:
        """A byte order mark is no part of the first name, whatever encoding somebody chose."""
        line = self._next_line()
        if type(line) is not Endless:
            line = line.lstrip("\ufeff") or self._next_line()
        if line:
            self.waiting.append(line)

    def _next_line(self) -> str:
        if not self.ready:
            self._read_on()
        line = self.ready.popleft() if self.ready else ""
        self._earn(len(line))
        return line

    def _earn(self, size: int) -> None:
        self.patience = min(LOOKAHEAD, self.patience + EARNED * size)

    def _read_on(self) -> None:
        """Whole lines, as many as a piece of the file holds: a tenth of the time that asking for each line takes."""
        while not self.ready and not self.is_over:
            more = self.text.read(PIECE)
            self.is_over = not more
            lines = io.StringIO(self.torn + more, newline="").readlines()
            # The last one may go on, and a CR may be half a line end.
            self.torn = lines.pop() if lines and more else ""
            if lines and len(lines[0]) > LONGEST_LINE:
                lines[0] = Endless(lines[0][:SHOWN])
            if len(self.torn) > LONGEST_LINE:
                lines.append(self._endless())
            self.ready.extend(lines)

    def _endless(self) -> Endless:
        line, last = Endless(self.torn[:SHOWN]), self.torn
        while last and last[-1] not in "\r\n":
            last = self.text.readline(LONGEST_LINE)
        self.torn = ""
        return line


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
