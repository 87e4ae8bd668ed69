"""An automation as a line of the system's cron, which knows one clock: the machine's.

Where both clocks always show the same the expression stays as it is. Else the line rings whenever it could be due,
and whoever it calls decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from app.automations.cron import Cron
from app.automations.cron_fields import Field

LOCALTIME = Path("/etc/localtime")
AHEAD = timedelta(days=2 * 366)  # that the clocks are compared
GRID = timedelta(minutes=30)  # every clock that changes does so on it
DAY = 24 * 60


@dataclass(frozen=True)
class Line:
    """`is_exact`: it rings at the planned times and at no others."""

    expression: str
    is_exact: bool


@dataclass(frozen=True)
class Clocks:
    """In minutes: how far the machine's clock is ahead of the zone's, and what it shows when the zone's leaps on."""

    ahead: frozenset[int]
    leaps: frozenset[int]
    is_steady: bool  # the machine's own clock never changes


def line(cron: Cron, zone: ZoneInfo, machine: tzinfo, now: datetime) -> Line:
    clocks = _clocks(zone, machine, now.astimezone(UTC).date().toordinal())
    if clocks.ahead == {0}:
        return Line(" ".join(map(_plain, cron.fields)), is_exact=True)
    shown = {
        (hour * 60 + minute + ahead) % DAY
        for hour in cron.hour.values
        for minute in cron.minute.values
        for ahead in clocks.ahead
    }
    if not cron.is_wild:
        shown |= clocks.leaps  # a time that the leap swallows comes right after it
    # An hour that comes twice is rung twice only where the line has a star for it.
    hours = _listed({moment // 60 for moment in shown}, 24) if clocks.is_steady else "*"
    return Line(f"{_listed({moment % 60 for moment in shown}, 60)} {hours} * * *", is_exact=False)


def _plain(field: Field) -> str:
    """Lists and ranges of names in numbers: many a cron refuses them."""
    is_named = any(sign in field.text for sign in ",-") and any(letter.isalpha() for letter in field.text)
    return ",".join(map(str, sorted(field.values))) if is_named else field.text


def machine_zone() -> tzinfo:
    """Of the machine itself, as its cron has it; not of whoever asks."""
    try:
        with LOCALTIME.open("rb") as file:
            return ZoneInfo.from_file(file, key="localtime")
    except (OSError, ValueError):
        return UTC


@cache
def _clocks(zone: ZoneInfo, machine: tzinfo, day: int) -> Clocks:
    began = datetime.fromordinal(day).replace(tzinfo=UTC)
    moments = [began + GRID * step for step in range(AHEAD // GRID)]
    there = [_offset(moment, zone) for moment in moments]
    here = [_offset(moment, machine) for moment in moments]
    leaps = [place for place in range(1, len(moments)) if there[place] > there[place - 1]]
    return Clocks(
        frozenset(own - its for own, its in zip(here, there, strict=True)),
        frozenset(_shown(moments[place], machine) for place in leaps),
        len(set(here)) == 1,
    )


def _offset(moment: datetime, zone: tzinfo) -> int:
    return (moment.astimezone(zone).utcoffset() or timedelta()) // timedelta(minutes=1)


def _shown(moment: datetime, zone: tzinfo) -> int:
    there = moment.astimezone(zone)
    return there.hour * 60 + there.minute


def _listed(numbers: Iterable[int], whole: int) -> str:
    found = sorted(set(numbers))
    return "*" if len(found) == whole else ",".join(map(str, found))
