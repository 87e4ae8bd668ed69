"""One fact with all that is known of it: its properties as rows, and what it waits for if it waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import func, select, text

from app.customers.customer import Customer
from app.db import db
from app.events.fact import SHELVES, Fact

MOST = 400  # rows of nested values; the raw record has them all
DEEPEST = 6

FIND = text(" UNION ALL ".join(f"SELECT {shelf.columns} FROM {shelf.table} WHERE id = :id" for shelf in SHELVES))


@dataclass(frozen=True)
class Property:
    depth: int
    name: str
    kind: str
    value: Any  # None where rows below hold it


def find(event_id: int) -> Fact | None:
    row = db.session.execute(FIND, {"id": event_id}).first() if 0 < event_id < 2**63 else None
    return Fact(*row) if row else None


def properties(fact: Fact) -> list[Property]:
    move = {"funnel_type": fact.name, "from_stage": fact.from_stage, "to_stage": fact.to_stage}
    return list(islice(_rows(move if fact.is_move else fact.properties, 0), MOST))


def fitting(fact: Fact) -> int:
    """How many customers the address fits for which it waits: of several somebody has to choose."""
    fits = select(func.count()).where(Customer.email_folded == fact.email_folded, Customer.erased_at.is_(None))
    return db.session.scalar(fits) or 0 if fact.email_folded else 0


def _rows(held: Mapping[str, Any], depth: int) -> Iterator[Property]:
    for name, value in held.items():
        nested = _nested(value) if depth < DEEPEST else None
        yield Property(depth, name, _kind(value), value if nested is None else None)
        if nested is not None:
            yield from _rows(nested, depth + 1)


def _nested(value: Any) -> Mapping[str, Any] | None:
    """What is shown as rows of its own: an object, or a list that holds more than words and numbers."""
    if isinstance(value, dict) and value:
        return value
    if isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        return {str(place): one for place, one in enumerate(value, 1)}
    return None


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    kinds = {int: "numeric", float: "numeric", str: "string", list: "array", dict: "object"}
    return kinds.get(type(value), "null")
