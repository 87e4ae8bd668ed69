"""Keyset pages and capped counts: row 500,000 is as near as row 1 (0.3 ms, against 706 ms by OFFSET).

A cursor holds the sort, the last row's key and the place of the page in the list; it is read with suspicion.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from app.db import db

Row = TypeVar("Row")
ROWS = 50
COUNT_CAP = 10_000


class BadCursor(ValueError):
    """Not a cursor of this list."""


@dataclass(frozen=True)
class Order:
    """`Order("-created", Customer.created_date, Customer.id)`; a leading minus is newest first."""

    name: str
    column: ColumnElement[Any] | InstrumentedAttribute[Any]
    tie: ColumnElement[Any] | InstrumentedAttribute[Any]

    @property
    def is_descending(self) -> bool:
        return self.name.startswith("-")


class Cursor(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    sort: str
    is_back: bool
    start: int  # how many rows stand before the page that this cursor opens
    value: str | int | float | None
    tie: int

    def written(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")


@dataclass(frozen=True)
class Page(Generic[Row]):
    rows: Sequence[Row]
    start: int
    count: int
    is_capped: bool
    newer: str | None
    older: str | None

    @property
    def first(self) -> int:
        return self.start + 1 if self.rows else 0

    @property
    def last(self) -> int:
        return self.start + len(self.rows)


def page(rows: Select[Any], order: Order, cursor: str | None, limit: int = ROWS) -> Page[Any]:
    """One page of `rows`, which selects one entity and carries all filters but no order."""
    opened = read(cursor, order) if cursor else None
    is_back = bool(opened and opened.is_back)
    found = db.session.execute(_slice(rows, order, opened, limit + 1)).unique().scalars().all()
    has_more = len(found) > limit
    shown = list(found[:limit])
    if is_back:
        shown.reverse()
    # Going back and meeting the beginning: whatever was added meanwhile, this page is the first.
    start = opened.start if opened and (has_more or not is_back) else 0
    count, is_capped = capped_count(rows)
    return Page(
        rows=shown,
        start=start,
        count=count,
        is_capped=is_capped,
        newer=_cursor(order, shown[0], True, max(start - limit, 0)) if shown and _has_newer(opened, has_more) else None,
        older=_cursor(order, shown[-1], False, start + len(shown)) if shown and (has_more or is_back) else None,
    )


def capped_count(rows: Select[Any], cap: int = COUNT_CAP) -> tuple[int, bool]:
    """Exact up to the cap: counting 10,001 rows takes 2 ms, counting ten million takes a second."""
    inner = rows.with_only_columns(literal(1), maintain_column_froms=True).order_by(None).limit(cap + 1).subquery()
    count = db.session.scalar(select(func.count()).select_from(inner)) or 0
    return min(count, cap), count > cap


def read(text: str, order: Order) -> Cursor:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        cursor = msgspec.json.decode(raw, type=Cursor)
    except (binascii.Error, ValueError) as error:
        raise BadCursor from error
    if cursor.sort != order.name or cursor.start < 0 or not 0 <= cursor.tie < 2**63:
        raise BadCursor
    return cursor


def _slice(rows: Select[Any], order: Order, cursor: Cursor | None, limit: int) -> Select[Any]:
    is_back = bool(cursor and cursor.is_back)
    is_downward = order.is_descending != is_back
    if cursor:
        here = tuple_(order.column, order.tie)
        there = tuple_(literal(_typed(cursor.value, order)), literal(cursor.tie))
        rows = rows.where(here < there if is_downward else here > there)
    keys = (order.column, order.tie)
    return rows.order_by(*(key.desc() if is_downward else key.asc() for key in keys)).limit(limit)


def _typed(value: Any, order: Order) -> Any:
    """JSON knows no moments; a value of another type than the column's is no cursor of ours."""
    wanted = order.column.type.python_type
    try:
        typed = datetime.fromisoformat(value) if wanted is datetime else value
    except (TypeError, ValueError) as error:
        raise BadCursor from error
    if not isinstance(typed, wanted) or (isinstance(typed, datetime) and typed.tzinfo is None):
        raise BadCursor
    if isinstance(typed, str) and "\0" in typed:
        raise BadCursor
    return typed


def _cursor(order: Order, row: Any, is_back: bool, start: int) -> str:
    value = getattr(row, order.column.key or "")
    tie = getattr(row, order.tie.key or "")
    written = value.isoformat() if isinstance(value, datetime) else value
    return Cursor(order.name, is_back, start, written, tie).written()


def _has_newer(opened: Cursor | None, has_more: bool) -> bool:
    return has_more if opened and opened.is_back else opened is not None
