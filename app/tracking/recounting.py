"""Everybody is looked at again, slice by slice: the team goes by another rule, or somebody wants to be sure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, text

from app.db import db
from app.tracking import credit
from app.tracking.credit_work import Recount

SLICE = 250  # numbers of customers
BEGIN = """
    INSERT INTO recounts (first_id, last_id)
    SELECT first, first + :slice - 1
      FROM generate_series(1, (SELECT coalesce(max(id), 0) FROM customers), :slice) AS first
"""
PEOPLE = "SELECT id FROM customers WHERE id BETWEEN :first AND :last AND erased_at IS NULL ORDER BY id"


def begin() -> None:
    """Whoever is counted already is counted once more: it changes nothing. Never commits."""
    db.session.execute(text(BEGIN), {"slice": SLICE})


def settle(keys: Sequence[int], now: datetime) -> None:
    for one in db.session.scalars(select(Recount).where(Recount.id.in_(keys)).order_by(Recount.id)).all():
        ids = db.session.scalars(text(PEOPLE), {"first": one.first_id, "last": one.last_id}).all()
        credit.look(dict.fromkeys(ids, credit.EVER), now)


def left() -> int:
    """Slices that nobody has done yet."""
    waiting = select(func.count()).select_from(Recount).where(Recount.waiting_since.is_not(None))
    return db.session.scalar(waiting) or 0
