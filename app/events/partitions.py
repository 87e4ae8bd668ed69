"""Months of events: made ahead by a recurring job and on demand by whoever brings older facts."""

from __future__ import annotations

from datetime import UTC, datetime

from app.partitioned import Partitioned

MONTHS_AHEAD = 3


def _first(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _later(moment: datetime, months: int = 1) -> datetime:
    index = moment.year * 12 + moment.month - 1 + months
    return moment.replace(year=index // 12, month=index % 12 + 1, day=1)


MONTHS = Partitioned("events", "events_%Y_%m", _first, _later)
ensure, ensure_for = MONTHS.ensure, MONTHS.ensure_for


def ensure_ahead(now: datetime) -> list[str]:
    return ensure(now, _later(now, MONTHS_AHEAD))
