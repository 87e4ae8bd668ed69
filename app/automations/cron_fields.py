"""The five fields of a cron expression: what may stand in each of them, and a sentence for what may not."""

from __future__ import annotations

import re
from dataclasses import dataclass

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
PIECE = re.compile(r"(?:(\*)|(\d{1,2}|[a-z]{3})(?:-(\d{1,2}|[a-z]{3}))?)(?:/(\d{1,2}))?", re.ASCII)
OF_OTHERS = re.compile(r"\d*[lw]\d*|l-\d+|.+#.*|lw", re.ASCII)
BY_CHANCE = re.compile(r"[hr](\(.*\))?(/\d+)?", re.ASCII)


@dataclass(frozen=True)
class Kind:
    """`end`: where a star ends; for weekdays 7 is one more name of Sunday."""

    name: str
    first: int
    last: int
    end: int
    names: tuple[str, ...] = ()

    def number(self, word: str) -> int:
        """Raises ValueError."""
        value = self.names.index(word) + self.first if word in self.names else int(word) if word.isdecimal() else -1
        if not self.first <= value <= self.last:
            raise ValueError(f"“{word}” is no {self.name}: it is a number from {self.first} to {self.last}.")
        return value


MINUTE = Kind("minute", 0, 59, 59)
HOUR = Kind("hour", 0, 23, 23)
DAY = Kind("day of the month", 1, 31, 31)
MONTH = Kind("month", 1, 12, 12, MONTHS)
WEEKDAY = Kind("weekday", 0, 7, 6, WEEKDAYS)
KINDS = (MINUTE, HOUR, DAY, MONTH, WEEKDAY)


@dataclass(frozen=True)
class Field:
    text: str
    values: tuple[int, ...]

    @property
    def is_any(self) -> bool:
        return self.text == "*"

    @property
    def is_wild(self) -> bool:
        """It goes on by itself, and names no fixed times."""
        return "*" in self.text or "/" in self.text

    @property
    def listed(self) -> str:
        return "*" if self.is_any else ",".join(map(str, self.values))


def read(kind: Kind, text: str) -> Field:
    """Raises ValueError with a sentence for people."""
    pieces = text.split(",")
    if "" in pieces:
        raise ValueError(f"There is a comma too many in “{text[:40]}”.")
    values = {value for piece in pieces for value in _values(kind, piece)}
    return Field(text.lower(), tuple(sorted({0 if kind is WEEKDAY and value == 7 else value for value in values})))


def _values(kind: Kind, piece: str) -> range:
    matched = PIECE.fullmatch(piece.lower())
    if matched is None:
        raise ValueError(_unreadable(kind, piece))
    star, first, last, step = matched.groups()
    start = kind.first if star else kind.number(first)
    end = kind.end if star or (step and not last) else _end(kind, start, last or first)
    if end < start:
        raise ValueError(f"“{piece}” runs backwards: a range goes from the smaller to the larger {kind.name}.")
    return range(start, end + 1, _step(kind, step) if step else 1)


def _end(kind: Kind, start: int, word: str) -> int:
    """A range may end on Sunday, whatever it is called."""
    value = kind.number(word)
    return 7 if kind is WEEKDAY and value == 0 < start else value


def _step(kind: Kind, word: str) -> int:
    largest = kind.end - kind.first
    if not 1 <= int(word) <= largest:
        raise ValueError(f"“/{word}” is no step for the {kind.name}: it is a number from 1 to {largest}.")
    return int(word)


def _unreadable(kind: Kind, piece: str) -> str:
    said = f"“{piece[:40]}”"
    if "?" in piece:
        return f"{said} is not known here: write * where any {kind.name} will do."
    if BY_CHANCE.fullmatch(piece.lower()):
        return f"{said} is not known here: nothing is left to chance. Write a number from {kind.first} to {kind.last}."
    if OF_OTHERS.fullmatch(piece.lower()):
        return f"{said} is not known here: L, W and # belong to other schedulers. Write numbers."
    return (
        f"{said} is no {kind.name}: write *, a number from {kind.first} to {kind.last}, "
        "a list (1,3), a range (1-5) or a step (*/5)."
    )
