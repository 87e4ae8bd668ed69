"""Whoever writes a product, a cart or an order takes the lock of its key first, in order: nobody waits in a circle."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from sqlalchemy import text

from app.db import db

LOCKS = 64

TAKE = text(
    """
    SELECT pg_advisory_xact_lock(hashtext(:table), lock)
      FROM (SELECT lock FROM unnest(CAST(:locks AS int[])) AS lock ORDER BY lock) in_order
    """
)


def take(table: str, keys: Iterable[str]) -> None:
    locks = sorted({zlib.crc32(key.encode()) % LOCKS for key in keys})
    db.session.execute(TAKE, {"table": table, "locks": locks})
