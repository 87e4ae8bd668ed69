"""Weeks for the views of these tests, unless somebody has made them; another system with its key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.db import db
from tests.api.conftest import make_system
from tests.factories import NOW

__all__ = ["make_system"]


@pytest.fixture(autouse=True)
def weeks(app: Flask) -> Iterator[None]:
    """As soon as they are not needed any more they are gone: others make their own."""
    made = [name for first, last in _spans() if (name := _made(first, last))]
    yield
    db.session.rollback()
    for name in made:
        db.session.execute(text(f"DROP TABLE {name}"))
    db.session.commit()


def _spans() -> list[tuple[datetime, datetime]]:
    days = {NOW - timedelta(days=n) for n in (0, 1, 20, 40)} | {datetime.now(UTC) - timedelta(days=n) for n in (0, 1)}
    mondays = {(day - timedelta(days=day.weekday())).replace(hour=0, minute=0, second=0, microsecond=0) for day in days}
    return [(one, one + timedelta(days=7)) for one in sorted(mondays)]


def _made(first: datetime, last: datetime) -> str | None:
    name = f"views_of_{first:%Y%m%d}"
    try:
        with db.session.begin_nested():
            bounds = f"FROM ('{first:%Y-%m-%d}+00') TO ('{last:%Y-%m-%d}+00')"
            db.session.execute(text(f"CREATE TABLE {name} PARTITION OF product_views FOR VALUES {bounds}"))
    except DBAPIError:
        return None  # somebody has that week
    db.session.commit()
    return name
