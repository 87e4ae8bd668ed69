"""The list of segments: searched by name, filtered by kind, sorted by name, size or change."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, func, select

from app.db import db
from app.listing import Ask, Field, Listing, folded
from app.segments.segment import TYPES, Segment

SAID = {"manual": "List", "sql": "SQL", "function": "Function", "rules": "Rules"}
ARCHIVED = (("no", "in use"), ("yes", "archived"))
_CHOSEN = and_(Segment.archived_at.is_(None), ~Segment.is_passing)  # what people choose from


def listing() -> Listing:
    fields = (
        Field("type", "Kind", "choice", {"is": "is"}, lambda _op, value: Segment.type == value, _kinds()),
        Field("archived", "Archived", "choice", {"is": "is"}, lambda _op, value: _archived(value), ARCHIVED),
    )
    sorts = {
        "name": (Segment.sort_name, Segment.id),
        "size": (Segment.sort_size, Segment.id),
        "changed": (Segment.updated_date, Segment.id),
    }
    return Listing(sorts, "-changed", _search, {field.name: field for field in fields})


def rows(ask: Ask) -> Select[Segment]:
    """Archived ones only where somebody asks for them."""
    every = select(Segment).where(~Segment.is_passing)
    is_asked = any(one.field == "archived" for one in ask.filters)
    return every if is_asked else every.where(Segment.archived_at.is_(None))


def after(segment_id: int, most: int) -> list[Segment]:
    """Archived ones too, in order of their ids; not what was made for a launch."""
    rest = select(Segment).where(~Segment.is_passing, Segment.id > segment_id)
    return list(db.session.scalars(rest.order_by(Segment.id).limit(most)))


def choices(without: int | None = None) -> list[tuple[int, str]]:
    """For menus, by name."""
    there = select(Segment.id, Segment.name).where(_CHOSEN, Segment.id != (without or 0))
    return [(row.id, row.name) for row in db.session.execute(there.order_by(func.lower(Segment.name)).limit(2_000))]


def sized() -> list[tuple[int, str, int | None]]:
    """For menus, by name, with how many people each had when it was last counted."""
    there = select(Segment.id, Segment.name, Segment.size).where(_CHOSEN)
    rows = db.session.execute(there.order_by(func.lower(Segment.name)).limit(2_000))
    return [(row.id, row.name, row.size) for row in rows]


def lists() -> list[tuple[int, str]]:
    """Those that people are put on by name."""
    manual = select(Segment.id, Segment.name).where(Segment.type == "manual", _CHOSEN)
    return [(row.id, row.name) for row in db.session.execute(manual.order_by(func.lower(Segment.name)).limit(2_000))]


def _kinds() -> tuple[tuple[str, str], ...]:
    return tuple((name, SAID[name]) for name in TYPES)


def _archived(value: str) -> ColumnElement[bool]:
    return Segment.archived_at.is_not(None) if value == "yes" else Segment.archived_at.is_(None)


def _search(q: str) -> ColumnElement[bool]:
    return func.fold(Segment.name + " " + Segment.description).contains(folded(q), autoescape=True)
