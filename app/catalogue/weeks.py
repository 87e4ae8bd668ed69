"""Weeks of views: made ahead by a recurring job and on demand, and dropped as a whole once they are too old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.db import db
from app.logs import log
from app.partitioned import Partitioned

KEPT = timedelta(days=90)
WEEK = timedelta(days=7)
AHEAD = 4 * WEEK


def _monday(moment: datetime) -> datetime:
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())


WEEKS = Partitioned("product_views", "product_views_%Y_%m_%d", _monday, lambda monday: monday + WEEK)
ensure, ensure_for = WEEKS.ensure, WEEKS.ensure_for


def ensure_ahead(now: datetime) -> list[str]:
    return ensure(now, now + AHEAD)


def drop_old(now: datetime) -> list[str]:
    """Whole weeks only. Where somebody reads for long, the next time will do: nobody has to wait behind us."""
    old = sorted(name for name in WEEKS.present() if _ended(name) <= now - KEPT)
    try:
        with db.session.begin_nested():
            db.session.execute(text("SET LOCAL lock_timeout = '2s'"))
            for name in old:
                db.session.execute(text(f"DROP TABLE {name}"))
            db.session.execute(text("SET LOCAL lock_timeout = DEFAULT"))
    except OperationalError:
        log.info("weeks of views are in use", weeks=len(old))
        return []
    WEEKS.forget()
    return old


def _ended(name: str) -> datetime:
    return datetime.strptime(name, WEEKS.name).replace(tzinfo=UTC) + WEEK
