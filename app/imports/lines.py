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
BLOCK = 1_000  # lines
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
        line = self.text.readline(LONGEST_LINE)
        self.patience = min(LOOKAHEAD, self.patience + EARNED * len(line))
        if len(line) < LONGEST_LINE or line[-1] in "\r\n":
            return line
        while (more := self.text.readline(LONGEST_LINE)) and more[-1] not in "\r\n":
            pass
        return Endless(line[:SHOWN])


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
