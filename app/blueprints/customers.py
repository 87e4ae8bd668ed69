"""Customers: the list, one person, and the file of those one sees. Read-only; they come from other systems."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue

from app import htmx, wording
from app.access import actor, may
from app.audit import record
from app.blueprints import asking
from app.customers import attribute_filters, attribute_indexes, directory, export
from app.db import db
from app.events import latest, story
from app.queue import ring

door = Blueprint("customers", __name__, url_prefix="/customers")


@door.get("")
@may("read")
def index() -> ResponseReturnValue:
    if request.args.get("field"):
        return asking.moved_to_filter("customers.index")
    listing = directory.listing(wording.zone())
    ask = asking.read(listing)
    page = listing.page(directory.everyone(), ask)
    _want_indexes(attribute_filters.ranged(ask.filters))
    return htmx.answer(
        "customers/index.html",
        "customers/_results.html",
        listing=listing,
        ask=ask,
        page=page,
        latest=latest.of([customer.id for customer in page.rows]),
        shown=attribute_filters.named(ask.filters),
    )


@door.get("/export")
@may("read")
def export_csv() -> Response:
    listing = directory.listing(wording.zone())
    ask = asking.read(listing)
    record(
        actor(), "exported", "customers", (None, "Customers"), after={"q": ask.q, "filters": [*map(str, ask.filters)]}
    )
    db.session.commit()
    return Response(
        export.lines(directory.everyone().where(listing.where(ask))),
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="customers.csv"'},
    )


@door.get("/<int:customer_id>")
@may("read")
def show(customer_id: int) -> Response:
    customer = directory.find(customer_id) or abort(404)
    kind = request.args.get("show", "all")
    told = story.of(customer.id, kind, request.args.get("after"))
    return htmx.answer(
        "customers/show.html",
        "customers/_story.html",
        customer=customer,
        types={kind.name: kind for kind in directory.attribute_types()},
        stages=story.stages(customer.id),
        story=told,
        kind=kind,
        is_more=bool(request.args.get("after")),
    )


def _want_indexes(names: list[str]) -> None:
    if names and attribute_indexes.want(names):
        db.session.commit()
        ring("upkeep")
