"""Customers: the list, one person, and the file of those one sees. Read-only; they come from other systems."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app import htmx, wording
from app.access import actor, may, person
from app.audit import record
from app.blueprints import asking
from app.catalogue import buyer, recommending
from app.catalogue.recommending import Recommended
from app.consent import links, summary
from app.customers import ambiguity, attribute_filters, attribute_indexes, directory, export, history
from app.db import db
from app.events import latest, story
from app.metrics import timeline
from app.ops import erasing
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
        ambiguous=0 if htmx.wants_fragment() else ambiguity.count(),
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
def show(customer_id: int) -> ResponseReturnValue:
    customer = directory.find(customer_id)
    if customer is None:
        return _moved(customer_id)
    kind, with_machines = request.args.get("show", "all"), request.args.get("machines") == "1"
    fields, attributes = history.latest(customer.id)
    return htmx.answer(
        "customers/show.html",
        "customers/_story.html",
        customer=customer,
        types={kind.name: kind for kind in directory.attribute_types()},
        stages=story.stages(customer.id),
        consent=None if htmx.wants_fragment() else summary.of(customer, datetime.now(UTC)),
        shop=None if htmx.wants_fragment() else buyer.of(customer.id),
        links=_links(customer.id) if person().may("edit") else {},
        story=timeline.of(customer.id, kind, request.args.get("after"), with_machines),
        kind=kind,
        with_machines=with_machines,
        is_more=bool(request.args.get("after")),
        fields_set=fields,
        attributes_set=attributes,
        aliases=directory.aliases(customer.id),
        recommended=[] if htmx.wants_fragment() else _recommended(customer.id),
    )


@door.get("/<int:customer_id>/history")
@may("read")
def told(customer_id: int) -> Response:
    """Of one field or one attribute: every value that it had."""
    customer = directory.find(customer_id) or abort(404)
    field, attribute = request.args.get("field", ""), request.args.get("attribute", "")
    found = history.of(customer, (field or attribute).replace("\0", ""), bool(field))
    if not found.is_known:
        abort(404)
    return htmx.answer("customers/history.html", "customers/_history.html", customer=customer, history=found)


def _moved(customer_id: int) -> ResponseReturnValue:
    if erasing.find(customer_id):
        return htmx.answer("customers/erased.html", code=410, customer_id=customer_id)
    survivor = directory.survivor(customer_id) or abort(404)
    return redirect(url_for("customers.show", customer_id=survivor))


def _recommended(customer_id: int) -> list[Recommended]:
    return recommending.of_customers([customer_id], datetime.now(UTC))[customer_id]


def _links(customer_id: int) -> dict[str, str]:
    """The doors that their own mail opens for them."""
    base = current_app.extensions["config"].base_url
    return {
        "Their preference page": base + url_for("preferences.show", token=links.preferences(customer_id)),
        "Their unsubscribe link": base + url_for("unsubscribe.show", token=links.unsubscribe(customer_id)),
    }


def _want_indexes(names: list[str]) -> None:
    if names and attribute_indexes.want(names):
        db.session.commit()
        ring("upkeep")
