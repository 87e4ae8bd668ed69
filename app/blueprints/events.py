"""Events: what happened, in one list, and one of them with everything known of it. Read-only, as facts are."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, request
from flask.typing import ResponseReturnValue

from app import htmx, wording
from app.access import actor, may
from app.audit import record as write_down
from app.blueprints import asking
from app.customers import directory as customers
from app.db import db
from app.events import arrivals, directory, export, record, wanted
from app.imports import directory as imports

door = Blueprint("events", __name__, url_prefix="/events")


@door.get("")
@may("read")
def index() -> ResponseReturnValue:
    if request.args.get("field"):
        return asking.moved_to_filter("events.index")
    listing = directory.listing()
    ask = asking.read(listing)
    asked = directory.asked(listing, ask, wording.zone())
    page = directory.page(listing, ask, asked)
    return htmx.answer(
        "events/index.html",
        "events/_results.html",
        listing=listing,
        ask=ask,
        page=page,
        fits_too_many=wanted.MOST_PEOPLE if asked.words and asked.words.fits_too_many else 0,
        people=customers.named(fact.customer_id for fact in page.rows if fact.customer_id),
        came=arrivals.of(page.rows),
    )


@door.get("/export")
@may("read")
def export_csv() -> Response:
    listing = directory.listing()
    ask = asking.read(listing)
    asked = directory.asked(listing, ask, wording.zone())
    write_down(actor(), "exported", "events", (None, "Events"), after={"q": ask.q, "filters": [*map(str, ask.filters)]})
    db.session.commit()
    return Response(
        export.lines(listing, ask, asked),
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="events.csv"'},
    )


@door.get("/<int:event_id>")
@may("read")
def show(event_id: int) -> Response:
    fact = record.find(event_id) or abort(404)
    return htmx.answer(
        "events/show.html",
        fact=fact,
        customer=customers.find(fact.customer_id) if fact.customer_id else None,
        properties=record.properties(fact),
        arrival=arrivals.of([fact]).get(fact.receipt_id or 0),
        raw=arrivals.raw(fact),
        file=imports.find(fact.import_id) if fact.import_id else None,
        fitting=record.fitting(fact) if fact.is_waiting else 0,
        opens=current_app.view_functions,
    )
