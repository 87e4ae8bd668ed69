"""What is going to happen: the next runs as the clock of a zone shows them, with the days on which it changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.automations import cron
from app.automations.cron import Cron

NEXT = 10
FORWARD, BACK = "clocks go forward", "clocks go back"
# By whether it goes on in real time: what becomes of the times that are left out, or that come twice.
FATES = {
    (FORWARD, False): "A time that is left out runs right after the change.",
    (FORWARD, True): "It goes on in real time: what is left out does not run.",
    (BACK, False): "A time that comes twice runs once.",
    (BACK, True): "It goes on in real time: what comes twice runs twice.",
}


@dataclass(frozen=True)
class Coming:
    """`change`: what the clock does on that day, mostly nothing."""

    at: datetime
    said: str
    offset: str
    change: str


def next_runs(found: Cron, moment: datetime, zone: ZoneInfo, count: int = NEXT) -> list[Coming]:
    this_year = moment.astimezone(zone).year
    times = cron.next_times(found, moment, zone, count)
    return [_coming(one.astimezone(zone), this_year, zone) for one in times]


def changes(found: Cron, coming: list[Coming]) -> list[tuple[str, str, str]]:
    """For each day on which the clock changes: what it does, the day, and what becomes of the runs."""
    days = {one.at.date(): one.change for one in coming if one.change}
    return [(does, f"{day:%A} {day.day} {day:%B} {day.year}", FATES[does, found.is_wild]) for day, does in days.items()]


def _coming(at: datetime, this_year: int, zone: ZoneInfo) -> Coming:
    year = f" {at.year}" if at.year != this_year else ""
    change = cron.change_on(at.date(), zone)
    does = "" if not change else FORWARD if change > timedelta() else BACK
    return Coming(at, f"{at:%a} {at.day} {at:%b}{year}, {at:%H:%M}", at.isoformat()[19:], does)
