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
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import InstrumentedAttribute

from app import seeking
from app.db import db
from app.seeking import COUNT_CAP, Seek

Row = TypeVar("Row")
ROWS = 50


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


def page(rows: Select[Any], order: Order, cursor: str | None, limit: int = ROWS, cap: int = COUNT_CAP) -> Page[Any]:
    """One page of `rows`, which selects one entity and carries all filters but no order."""
    opened = read(cursor, order) if cursor else None
    is_back = bool(opened and opened.is_back)
    past = (_typed(opened.value, order), opened.tie) if opened else None
    found = Seek(rows, order.column, order.tie, order.is_descending != is_back, past, limit + 1, cap).found()
    has_more = len(found.ids) > limit
    shown = _fetch(rows, order, found.ids[:limit])
    if is_back:
        shown.reverse()
    # Going back and meeting the beginning: whatever was added meanwhile, this page is the first.
    start = opened.start if opened and (has_more or not is_back) else 0
    return Page(
        rows=shown,
        start=start,
        count=min(found.count, cap),
        is_capped=found.count > cap,
        newer=_cursor(order, shown[0], True, max(start - limit, 0)) if shown and _has_newer(opened, has_more) else None,
        older=_cursor(order, shown[-1], False, start + len(shown)) if shown and (has_more or is_back) else None,
    )


def capped_count(rows: Select[Any], cap: int = COUNT_CAP) -> tuple[int, bool]:
    count = seeking.capped_count(rows, cap)
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


def _fetch(rows: Select[Any], order: Order, ids: Sequence[int]) -> list[Any]:
    """The rows themselves, in the order of their ids; one that was deleted this very moment is left out."""
    found = db.session.scalars(rows.where(order.tie.in_(ids))).unique() if ids else ()
    place = {key: number for number, key in enumerate(ids)}
    return sorted(found, key=lambda row: place[getattr(row, order.tie.key or "")])


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
