"""What was known of a customer, since when, and who said so: every change of a field or an attribute.

A customer who comes in new writes no changes: the first values are those of whoever created them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import distinct_on

from app.customers.attributes import AttributeChange
from app.customers.customer import Customer
from app.customers.incoming import COLUMNS
from app.db import db

MOST = 500


@dataclass(frozen=True)
class Change:
    name: str
    is_column: bool
    old: Any
    new: Any
    source: str
    import_id: int | None
    at: datetime


@dataclass(frozen=True)
class History:
    """Of one field or attribute, the latest change first."""

    name: str
    is_column: bool
    now: Any
    changes: list[Change]
    is_cut: bool  # there are older ones

    @property
    def first(self) -> Any:
        """What was said when the customer was created; None: nothing."""
        if self.is_cut:
            return None
        return self.changes[-1].old if self.changes else self.now

    @property
    def is_known(self) -> bool:
        return bool(self.changes) or self.now is not None


def latest(customer_id: int) -> tuple[dict[str, Change], dict[str, Change]]:
    """When each field, and each attribute, was set last."""
    wanted = _changes(customer_id).ext(distinct_on(AttributeChange.is_column, AttributeChange.name))
    rows = db.session.execute(
        wanted.order_by(
            AttributeChange.is_column, AttributeChange.name, AttributeChange.at.desc(), AttributeChange.id.desc()
        )
    )
    changes = [Change(*row) for row in rows]
    return (
        {change.name: change for change in changes if change.is_column},
        {change.name: change for change in changes if not change.is_column},
    )


def of(customer: Customer, name: str, is_column: bool) -> History:
    wanted = _changes(customer.id).where(AttributeChange.name == name, AttributeChange.is_column == is_column)
    rows = db.session.execute(wanted.order_by(AttributeChange.at.desc(), AttributeChange.id.desc()).limit(MOST + 1))
    changes = [Change(*row) for row in rows]
    return History(name, is_column, _now(customer, name, is_column), changes[:MOST], len(changes) > MOST)


def _now(customer: Customer, name: str, is_column: bool) -> Any:
    if not is_column:
        return customer.attributes.get(name)
    held = getattr(customer, name) if name in COLUMNS else None
    return held.isoformat() if isinstance(held, datetime) else held


def _changes(customer_id: int) -> Select[Any]:
    columns = (getattr(AttributeChange, name) for name in Change.__dataclass_fields__)
    return select(*columns).where(AttributeChange.customer_id == customer_id)
