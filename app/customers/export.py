"""Customers as CSV, streamed: a million rows need no more memory than fifty."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Engine, Select

from app.customers.attributes import AttributeType
from app.customers.customer import Customer
from app.db import db

COLUMNS = ("lms_lead_id", "email", "first_name", "last_name", "mobile", "timezone", "created_date")
# A cell that starts like this is a formula to a spreadsheet; an apostrophe makes it text.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
BATCH = 2_000


def lines(customers: Select[Customer]) -> Iterator[str]:
    """On a connection of its own: the stream outlives the request, its session and its context."""
    return _lines(db.engine, customers)


def _lines(engine: Engine, customers: Select[Customer]) -> Iterator[str]:
    with engine.connect() as connection:
        names = [row.name for row in connection.execute(AttributeType.__table__.select()).all()]
        names.sort()
        yield "\ufeff" + _line([*COLUMNS, *names])
        wanted = customers.with_only_columns(*(getattr(Customer, c) for c in COLUMNS), Customer.attributes)
        found = connection.execution_options(yield_per=BATCH).execute(wanted.order_by(Customer.id))
        for rows in found.partitions():
            yield "".join(_line(_cells(row, names)) for row in rows)


def _cells(row: Any, names: list[str]) -> list[str]:
    return [
        *(guarded(written(row[i])) for i in range(len(COLUMNS))),
        *(guarded(written(row[-1].get(n))) for n in names),
    ]


def written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | list | dict):
        return json.dumps(value, ensure_ascii=False)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def guarded(cell: str) -> str:
    is_number = cell.lstrip("+-").replace(".", "", 1).isdecimal()
    return "'" + cell if cell.startswith(FORMULA) and not is_number else cell


def unguarded(cell: str) -> str:
    """As it was before; an apostrophe before anything else is part of it."""
    return cell[1:] if cell.startswith("'") and guarded(cell[1:]) == cell else cell


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
