"""/api/v1/segments: to whom. One that cannot be computed is refused, when it is saved and when it is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from flask import Blueprint, Response

from app import access
from app.access import key
from app.blueprints.api import authored, known, lists, reading, segment_shapes, taking
from app.blueprints.api.answers import answer
from app.blueprints.api.refusals import Refusal
from app.blueprints.api.segment_shapes import SegmentChange
from app.blueprints.api.shapes import said
from app.customers import directory as customers
from app.customers.customer import Customer
from app.db import db
from app.problem import Problem
from app.receipts.idempotency import Answer
from app.segments import audience, definition, directory, keeping, listed, portions, sizes
from app.segments.definition import Definition
from app.segments.listed import Outcome
from app.segments.segment import Segment
from app.segments.unavailable import Unavailable

door = Blueprint("api_segments", __name__, url_prefix="/api/v1/segments")
OWN: dict[str, set[str]] = {
    "manual": {"customers", "add", "remove"},
    "sql": {"selection_sql"},
    "function": {"handler_function", "arguments"},
    "rules": {"rules"},
}
KEPT = ("name", "description", "selection_sql", "handler_function", "arguments", "rules")

Found = TypeVar("Found")


@door.get("")
@key("read")
def index() -> Response:
    return answer(lists.page(directory.after, lambda rows: list(map(_known, rows)), segment_shapes.SegmentList))


@door.post("")
@key("write")
def create() -> Response:
    body = reading.body()
    return taking.once(body, lambda now: _create(body, now), bell="")


@door.get("/<int:segment_id>")
@key("read")
def show(segment_id: int) -> Response:
    return answer(_known(_find(segment_id)))


@door.patch("/<int:segment_id>")
@key("write")
def change(segment_id: int) -> Response:
    wanted, now = authored.wanted(reading.body(), SegmentChange), datetime.now(UTC)
    segment = _find(segment_id)
    authored.refuse(_foreign(wanted, segment.type) + _another_type(wanted, segment.type))
    try:
        _must_be_present(segment, wanted)
        kept = _changed(segment, wanted)
        counted = _counted(kept, now, segment.id)
        segment = keeping.change(segment, kept, said(wanted.version) or 0, now, authored.by())
    except keeping.Changed:
        raise authored.stale(segment.version) from None
    outcome = _listed(segment, wanted)
    _keep_size(segment, counted, now)
    db.session.commit()
    return answer(_saved(segment, outcome))


@door.delete("/<int:segment_id>")
@key("write")
def delete(segment_id: int) -> Response:
    try:
        keeping.delete(_find(segment_id), authored.by())
    except keeping.Used as used:
        raise authored.used(used.by) from None
    db.session.commit()
    return Response(status=204)


@door.get("/<int:segment_id>/count")
@key("read")
def count(segment_id: int) -> Response:
    segment, now = _find(segment_id), datetime.now(UTC)
    counted = _computed(lambda: audience.count(audience.of(segment, now)))
    return answer(segment_shapes.SegmentCount(counted))


@door.get("/<int:segment_id>/customers")
@key("read")
def index_customers(segment_id: int) -> Response:
    segment, now = _find(segment_id), datetime.now(UTC)
    limit, after = lists.limit(), lists.after()
    ids = _computed(lambda: portions.ids(audience.of(segment, now), after, limit + 1))
    rows = db.session.scalars(customers.everyone().where(Customer.id.in_(ids[:limit])).order_by(Customer.id)).all()
    has_more = len(ids) > limit
    cursor = lists.cursor(ids[limit - 1]) if has_more else None
    return answer(segment_shapes.SegmentCustomers(known.customers(rows), has_more, cursor))


def _create(body: bytes, now: datetime) -> Answer:
    wanted = authored.wanted(body, segment_shapes.Segment)
    authored.refuse(_foreign(wanted, wanted.type))
    kept = Definition(type=wanted.type, **_parts(wanted))
    counted = _counted(kept, now, None)
    segment = keeping.create(kept, now, authored.by())
    outcome = listed.add_named(segment, _words(wanted.customers), _source(), authored.by())
    _keep_size(segment, counted, now)
    return Answer(201, msgspec.json.encode(_saved(segment, outcome)))


def _parts(wanted: msgspec.Struct) -> dict[str, Any]:
    """Of what a definition keeps, whatever was said."""
    return {name: value for name in KEPT if (value := said(getattr(wanted, name))) is not None}


def _changed(segment: Segment, wanted: SegmentChange) -> Definition:
    kept = definition.of(segment).kept() | _parts(wanted)
    return Definition(**kept)


def _foreign(wanted: msgspec.Struct, type_: str) -> list[Problem]:
    """What belongs to another type would be forgotten in silence."""
    others = set[str]().union(*OWN.values()) - OWN[type_]
    named = sorted(name for name in others if said(getattr(wanted, name, None)) is not None)
    return [Problem(name, f"A segment of type {type_} has no such key.") for name in named]


def _another_type(wanted: SegmentChange, type_: str) -> list[Problem]:
    if said(wanted.type) in (None, type_):
        return []
    return [Problem("type", f"It is of type {type_} and stays so; make another segment.")]


def _must_be_present(segment: Segment, wanted: SegmentChange) -> None:
    if said(wanted.version) != segment.version:
        raise keeping.Changed


def _counted(kept: Definition, now: datetime, own_id: int | None) -> int | None:
    """Looked at for its form and for circles, and computed; a list has nobody before it is kept."""
    authored.refuse(definition.problems(kept))
    authored.refuse(keeping.circle(kept, own_id))
    if kept.type == "manual":
        return None
    return _computed(lambda: audience.count(definition.computed(kept, now, own_id)))


def _listed(segment: Segment, wanted: SegmentChange) -> Outcome:
    """First the whole list, then who joins, then who leaves."""
    outcome = Outcome()
    if said(wanted.customers) is not None:
        outcome = listed.set_named(segment, _words(wanted.customers), _source(), authored.by())
    outcome.unknown += listed.add_named(segment, _words(wanted.add), _source(), authored.by()).unknown
    outcome.unknown += listed.remove_named(segment, _words(wanted.remove), authored.by()).unknown
    return outcome


def _words(leads: Any) -> list[str]:
    return [word for lead in said(leads) or () if (word := lead.strip())]


def _keep_size(segment: Segment, counted: int | None, now: datetime) -> None:
    if counted is None:
        counted = _computed(lambda: audience.count(audience.of(segment, now)))
    sizes.keep(segment, counted, now)
    db.session.flush()


def _computed(ask: Callable[[], Found]) -> Found:
    try:
        return ask()
    except Unavailable as why:
        details = [{"code": "unavailable", "message": why.said, "line": why.line, "column": why.column}]
        raise Refusal(422, "unavailable", why.said, details) from None


def _find(segment_id: int) -> Segment:
    segment = keeping.find(segment_id)
    if segment is None:
        raise Refusal(404, "not_found", f"There is no segment {segment_id}.")
    return segment


def _source() -> str:
    return f"{access.api_key().name} (API)"


def _known(segment: Segment) -> segment_shapes.KnownSegment:
    return segment_shapes.KnownSegment(**_facts(segment))


def _saved(segment: Segment, outcome: Outcome) -> segment_shapes.SavedSegment:
    return segment_shapes.SavedSegment(**_facts(segment), unknown_customers=list(dict.fromkeys(outcome.unknown)))


def _facts(segment: Segment) -> dict[str, Any]:
    return definition.of(segment).kept() | {
        "id": segment.id,
        "version": segment.version,
        "count": segment.size,
        "counted_at": segment.sized_at,
        "count_problem": segment.size_problem,
        "created_date": segment.created_date,
        "updated_date": segment.updated_date,
        "archived_at": segment.archived_at,
    }
