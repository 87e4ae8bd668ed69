"""Months of events: made ahead by a recurring job and on demand by whoever brings older facts."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from sqlalchemy import text

from app.db import db

MONTHS_AHEAD = 3
FRESH = 60.0  # seconds for which a process trusts what it has seen; months within retention are never dropped

PRESENT = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'events'::regclass")

_seen: dict[str, tuple[float, frozenset[str]]] = {}  # by database: until when, and which months


def ensure(first: datetime, last: datetime) -> list[str]:
    """Makes the partitions between two moments that are missing and names them."""
    present = _present()
    missing = [month for month in _months(first, last) if _name(month) not in present]
    for month in missing:
        _make(month)
    return [_name(month) for month in missing]


def ensure_for(moments: Iterable[datetime]) -> None:
    """Only the months that occur. Asks the database once a minute, and whenever a month was not there yet."""
    months = {(there.year, there.month): there for there in (moment.astimezone(UTC) for moment in moments)}
    if not {_name(month) for month in months.values()} <= _known():
        made = [name for _, month in sorted(months.items()) for name in ensure(month, month)]
        if not made:
            _seen.clear()  # they have come since we looked


def ensure_ahead(now: datetime) -> list[str]:
    return ensure(now, _later(now, MONTHS_AHEAD))


def _present() -> set[str]:
    """Asked of the table, not by to_regclass(): that may remember from before the lock that there is none."""
    return set(db.session.scalars(PRESENT))


def _known() -> frozenset[str]:
    """Read beside the session: a month that this transaction made goes again if it is rolled back."""
    database = str(db.engine.url)
    until, months = _seen.get(database, (0.0, frozenset()))
    if time.monotonic() > until:
        with db.engine.connect() as connection:
            months = frozenset(connection.execute(PRESENT).scalars())
        _seen[database] = time.monotonic() + FRESH, months
    return months


def _make(month: datetime) -> None:
    # Two sessions may want the same month: the lock lets the second one see the first one's table.
    db.session.execute(text("SELECT pg_advisory_xact_lock(hashtext('events partitions'))"))
    if _name(month) not in _present():
        # Attached, not created in place: that would keep every other writer of events away until the commit.
        db.session.execute(text(f"CREATE TABLE {_name(month)} (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"))
        db.session.execute(text(f"ALTER TABLE events ATTACH PARTITION {_name(month)} {_bounds(month)}"))


def _bounds(month: datetime) -> str:
    return f"FOR VALUES FROM ('{month:%Y-%m-%d}+00') TO ('{_later(month, 1):%Y-%m-%d}+00')"


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
