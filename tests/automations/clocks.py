"""What a clock on the wall shows, minute by minute: the plain judge of times, which knows nothing of cron."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
Shows = Callable[[datetime], bool]

# A change of the clock within each: forward, back, half an hour, over midnight, a whole day that never was, none.
CHANGES = {
    "Europe/Berlin": ("2026-03-29", "2026-10-25"),
    "Europe/London": ("2026-03-29", "2026-10-25"),
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),
    "America/Havana": ("2026-03-08", "2026-11-01"),
    "America/Santiago": ("2026-04-04", "2026-09-06"),
    "America/St_Johns": ("2009-03-08", "2009-11-01"),
    "Asia/Beirut": ("2026-03-29", "2026-10-25"),
    "Asia/Kathmandu": ("2026-03-29", "1985-12-31"),
    "Pacific/Apia": ("2011-12-29", "2011-09-24"),
    "UTC": ("2026-12-31", "2028-02-28"),
}
DAYS_BEFORE, DAYS_AFTER = 2, 3


@cache
def minutes(zone: str, day: str) -> list[tuple[datetime, datetime]]:
    """Each minute around that day: in UTC, and as the wall shows it."""
    there = ZoneInfo(zone)
    start = (datetime.fromisoformat(day).replace(tzinfo=there) - timedelta(days=DAYS_BEFORE)).astimezone(UTC)
    every = [start + MINUTE * number for number in range((DAYS_BEFORE + DAYS_AFTER) * 24 * 60)]
    return [(one, one.astimezone(there).replace(tzinfo=None)) for one in every]


def real(zone: str, day: str, is_meant: Shows) -> list[datetime]:
    """Whenever the wall shows what is meant."""
    return [instant for instant, shown in minutes(zone, day) if is_meant(shown)]


def once(zone: str, day: str, is_meant: Shows) -> list[datetime]:
    """Each time that is meant, at the first minute at which the wall shows it or is past it already."""
    found, latest = [], minutes(zone, day)[0][1] - MINUTE
    for instant, shown in minutes(zone, day):
        if shown <= latest:
            continue
        passed = (latest + MINUTE * number for number in range(1, int((shown - latest) / MINUTE) + 1))
        if any(is_meant(one) for one in passed):
            found.append(instant)
        latest = shown
    return found


def span(zone: str, day: str) -> tuple[datetime, datetime]:
    """Strictly after the first, up to the last."""
    return minutes(zone, day)[0][0] - MINUTE, minutes(zone, day)[-1][0]
