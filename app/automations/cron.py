"""Cron expressions: read, said in words, and the next times in a zone whose clock changes.

Fixed times run once: right after the gap that swallowed them, and at the first of two equal times. What is written
with a star or a step for minute or hour goes on in real time.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from cron_descriptor import ExpressionDescriptor, Options
from croniter import croniter

from app import wall_clock
from app.automations import cron_dialects, cron_fields
from app.automations.cron_fields import Field

LONGEST = 200
LEAP_YEAR = 2000
ONE_DAY = timedelta(days=1)
ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


@dataclass(frozen=True)
class Cron:
    """`expression` as somebody wrote it; an alias keeps its name."""

    expression: str
    minute: Field
    hour: Field
    day: Field
    month: Field
    weekday: Field

    @property
    def fields(self) -> tuple[Field, Field, Field, Field, Field]:
        return self.minute, self.hour, self.day, self.month, self.weekday

    @property
    def is_wild(self) -> bool:
        return self.minute.is_wild or self.hour.is_wild


def read(expression: str) -> Cron:
    """Raises ValueError with a sentence for people."""
    said = expression.strip(" \t")
    if not said:
        raise ValueError(f"Say when, in five fields: {cron_dialects.NEEDED}.")
    if len(said) > LONGEST:
        raise ValueError(f"It is too long: an expression has at most {LONGEST} characters.")
    if not all("!" <= sign <= "~" or sign in " \t" for sign in said):
        raise ValueError("It may hold only plain digits, letters and the signs * , - /.")
    parts = _expanded(cron_dialects.unwrapped(said)).split()
    if len(parts) != 5:
        raise ValueError(cron_dialects.refusal(parts, _five(parts)))
    return _read(" ".join(said.split()), parts)


def next_after(cron: Cron, moment: datetime, zone: ZoneInfo) -> datetime:
    """In UTC, strictly later than `moment`."""
    return next_times(cron, moment, zone, 1)[0]


def next_times(cron: Cron, moment: datetime, zone: ZoneInfo, count: int) -> list[datetime]:
    """A clock that goes back over midnight mixes the times of two days, so one day more is looked at on both sides."""
    found: set[datetime] = set()
    for day in _days(cron, moment.astimezone(zone).date() - ONE_DAY):
        if len(found) >= count and day > sorted(found)[count - 1].astimezone(zone).date() + ONE_DAY:
            break
        found.update(instant for instant in _instants(cron, day, zone) if instant > moment)
    return sorted(found)[:count]


def change_on(day: date, zone: ZoneInfo) -> timedelta:
    """How far the clock goes forward on that day, below zero: back."""
    midnight = datetime.combine(day, time(), zone)
    return wall_clock.offset(midnight + ONE_DAY) - wall_clock.offset(midnight)


def words(cron: Cron) -> str:
    """Steps of weekdays are listed: “every 2 weeks” would not be true."""
    texts = [field.text for field in cron.fields[:4]]
    texts.append(cron.weekday.listed if "/" in cron.weekday.text else cron.weekday.text)
    options = Options(locale_code="en_US", use_24hour_time_format=True)
    return str(ExpressionDescriptor(" ".join(texts), options).get_description())


def _expanded(said: str) -> str:
    if not said.startswith("@"):
        return said
    if said.lower() not in ALIASES:
        known = ", ".join(ALIASES)
        raise ValueError(f"“{said[:40]}” is not known here: write five fields, or one of {known}.")
    return ALIASES[said.lower()]


def _five(parts: list[str]) -> str | None:
    if len(parts) not in cron_dialects.COUNTS:
        return None
    five = cron_dialects.five_of(parts)
    try:
        return _read(five, five.split()).expression
    except ValueError:
        return None


def _read(expression: str, parts: list[str]) -> Cron:
    fields = [cron_fields.read(kind, part) for kind, part in zip(cron_fields.KINDS, parts, strict=True)]
    cron = Cron(expression, *fields)
    longest = max(monthrange(LEAP_YEAR, month)[1] for month in cron.month.values)
    if cron.weekday.is_any and cron.day.values[0] > longest:
        raise ValueError(f"It would never run: there is no day {cron.day.values[0]} in the months that are meant.")
    return cron


def _days(cron: Cron, first: date) -> Iterator[date]:
    """Without end. Day and weekday together mean either of them, as in every cron."""
    days = f"0 0 {cron.day.listed} {cron.month.listed} {cron.weekday.listed}"
    found = croniter(days, datetime.combine(first, time()) - timedelta(minutes=1), ret_type=datetime)
    while True:
        yield cast(datetime, found.get_next()).date()


def _instants(cron: Cron, day: date, zone: ZoneInfo) -> Iterable[datetime]:
    times = (time(hour, minute) for hour in cron.hour.values for minute in cron.minute.values)
    on_the_wall = [datetime.combine(day, one) for one in times]
    if not change_on(day, zone) and not change_on(day + ONE_DAY, zone):  # just after midnight it reaches back
        offset = wall_clock.offset(datetime.combine(day, time(), zone))
        return [(one - offset).replace(tzinfo=UTC) for one in on_the_wall]
    if cron.is_wild:
        return [instant for one in on_the_wall for instant in _real(one, zone)]
    return [wall_clock.first(one, zone) for one in on_the_wall]


def _real(shown: datetime, zone: ZoneInfo) -> list[datetime]:
    """When the clock shows it: never in a gap, twice where it goes back."""
    both = {shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return [instant for instant in both if wall_clock.shown(instant, zone) == shown]
