"""A range of days in the team's zone, both ends included: what people choose, and the moments that it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CHOICES = {"7d": 7, "30d": 30, "90d": 90, "365d": 365}
DEFAULT, CUSTOM = "30d", "custom"
EARLIEST = date(2000, 1, 1)
LONGEST = 800  # days
BY_WEEK = 100  # days; a longer range is drawn week by week
DAY = timedelta(days=1)


class Unclear(ValueError):
    """No such range: the sentence says why."""


@dataclass(frozen=True)
class Range:
    first: date
    last: date
    zone: ZoneInfo

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def starts(self) -> datetime:
        return _midnight(self.first, self.zone)

    @property
    def ends(self) -> datetime:
        """The moment right after it."""
        return _midnight(self.last + DAY, self.zone)

    @property
    def is_by_week(self) -> bool:
        return self.days > BY_WEEK

    def before(self) -> Range:
        """As long, and directly before."""
        return Range(self.first - self.days * DAY, self.first - DAY, self.zone)

    def steps(self) -> list[date]:
        """The first day of each step of a chart: every day, or the first one and then the Mondays."""
        days = [self.first + n * DAY for n in range(self.days)]
        return [one for one in days if one == self.first or one.weekday() == 0] if self.is_by_week else days


@dataclass(frozen=True)
class Asked:
    """What a page shows in its form: the range, the word for it, and what was wrong with the one asked for."""

    range: Range
    word: str
    problem: str = ""


def of(words: Mapping[str, str], now: datetime, zone: ZoneInfo) -> Range:
    return asked(words, now, zone).range


def asked(words: Mapping[str, str], now: datetime, zone: ZoneInfo) -> Asked:
    """Bad input: the default, and a sentence."""
    today = now.astimezone(zone).date()
    word = words.get("range") or (CUSTOM if words.get("from") or words.get("to") else DEFAULT)
    if word in CHOICES:
        return Asked(lately(CHOICES[word], today, zone), word)
    default = lately(CHOICES[DEFAULT], today, zone)
    if word != CUSTOM:
        return Asked(default, DEFAULT, f"There is no range “{word[:20]}”; these are the last 30 days.")
    try:
        return Asked(between(_day(words.get("from", "")), _day(words.get("to", "")), zone), CUSTOM)
    except Unclear as problem:
        return Asked(default, DEFAULT, f"{problem} These are the last 30 days.")


def lately(days: int, today: date, zone: ZoneInfo) -> Range:
    return Range(today - (days - 1) * DAY, today, zone)


def between(first: date, last: date, zone: ZoneInfo) -> Range:
    if last < first:
        raise Unclear("The range ends before it begins.")
    if first < EARLIEST or last.year > 2100:
        raise Unclear("Days are taken from the year 2000 to 2100.")
    found = Range(first, last, zone)
    if found.days > LONGEST:
        raise Unclear(f"A range has {LONGEST} days at most.")
    return found


def _day(written: str) -> date:
    try:
        return datetime.strptime(written, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise Unclear("A range of one’s own needs two days like 2026-10-22.") from None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
