"""The codes that were given away as CSV, streamed: the shop learns those that were made here."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Engine, select

from app.catalogue.discount import DiscountCode, DiscountPool
from app.customers.export import BATCH, guarded, written
from app.db import db

COLUMNS = ("code", "amount", "customer_id", "delivery_id", "taken_at")


def lines(pool: DiscountPool) -> Iterator[str]:
    """On a connection of its own: the stream outlives the request, its session and its context."""
    return _lines(db.engine, pool.id, pool.amount)


def _lines(engine: Engine, pool_id: int, amount: str) -> Iterator[str]:
    yield "\ufeff" + _line(COLUMNS)
    columns = DiscountCode.code, DiscountCode.customer_id, DiscountCode.delivery_id, DiscountCode.taken_at
    given = select(*columns).where(DiscountCode.pool_id == pool_id, DiscountCode.taken_at.is_not(None))
    with engine.connect() as connection:
        found = connection.execution_options(yield_per=BATCH).execute(given.order_by(DiscountCode.id))
        for rows in found.partitions():
            yield "".join(_line((row.code, amount, *row[1:])) for row in rows)


def _line(cells: Any) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(guarded(written(cell)) for cell in cells)
    return out.getvalue()
