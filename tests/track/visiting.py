"""Visitors of the shop as tests make them: what they tell, and what becomes of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
from flask import Flask
from sqlalchemy import text

from app.catalogue import visit_stream
from app.catalogue.visit_stream import Stayed, Viewed
from app.db import db
from app.events import jobs

SECRET = "the shop's own secret"
SHOP = "https://shop.example"
WAITS = text(
    "SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
    " WHERE NOT l.granted AND l.locktype = 'advisory' AND d.datname = current_database())"
)
NOW = datetime.now(UTC).replace(microsecond=0)


def token(lead: str) -> str:
    return jwt.encode({"sub": lead}, SECRET, "HS256")


def viewed(
    product_id: str = "mug", lead: str | None = None, session: str | None = "s-1", ago: float = 60, **said: Any
) -> Viewed:
    """So many seconds ago."""
    return Viewed(said.pop("id", None) or uuid4(), NOW.timestamp() - ago, lead, session, product_id, **said)


def stayed(
    seconds: int, product_id: str = "mug", lead: str | None = None, session: str | None = "s-1", ago: float = 30,
    view_id: UUID | None = None,
) -> Stayed:  # fmt: skip
    return Stayed(NOW.timestamp() - ago, lead, session, product_id, seconds, view_id)


@contextmanager
def meanwhile(app: Flask, act: Callable[[], object]) -> Iterator[None]:
    """Somebody else acts, as far as they get before they wait for us; at the end as far as there is."""

    def other() -> None:
        with app.app_context():
            act()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(other)
        with db.engine.connect() as watching:
            while not (done.done() or watching.scalar(WAITS)):
                time.sleep(0.01)
        try:
            yield
        finally:
            db.session.rollback()
        done.result()


def come_in(*told: Viewed | Stayed) -> int:
    """As far as the database."""
    for one in told:
        visit_stream.note(one)
    assert visit_stream.flush()
    done = jobs.drain_views()
    db.session.rollback()
    return done


def drained() -> list[dict[str, Any]]:
    """What the doors have noted, as rows."""
    come_in()
    return views()


def views() -> list[dict[str, Any]]:
    return rows("product_views", "viewed_at, product_id")


def rows(table: str, order: str = "id") -> list[dict[str, Any]]:
    db.session.rollback()
    return [dict(row._mapping) for row in db.session.execute(text(f"SELECT * FROM {table} ORDER BY {order}"))]


def whose(found: list[Mapping[str, Any]] | None = None) -> list[tuple[Any, ...]]:
    """By time: customer, lead and product."""
    found = views() if found is None else found  # type: ignore[assignment]
    return [(row["customer_id"], row["lms_lead_id"], row["product_id"]) for row in found or ()]


def days(count: float) -> float:
    return timedelta(days=count).total_seconds()
