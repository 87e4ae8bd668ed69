"""Moments and days as people write them: a few names, or strftime's letters. English, whatever the server speaks."""

from __future__ import annotations

import re
from calendar import day_abbr, day_name, month_abbr, month_name
from collections.abc import Callable
from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

NAMES = {
    "short": "%-d %b %Y",
    "medium": "%-d %B %Y",
    "long": "%A, %-d %B %Y",
    "moment": "%-d %b %Y, %H:%M",
    "time": "%H:%M",
    "iso": "%Y-%m-%d",
    "weekday": "%A",
    "month": "%B",
}
LONGEST = 60
ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?")
DAYS, DAYS_SHORT = list(day_name), list(day_abbr)
MONTHS, MONTHS_SHORT = list(month_name), list(month_abbr)
LETTERS: dict[str, Callable[[datetime], str]] = {
    "%-d": lambda at: f"{at.day}",
    "%-m": lambda at: f"{at.month}",
    "%-H": lambda at: f"{at.hour}",
    "%-I": lambda at: f"{at.hour % 12 or 12}",
    "%d": lambda at: f"{at.day:02}",
    "%m": lambda at: f"{at.month:02}",
    "%Y": lambda at: f"{at.year}",
    "%y": lambda at: f"{at.year % 100:02}",
    "%A": lambda at: DAYS[at.weekday()],
    "%a": lambda at: DAYS_SHORT[at.weekday()],
    "%B": lambda at: MONTHS[at.month],
    "%b": lambda at: MONTHS_SHORT[at.month],
    "%H": lambda at: f"{at.hour:02}",
    "%I": lambda at: f"{at.hour % 12 or 12:02}",
    "%M": lambda at: f"{at.minute:02}",
    "%p": lambda at: "AM" if at.hour < 12 else "PM",
    "%%": lambda _: "%",
}
LETTER = re.compile("|".join(map(re.escape, sorted(LETTERS, key=len, reverse=True))))


def trouble(form: Any) -> str | None:
    if isinstance(form, str) and (form in NAMES or (len(form) <= LONGEST and "%" in form and _is_known(form))):
        return None
    near = get_close_matches(str(form)[:LONGEST], NAMES, 1, 0.6)
    hint = f"did you mean “{near[0]}”?" if near else f"it takes {', '.join(NAMES)}, or letters as in %d.%m.%Y"
    return f"“date” does not know this form; {hint}"


def written(value: Any, form: Any, zone: ZoneInfo) -> Any:
    """What is no date stays as it is; a day has no zone."""
    try:
        at = _read(value, zone)
    except (ValueError, OverflowError):
        return value
    if at is None:
        return value
    pattern = NAMES.get(form, form) if isinstance(form, str) else NAMES["medium"]
    return LETTER.sub(lambda found: LETTERS[found[0]](at), pattern[:LONGEST])


def _read(value: Any, zone: ZoneInfo) -> datetime | None:
    if isinstance(value, str):
        if not ISO.fullmatch(value) or len(value) > 40:
            return None
        value = datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
    if isinstance(value, datetime):
        return value.astimezone(zone) if value.tzinfo else value
    return datetime(value.year, value.month, value.day, tzinfo=UTC) if isinstance(value, date) else None


def _is_known(form: str) -> bool:
    return "%" not in LETTER.sub("", form)
