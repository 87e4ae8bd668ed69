"""/api/v1/events and /api/v1/funnel-events"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, Response

from app.access import key
from app.blueprints.api import shapes, taking
from app.blueprints.api.taking import Call
from app.events import intake
from app.events.incoming import Incoming, Origin
from app.tally import Tally

door = Blueprint("api_events", __name__, url_prefix="/api/v1")


@door.post("/events")
@key("ingest")
def post_events() -> Response:
    return taking.take("events", shapes.Event, _store_events)


@door.post("/funnel-events")
@key("ingest")
def post_moves() -> Response:
    return taking.take("funnel_events", shapes.FunnelEvent, _store_moves)


def _store_events(items: Sequence[tuple[int, shapes.Event]], call: Call) -> Tally:
    facts = [
        Incoming(index, "event", item.who, item.name, item.occurred_at or call.now, item.id, item.properties or {})
        for index, item in items
    ]
    return intake.store(facts, Origin(receipt_id=call.receipt_id), call.now)


def _store_moves(items: Sequence[tuple[int, shapes.FunnelEvent]], call: Call) -> Tally:
    facts = [as_fact(*one, call.now) for one in items]
    return intake.store(facts, Origin(receipt_id=call.receipt_id), call.now)


def as_fact(index: int, item: shapes.FunnelEvent, now: datetime) -> Incoming:
    at = item.occurred_at or item.created_date or now
    return Incoming(index, "funnel", item.who, item.funnel_type, at, item.id, {}, item.from_stage, item.to_stage)
