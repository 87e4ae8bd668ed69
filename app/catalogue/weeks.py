"""Weeks of views: made ahead by a recurring job and on demand, and dropped as a whole once they are too old."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.db import db
from app.logs import log

KEPT = timedelta(days=90)
WEEK = timedelta(days=7)
AHEAD = 4 * WEEK
FRESH = 60.0  # seconds for which a process trusts what it has seen; a week that is written to is never dropped
NAME = "product_views_%Y_%m_%d"  # of its Monday

PRESENT = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'product_views'::regclass")
LOCK = text("SELECT pg_advisory_xact_lock(hashtext('weeks of views'))")

_seen: dict[str, tuple[float, frozenset[str]]] = {}  # by database: until when, and which weeks


def ensure(first: datetime, last: datetime) -> list[str]:
    """Makes the partitions between two moments that are missing and names them."""
    present = _present()
    missing = [week for week in _weeks(first, last) if _name(week) not in present]
    for week in missing:
        _make(week)
    return [_name(week) for week in missing]


def ensure_for(moments: Iterable[datetime]) -> None:
    """Only the weeks that occur. Asks the database once a minute, and whenever a week was not there yet."""
    weeks = {_monday(moment) for moment in moments}
    if not {_name(week) for week in weeks} <= _known():
        made = [name for week in sorted(weeks) for name in ensure(week, week)]
        if not made:
            _seen.clear()  # they have come since we looked


def ensure_ahead(now: datetime) -> list[str]:
    return ensure(now, now + AHEAD)


def drop_old(now: datetime) -> list[str]:
    """Whole weeks only. Where somebody reads for long, the next time will do: nobody has to wait behind us."""
    old = sorted(name for name in _present() if _ended(name) <= now - KEPT)
    try:
        with db.session.begin_nested():
            db.session.execute(text("SET LOCAL lock_timeout = '2s'"))
            for name in old:
                db.session.execute(text(f"DROP TABLE {name}"))
            db.session.execute(text("SET LOCAL lock_timeout = DEFAULT"))
    except OperationalError:
        log.info("weeks of views are in use", weeks=len(old))
        return []
    _seen.clear()
    return old


def _present() -> set[str]:
    """Asked of the table, not by to_regclass(): that may remember from before the lock that there is none."""
    return set(db.session.scalars(PRESENT))


def _known() -> frozenset[str]:
    """Read beside the session: a week that this transaction made goes again if it is rolled back."""
    database = str(db.engine.url)
    until, weeks = _seen.get(database, (0.0, frozenset()))
    if time.monotonic() > until:
        with db.engine.connect() as connection:
            weeks = frozenset(connection.execute(PRESENT).scalars())
        _seen[database] = time.monotonic() + FRESH, weeks
    return weeks


def _make(week: datetime) -> None:
    # Two sessions may want the same week: the lock lets the second one see the first one's table.
    db.session.execute(LOCK)
    if _name(week) not in _present():
        # Attached, not created in place: that would keep every other writer of views away until the commit.
        db.session.execute(
            text(f"CREATE TABLE {_name(week)} (LIKE product_views INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
        )
        db.session.execute(text(f"ALTER TABLE product_views ATTACH PARTITION {_name(week)} {_bounds(week)}"))


def _bounds(week: datetime) -> str:
    return f"FOR VALUES FROM ('{week:%Y-%m-%d}+00') TO ('{week + WEEK:%Y-%m-%d}+00')"


def _weeks(first: datetime, last: datetime) -> Iterator[datetime]:
    week = _monday(first)
    while week <= last:
        yield week
        week += WEEK


def _monday(moment: datetime) -> datetime:
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())


def _name(week: datetime) -> str:
    return week.strftime(NAME)


def _ended(name: str) -> datetime:
    return datetime.strptime(name, NAME).replace(tzinfo=UTC) + WEEK
