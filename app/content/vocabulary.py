"""What may be written in the code of a mail, as data for an editor: elements, attributes, fields, filters, blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select

from app.content import blocks, composing, media, samples
from app.content.composing import Look
from app.content.language import allowed, names
from app.content.mjml import schema
from app.customers.attributes import AttributeType
from app.db import db
from app.settings import brand

MOST_ATTRIBUTES = 2_000
LOOPS = ("loop.index", "loop.first", "loop.last")


def everything() -> dict[str, Any]:
    return {"elements": elements(), "fields": fields(), "filters": filters()}


def elements() -> dict[str, dict[str, Any]]:
    return {
        kind.name: {
            "attributes": dict(sorted(kind.attributes.items())),
            "children": sorted(kind.children),
            "is_empty": not kind.children and not kind.is_verbatim,
        }
        for kind in schema.kinds().values()
        if kind.name != "mj-include"
    }


def fields() -> list[dict[str, str]]:
    known = [f"{root}.{name}" for root, inside in names.KNOWN.items() for name in inside if name != "attributes"]
    plain = [{"path": path, "type": "text"} for path in known]
    facts = [{"path": path, "type": kind} for path, kind in _flat("facts", samples.FACTS)]
    loops = [{"path": path, "type": "in a loop"} for path in LOOPS]
    return [*plain, *_attributes(), *facts, {"path": "recommendations", "type": "list"}, *loops]


def filters() -> list[dict[str, str]]:
    return [{"name": name, "example": one.example} for name, one in allowed.FILTERS.items()]


def kinds() -> list[blocks.Kind]:
    """The composer's, as far as they make sense without it."""
    return [kind for kind in blocks.KINDS.values() if kind.name != "saved"]


def block(name: str) -> str | None:
    """The MJML of a kind, or of a block of the library by its number."""
    look = Look.of(brand.current())
    if name.isascii() and name.isdecimal() and len(name) < 19:
        held = media.bodies([int(name)])
        return composing.alone({"kind": "saved", "media": int(name)}, look, held) if held else None
    kind = blocks.KINDS.get(name)
    return composing.alone(kind.fresh(), look, {}) if kind and kind in kinds() else None


def _attributes() -> list[dict[str, str]]:
    every = select(AttributeType.name, AttributeType.field_type).order_by(AttributeType.name).limit(MOST_ATTRIBUTES)
    return [{"path": _path(row.name), "type": row.field_type} for row in db.session.execute(every)]


def _path(name: str) -> str:
    """A name that is no word stands in brackets."""
    return f"customer.attributes.{name}" if name.isidentifier() else f'customer.attributes["{name}"]'


def _flat(path: str, held: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in held.items():
        here = f"{path}.{name}"
        yield here, {dict: "group", list: "list", int: "number"}.get(type(value), "text")
        if isinstance(value, dict):
            yield from _flat(here, value)
