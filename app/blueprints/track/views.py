"""POST /track/view and /track/duration: noted at once, kept a moment later; no database on the way."""

from __future__ import annotations

import time
from typing import Annotated
from uuid import UUID, uuid4

from flask import Blueprint, Response
from msgspec import Meta

from app.access import public
from app.blueprints.track import reading, visiting
from app.blueprints.track.reading import Id, Minor
from app.catalogue import visit_stream
from app.catalogue.visit_stream import Stayed, Viewed

door = Blueprint("track_views", __name__, url_prefix="/track")

LONGEST_REFERRER = 2_000
Text = Annotated[str, Meta(max_length=2_000)]
Seconds = Annotated[int, Meta(ge=0, lt=2**31)] | Annotated[float, Meta(ge=0, lt=2**31)]


class View(visiting.Said, kw_only=True):
    """`view_id`: of whoever may have to say it twice; it counts once."""

    product_id: Id
    product_name: Text | None = None
    product_price: Minor | None = None
    product_category: Text | None = None
    referrer: str | None = None
    device_type: Annotated[str, Meta(max_length=200)] | None = None
    view_id: UUID | None = None


class Duration(visiting.Said, kw_only=True):
    """Of the latest view of this product, or of exactly that view."""

    product_id: Id
    duration: Seconds
    view_id: UUID | None = None


@door.post("/view")
@public
def view() -> Response:
    said = reading.said(View)
    who = visiting.visitor(said)
    seen = Viewed(
        id=said.view_id or uuid4(),
        at=time.time(),
        lead=who.lead,
        session_id=who.session_id,
        product_id=str(said.product_id),
        name=said.product_name,
        price=said.product_price,
        category=said.product_category,
        referrer=said.referrer[:LONGEST_REFERRER] if said.referrer else None,
        device_type=said.device_type,
    )
    visit_stream.note(seen)
    return visiting.success(view_id=str(seen.id))


@door.post("/duration")
@public
def duration() -> Response:
    said = reading.said(Duration)
    who = visiting.visitor(said)
    stayed = round(said.duration)
    visit_stream.note(Stayed(time.time(), who.lead, who.session_id, str(said.product_id), stayed, said.view_id))
    return visiting.success()
