"""How numbers, moments and ranges are said, in the team's zone. Jinja filters and globals, nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Flask, g
from markupsafe import Markup, escape

from app import money
from app.paging import Page
from app.settings import team

MINUTE, HOUR, DAY = 60, 3600, 86400
SIZES = ((1024**3, "GB"), (1024**2, "MB"), (1024, "kB"))


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(
        number=number,
        ago=ago,
        when=when,
        moment=moment,
        day=day,
        clock=clock,
        soon=soon,
        clock_there=clock_there,
        groupby_day=groupby_day,
        counted=counted,
        said=said,
        duration=duration,
        took=took,
        size=size,
        pair=lambda key: (key, key),
        as_moment=as_moment,
        worth=worth,
        money=money.said,
        percent=percent,
        in_zone=lambda at, zone_name: at.astimezone(ZoneInfo(zone_name)),
    )
    app.jinja_env.globals["zone_name"] = lambda: zone().key
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def zone() -> ZoneInfo:
    """The team's zone, read once a request."""
    if "zone" not in g:
        g.zone = team.zone()
    return g.zone  # type: ignore[no-any-return]


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:,}"


def counted(page: Page[Any]) -> str:
    return f"{page.count:,}+" if page.is_capped else f"{page.count:,}"


def said(count: int, one: str, many: str | None = None) -> str:
    """`{{ 3 | said("customer") }}`: 3 customers"""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def ago(at: datetime | None, now: datetime | None = None) -> str:
    if at is None:
        return "never"
    seconds = int(((now or datetime.now(UTC)) - at).total_seconds())
    if seconds < 0:
        return f"in {duration(-seconds)}"
    return "now" if seconds < MINUTE else duration(seconds)


def duration(seconds: float) -> str:
    seconds = int(seconds)
    if seconds < MINUTE:
        return f"{seconds} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min"
    if seconds < 2 * DAY:
        return f"{seconds // HOUR} h"
    if seconds < 60 * DAY:
        return f"{seconds // DAY} d"
    return f"{seconds // (30 * DAY)} mo" if seconds < 730 * DAY else f"{seconds // (365 * DAY)} y"


def took(seconds: float) -> str:
    """1.8 s, where the tenths still say something."""
    return f"{seconds:.1f} s" if seconds < 10 else duration(seconds)


def size(count: int) -> str:
    """12 bytes, 312 kB, 1.4 MB, 2 GB"""
    if count < 1000:
        return said(count, "byte")
    value, unit = next((count / n, unit) for n, unit in SIZES if count >= n * 0.95)
    return f"{value:.1f}".removesuffix(".0") + f" {unit}" if value < 10 else f"{value:.0f} {unit}"


def when(at: datetime | None, class_: str = "") -> Markup:
    """Relative, with the exact moment on hover. In Python: a list holds a hundred of them."""
    if at is None:
        return Markup('<span class="faint">–</span>')
    marks = f' class="{escape(class_)}"' if class_ else ""
    return Markup(f'<time{marks} datetime="{at.isoformat()}" title="{moment(at)}">{ago(at)}</time>')  # noqa: S704


def moment(at: datetime | None) -> str:
    """22 Oct 2026, 10:04:31 Europe/Berlin"""
    if at is None:
        return "–"
    here = zone()
    local = at.astimezone(here)
    return f"{local.day} {local:%b %Y, %H:%M:%S} {here.key}"


def day(at: date | None) -> str:
    if at is None:
        return "–"
    local = at.astimezone(zone()) if isinstance(at, datetime) else at
    return f"{local.day} {local:%b %Y}"


def clock(at: datetime) -> str:
    return f"{at.astimezone(zone()):%H:%M}"


def soon(at: datetime, now: datetime | None = None) -> str:
    """Today 18:00, Tomorrow 08:00, or the day."""
    local, today = at.astimezone(zone()), (now or datetime.now(UTC)).astimezone(zone()).date()
    said = {0: "Today", 1: "Tomorrow"}.get((local.date() - today).days, f"{local.day} {local:%b}")
    return f"{said} {local:%H:%M}"


def clock_there(zone_name: str) -> str:
    """10:04 in Europe/Berlin, or the name alone when it is no zone that we know."""
    try:
        return f"{datetime.now(ZoneInfo(zone_name)):%H:%M} in {zone_name}"
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return zone_name


def groupby_day(lines: Sequence[Any]) -> list[tuple[str, list[Any]]]:
    """Lines with an `at`, in their order, under the days of the team's zone."""
    today = datetime.now(zone()).date()
    days = groupby(lines, key=lambda line: line.at.astimezone(zone()).date())
    return [(_day_said(day, today), list(group)) for day, group in days]


def _day_said(day: date, today: date) -> str:
    if day == today:
        return "Today"
    year = "" if day.year == today.year else f" {day.year}"
    return f"{day:%A}, {day.day} {day:%B}{year}"


def as_moment(written: str, kind: str) -> str:
    """A date or a timestamp of an attribute, as people say it; whatever is neither stays as it is."""
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return written
    if kind == "date" or at.tzinfo is None:
        return day(at.date())
    local = at.astimezone(zone())
    return f"{day(local)} {local:%H:%M} {local:%z}"


def worth(properties: Mapping[str, Any]) -> str:
    """The total or price of an event: 4180 and EUR are 41.80 EUR."""
    minor, currency = properties.get("total", properties.get("price")), properties.get("currency")
    if not isinstance(minor, int) or isinstance(minor, bool) or not isinstance(currency, str):
        return ""
    return money.said(minor, currency)


def percent(share: float | None) -> str:
    """Of a share between 0 and 1, with as many places as still say something: 36.3 %, 7.15 %"""
    if share is None:
        return "–"
    return f"{share * 100:.1f} %" if share >= 0.0995 else f"{share * 100:.2f} %"
