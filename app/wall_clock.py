"""When a clock on the wall shows a time. In a gap that swallows it: right after; where it comes twice: the first."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo


def first(at: datetime, zone: ZoneInfo) -> datetime:
    """`at` without a zone, the answer in UTC."""
    found = at.replace(tzinfo=zone).astimezone(UTC)
    return found if shown(found, zone) == at else _end_of_gap(at, zone)


def second(at: datetime, zone: ZoneInfo) -> datetime:
    """Where it comes once, that one."""
    return at.replace(tzinfo=zone, fold=1).astimezone(UTC)


def shown(instant: datetime, zone: ZoneInfo) -> datetime:
    """What the clock there shows, without a zone."""
    return instant.astimezone(zone).replace(tzinfo=None)


def offset(moment: datetime) -> timedelta:
    return cast(timedelta, moment.utcoffset())


def _end_of_gap(at: datetime, zone: ZoneInfo) -> datetime:
    """Read with the offset of after the change it is before it, and the other way round: the change lies between."""
    late = at.replace(tzinfo=zone).astimezone(UTC)
    early = second(at, zone)
    after = offset(late.astimezone(zone))
    seconds = range(int((late - early).total_seconds()))

    def is_after(second: int) -> bool:
        return offset((early + timedelta(seconds=second)).astimezone(zone)) == after

    return early + timedelta(seconds=bisect_left(seconds, True, key=is_after))
