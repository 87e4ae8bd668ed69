"""Durations as they are written in rules ("15m", "48h", "7d"), and moments or days as people give them.

A day is a span from its beginning to the next in the team's zone; a moment is a span of no length. So `after`
and `at most` mean the same for both: after the day is over, until the day is over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

UNITS = {"m": ("minute", timedelta(minutes=1)), "h": ("hour", timedelta(hours=1)), "d": ("day", timedelta(days=1))}
DURATION = re.compile(r"(\d{1,6})([mhd])", re.ASCII)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
LONGEST = timedelta(days=36_500)
# Further away no zone can be reckoned in, and years are not written with four digits.
FIRST, LAST = datetime(1000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
A_TIME = "It must be a day like 2026-10-22, or a time like 2026-10-22T10:04:00+02:00."


@dataclass(frozen=True)
class Duration:
    count: int
    unit: str

    @property
    def length(self) -> timedelta:
        return self.count * UNITS[self.unit][1]

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    @property
    def said(self) -> str:
        name = UNITS[self.unit][0]
        return f"{self.count:,} {name}" + ("" if self.count == 1 else "s")


@dataclass(frozen=True)
class Span:
    """From `start` to just before `end`; a moment has no length and contains itself."""

    start: datetime
    end: datetime
    written: str

    @property
    def is_day(self) -> bool:
        return self.start != self.end


def duration(written: object) -> Duration:
    found = DURATION.fullmatch(written) if isinstance(written, str) else None
    if not found or int(found[1]) == 0:
        raise ValueError("It must be a duration like 15m, 48h or 7d.")
    read = Duration(int(found[1]), found[2])
    if read.length > LONGEST:
        raise ValueError("It is longer than a hundred years.")
    return read


def said(length: timedelta) -> str:
    """A length that was written as a duration, in the largest unit that says it whole."""
    unit = next(one for one in ("d", "h", "m") if not length % UNITS[one][1])
    return Duration(length // UNITS[unit][1], unit).said


def span(written: object, zone: ZoneInfo) -> Span:
    """A day, or a moment in ISO 8601; without an offset it is the team's zone's."""
    if not isinstance(written, str):
        raise ValueError(A_TIME)
    try:
        if DAY.fullmatch(written) and "1000" <= written < "9000":
            return _day(date.fromisoformat(written), zone)
        at = datetime.fromisoformat(written)
        at = (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
        if not FIRST <= at <= LAST:
            raise ValueError
    except (ValueError, OverflowError):
        raise ValueError(A_TIME) from None
    return Span(at, at, written)


def _day(day: date, zone: ZoneInfo) -> Span:
    start, end = (datetime.combine(one, time(), zone).astimezone(UTC) for one in (day, day + timedelta(days=1)))
    return Span(start, end, day.isoformat())
