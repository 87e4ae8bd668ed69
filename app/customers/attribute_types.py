"""What the names of attributes hold: declared types bind, observed ones only help forms and tables."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import insert

from app.audit import Actor, record
from app.customers import attribute_indexes, attribute_values
from app.customers.attributes import FIELD_TYPES, AttributeType
from app.db import db
from app.listing import Ask, Field, Listing, folded
from app.paging import ROWS, Page, capped_count
from app.seeking import COUNT_CAP

DECLARED = (("yes", "declared"), ("no", "only observed"))


def declared() -> dict[str, str]:
    rows = db.session.execute(select(AttributeType.name, AttributeType.field_type).where(AttributeType.is_declared))
    return {row.name: row.field_type for row in rows}


def declare(names: Mapping[str, str]) -> dict[str, str]:
    """Binds the names that are free, and returns those that are bound to another type, with that type.

    Of two who declare a name at once the second waits here for the first and then sees what it said.
    """
    if not names:
        return {}
    before = _types(names)
    rows = [{"name": name, "field_type": kind, "is_declared": True} for name, kind in sorted(names.items())]
    new = insert(AttributeType).values(rows)
    bound = new.on_conflict_do_update(
        index_elements=[AttributeType.name],
        set_={"field_type": new.excluded.field_type, "is_declared": True},
        where=~AttributeType.is_declared,
    )
    db.session.execute(bound)
    held = _types(names)
    attribute_indexes.renew([name for name, kind in before.items() if held[name] != kind])
    return {name: kind for name, kind in held.items() if kind != names[name]}


def observe(names: Mapping[str, str]) -> None:
    """Remembers the first type that was seen of names that nobody has declared."""
    if names:
        rows = [{"name": name, "field_type": kind} for name, kind in sorted(names.items())]
        db.session.execute(insert(AttributeType).values(rows).on_conflict_do_nothing())


def listing() -> Listing:
    kinds = tuple((kind, kind) for kind in FIELD_TYPES)
    fields = (
        Field("type", "Type", "choice", {"is": "is"}, lambda _op, value: AttributeType.field_type == value, kinds),
        Field("declared", "Type is", "choice", {"is": "…"}, lambda _op, value: _is_declared(value == "yes"), DECLARED),
    )
    return Listing({"name": (AttributeType.name,) * 2}, "name", _search, {field.name: field for field in fields})


def page(ask: Ask) -> Page[AttributeType]:
    """A name is its own key, and there are thousands of them at the most: here an offset costs nothing."""
    start = int(ask.cursor) if ask.cursor and ask.cursor.isascii() and ask.cursor.isdecimal() else 0
    start = min(start, COUNT_CAP)
    found = select(AttributeType).where(listing().where(ask))
    way = AttributeType.name.desc() if ask.sort.startswith("-") else AttributeType.name.asc()
    rows = db.session.scalars(found.order_by(way).offset(start).limit(ROWS + 1)).all()
    count, is_capped = capped_count(found)
    newer = str(max(start - ROWS, 0)) if start else None
    older = str(start + ROWS) if len(rows) > ROWS else None
    return Page(rows[:ROWS], start, count, is_capped, newer, older)


def get(name: str) -> AttributeType | None:
    return db.session.get(AttributeType, name) if "\0" not in name else None


def problems(name: str, kind: str) -> dict[str, str]:
    """What is wrong with a name that is to be declared before it comes."""
    errors = {} if kind in FIELD_TYPES else {"field_type": "Choose one of the six types."}
    try:
        attribute_values.check_name(name)
    except attribute_values.Wrong as wrong:
        return errors | {"name": str(wrong)}
    held = get(name)
    if held is not None and held.is_declared:
        errors["name"] = f"“{name}” is declared as {held.field_type} already."
    return errors


def change(name: str, kind: str, by: Actor) -> AttributeType:
    """A person decides: the name is bound to this type from now on, whatever it was."""
    before = _locked(name)
    new = insert(AttributeType).values(name=name, field_type=kind, is_declared=True)
    set_ = {"field_type": kind, "is_declared": True}
    db.session.execute(new.on_conflict_do_update(index_elements=[AttributeType.name], set_=set_))
    if before and before["field_type"] != kind:
        attribute_indexes.renew([name])
    after = {"field_type": kind, "is_declared": True}
    if before != after:
        record(by, "declared", "attribute", (name, name), before, after)
    return db.session.get_one(AttributeType, name, populate_existing=True)


def release(name: str, by: Actor) -> None:
    """Values of any type are welcome again; the type stays as what was seen."""
    before = _locked(name)
    if before and before["is_declared"]:
        db.session.get_one(AttributeType, name).is_declared = False
        record(by, "released", "attribute", (name, name), before, before | {"is_declared": False})


def _locked(name: str) -> dict[str, object] | None:
    wanted = select(AttributeType).where(AttributeType.name == name).with_for_update()
    held = db.session.scalar(wanted.execution_options(populate_existing=True))
    return {"field_type": held.field_type, "is_declared": held.is_declared} if held else None


def _types(names: Mapping[str, str]) -> dict[str, str]:
    asked = select(AttributeType.name, AttributeType.field_type).where(AttributeType.name.in_(list(names)))
    return {row.name: row.field_type for row in db.session.execute(asked)}


def _is_declared(wanted: bool) -> ColumnElement[bool]:
    return AttributeType.is_declared.is_(wanted)


def _search(q: str) -> ColumnElement[bool]:
    return func.fold(AttributeType.name).contains(folded(q), autoescape=True)
