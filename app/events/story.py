"""What one customer did and what became known of them, newest first: in one list, page by page.

A part is a query of (kind, id, at, name, properties); rooms above this one add theirs.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Select, func, literal, select, tuple_, union_all
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by, distinct_on

from app.consent.consent import Consent
from app.customers.attributes import AttributeChange
from app.db import db
from app.events.event import Event
from app.events.funnel_event import FunnelEvent
from app.listing import BadAsk
from app.settings.topic import Topic

LINES = 25
Part = Callable[[int], Select[Any]]


@dataclass(frozen=True)
class Line:
    kind: str  # event, stage, change, consent, or what other rooms call theirs
    id: int
    at: datetime
    name: str
    properties: dict[str, Any]


@dataclass(frozen=True)
class Story:
    lines: Sequence[Line]
    older: str | None


class Place(msgspec.Struct, array_like=True):
    at: datetime
    kind: str
    id: int


def of(customer_id: int, parts: Sequence[Part], after: str | None) -> Story:
    place = _read(after) if after else None
    found = db.session.execute(_lines(customer_id, parts, place).limit(LINES + 1)).all()
    lines = [Line(row.kind, row.id, row.at, row.name, row.properties) for row in found[:LINES]]
    return Story(lines, _written(lines[-1]) if len(found) > LINES else None)


def stages(customer_id: int) -> dict[str, FunnelEvent]:
    """The latest move in each funnel."""
    latest = (
        select(FunnelEvent)
        .ext(distinct_on(FunnelEvent.funnel_type))
        .where(FunnelEvent.customer_id == customer_id)
        .order_by(FunnelEvent.funnel_type, FunnelEvent.created_date.desc(), FunnelEvent.id.desc())
    )
    return {move.funnel_type: move for move in db.session.scalars(latest)}


def events(customer_id: int) -> Select[Any]:
    return select(
        literal("event").label("kind"),
        Event.id.label("id"),
        Event.occurred_at.label("at"),
        Event.name.label("name"),
        Event.properties.label("properties"),
    ).where(Event.customer_id == customer_id)


def moves(customer_id: int) -> Select[Any]:
    what = packed(funnel_type=FunnelEvent.funnel_type, from_stage=FunnelEvent.from_stage, to_stage=FunnelEvent.to_stage)
    return select(
        literal("stage").label("kind"),
        FunnelEvent.id.label("id"),
        FunnelEvent.created_date.label("at"),
        FunnelEvent.funnel_type.label("name"),
        what.label("properties"),
    ).where(FunnelEvent.customer_id == customer_id)


def changes(customer_id: int) -> Select[Any]:
    """What one source set at one moment is one line. All are read: a customer has few of them."""
    change = packed(
        name=AttributeChange.name,
        is_column=AttributeChange.is_column,
        old=AttributeChange.old,
        new=AttributeChange.new,
    )
    changes = func.jsonb_agg(aggregate_order_by(change, AttributeChange.is_column.desc(), AttributeChange.name))
    together = (AttributeChange.at, AttributeChange.source, AttributeChange.import_id)
    grouped = (
        select(
            literal("change").label("kind"),
            func.max(AttributeChange.id).label("id"),
            AttributeChange.at.label("at"),
            AttributeChange.source.label("name"),
            packed(import_id=AttributeChange.import_id, changes=changes).label("properties"),
        )
        .where(AttributeChange.customer_id == customer_id)
        .group_by(*together)
        .subquery()
    )
    return select(grouped)


def consents(customer_id: int) -> Select[Any]:
    """What was said in one breath is one line, for all topics that it was about."""
    names = func.jsonb_agg(aggregate_order_by(Topic.name, Topic.is_master.desc(), Topic.position))
    together = (Consent.at, Consent.source, Consent.way, Consent.is_given, Consent.import_id)
    what = packed(is_given=Consent.is_given, source=Consent.source, import_id=Consent.import_id, topics=names)
    grouped = (
        select(
            literal("consent").label("kind"),
            func.max(Consent.id).label("id"),
            Consent.at.label("at"),
            Consent.way.label("name"),
            what.label("properties"),
        )
        .join(Topic, Topic.id == Consent.topic_id)
        .where(Consent.customer_id == customer_id)
        .group_by(*together)
        .subquery()
    )
    return select(grouped)


def packed(**columns: Any) -> Any:
    pairs = [part for name, column in columns.items() for part in (literal(name), column)]
    return func.jsonb_build_object(*pairs, type_=JSONB)


def _lines(customer_id: int, parts: Sequence[Part], place: Place | None) -> Select[Any]:
    # Each part brings at most a page, so a customer with 100,000 events costs no more than one with 50.
    pages = [_slice(part(customer_id), place) for part in parts]
    both = union_all(*(select(page.subquery()) for page in pages)).subquery()
    return select(both).order_by(both.c.at.desc(), both.c.kind.desc(), both.c.id.desc())


def _slice(rows: Select[Any], place: Place | None) -> Select[Any]:
    at, kind, key = rows.selected_columns["at"], rows.selected_columns["kind"], rows.selected_columns["id"]
    if place:
        rows = rows.where(
            at <= place.at, tuple_(at, kind, key) < tuple_(*map(literal, (place.at, place.kind, place.id)))
        )
    return rows.order_by(at.desc(), key.desc()).limit(LINES + 1)


def _written(line: Line) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(Place(line.at, line.kind, line.id))).decode().rstrip("=")


def _read(text: str) -> Place:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        place = msgspec.json.decode(raw, type=Place)
    except (binascii.Error, ValueError) as error:
        raise BadAsk("This link into the story is damaged. Start at the newest line.") from error
    if place.at.tzinfo is None or not 0 <= place.id < 2**63 or "\0" in place.kind:
        raise BadAsk("This link into the story is damaged. Start at the newest line.")
    return place
