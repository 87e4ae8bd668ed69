"""What the names of attributes hold: declared types bind, observed ones only help forms and tables."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.customers.attributes import AttributeType
from app.db import db


def declared() -> dict[str, str]:
    rows = db.session.execute(select(AttributeType.name, AttributeType.field_type).where(AttributeType.is_declared))
    return {row.name: row.field_type for row in rows}


def declare(names: Mapping[str, str]) -> dict[str, str]:
    """Binds the names that are free, and returns those that are bound to another type, with that type.

    Of two who declare a name at once the second waits here for the first and then sees what it said.
    """
    if not names:
        return {}
    rows = [{"name": name, "field_type": kind, "is_declared": True} for name, kind in sorted(names.items())]
    new = insert(AttributeType).values(rows)
    bound = new.on_conflict_do_update(
        index_elements=[AttributeType.name],
        set_={"field_type": new.excluded.field_type, "is_declared": True},
        where=~AttributeType.is_declared,
    )
    db.session.execute(bound)
    held = db.session.execute(
        select(AttributeType.name, AttributeType.field_type).where(AttributeType.name.in_(list(names)))
    )
    return {row.name: row.field_type for row in held if row.field_type != names[row.name]}


def observe(names: Mapping[str, str]) -> None:
    """Remembers the first type that was seen of names that nobody has declared."""
    if names:
        rows = [{"name": name, "field_type": kind} for name, kind in sorted(names.items())]
        db.session.execute(insert(AttributeType).values(rows).on_conflict_do_nothing())
