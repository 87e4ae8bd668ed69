"""What a metrics page shows, read once: figures of these days and of those before, and everything as it is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from typing import Any

from app.metrics import reports
from app.metrics.figures import Figures
from app.metrics.links import Clicks
from app.metrics.reports import Campaign, Step
from app.metrics.scope import Scope

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LEVELS = 6


@dataclass(frozen=True)
class Day:
    label: str
    now: Figures
    before: Figures


@dataclass(frozen=True)
class Hours:
    """Counts with their shade, a row for each weekday."""

    rows: Sequence[tuple[str, Sequence[tuple[int, int]]]]
    most: int
    best: str


@dataclass(frozen=True)
class View:
    total: Figures
    before: Figures
    funnel: Sequence[Step]
    days: Sequence[Day]
    step: str
    campaigns: Sequence[Campaign]
    links: Sequence[Clicks]
    mailboxes: Sequence[tuple[str, Figures]]
    hours: Hours


def of(scope: Scope, sort: str) -> View:
    before = scope.before
    is_one = scope.automation_id is not None
    days, step = _days(scope, before)
    total = reports.total(scope)
    return View(
        total=total,
        funnel=reports.funnel(total),
        before=reports.total(before),
        days=days,
        step=step,
        campaigns=[] if is_one else _sorted(reports.by_campaign(scope), sort),
        links=reports.by_link(scope) if is_one else [],
        mailboxes=reports.by_mailbox(scope),
        hours=_hours(reports.by_hour_of_week(scope)),
    )


def _days(scope: Scope, before: Scope) -> tuple[list[Day], str]:
    """Side by side with those before; a day alone by its hours, a year by its weeks."""
    if scope.range.days == 1:
        pairs = zip(reports.by_hour(scope), reports.by_hour(before), strict=True)
        return [Day(f"{hour:02d} h", now, was) for (hour, now), (_, was) in pairs], "hour"
    now, was = reports.by_day(scope), reports.by_day(before)
    nothing = Figures()
    rows = [Day(_label(one[0]), one[1], other[1] if other else nothing) for one, other in zip_longest(now, was) if one]
    return rows, "week" if scope.range.is_by_week else "day"


def _label(day: date) -> str:
    return f"{day.day} {day:%b}"


def _sorted(found: Sequence[Campaign], sort: str) -> list[Campaign]:
    name = sort.removeprefix("-")
    rising = sorted(found, key=lambda one: one.name.lower(), reverse=sort.startswith("-"))
    return sorted(rising, key=lambda one: _size(one.figures, name), reverse=sort.startswith("-"))


def _size(figures: Figures, name: str) -> Any:
    """By the number that stands in the column: the share, where it is one."""
    if name == "sent":
        return figures.sent
    if name == "revenue":
        return max(figures.revenue.values(), default=0)
    rates = {
        "delivered": figures.delivered_rate,
        "opened": figures.opened_rate,
        "clicked": figures.clicked_rate,
        "converted": figures.converted_rate,
        "unsubscribed": figures.unsubscribed_rate,
        "bounced": figures.bounced_rate,
    }
    return rates[name] or 0


def _hours(found: Sequence[Sequence[tuple[int, int]]]) -> Hours:
    counts = [[opened for opened, _ in row] for row in found]
    most = max(max(row) for row in counts)
    day, hour = next((day, hour) for day, row in enumerate(counts) for hour, count in enumerate(row) if count == most)
    rows = [
        (DAYS[number], [(count, -(-count * LEVELS // most) if most else 0) for count in row])
        for number, row in enumerate(counts)
    ]
    return Hours(rows, most, f"{DAYS[day]} {hour:02d}–{(hour + 1) % 24:02d} h")
