"""Months of events: made ahead by a recurring job and on demand by whoever brings older facts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import text

from app.db import db

MONTHS_AHEAD = 3


def ensure(first: datetime, last: datetime) -> list[str]:
    """Makes the partitions between two moments that are missing and names them."""
    present = _present()
    missing = [month for month in _months(first, last) if _name(month) not in present]
    for month in missing:
        _make(month)
    return [_name(month) for month in missing]


def ensure_ahead(now: datetime) -> list[str]:
    return ensure(now, _later(now, MONTHS_AHEAD))


def _make(month: datetime) -> None:
    # Two sessions may want the same month: the lock lets the second one see the first one's table.
    db.session.execute(text("SELECT pg_advisory_xact_lock(hashtext('events partitions'))"))
    db.session.execute(
        text(
            f"CREATE TABLE IF NOT EXISTS {_name(month)} PARTITION OF events"
            f" FOR VALUES FROM ('{month:%Y-%m-%d}+00') TO ('{_later(month, 1):%Y-%m-%d}+00')"
        )
    )


def _present() -> set[str]:
    rows = db.session.execute(
        text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'events'::regclass")
    )
    return set(rows.scalars())


def _months(first: datetime, last: datetime) -> Iterator[datetime]:
    month = first.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while month <= last:
        yield month
        month = _later(month, 1)


def _later(moment: datetime, months: int) -> datetime:
    index = moment.year * 12 + moment.month - 1 + months
    return moment.replace(year=index // 12, month=index % 12 + 1, day=1)


def _name(month: datetime) -> str:
    return f"events_{month:%Y_%m}"
