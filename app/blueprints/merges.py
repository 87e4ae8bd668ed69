"""Two customers who are one person: found, looked at field by field, merged."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, request, url_for

from app import htmx, wording
from app.access import actor, may
from app.catalogue import merging as catalogue
from app.customers import directory
from app.customers import merging as customers
from app.customers.customer import Customer
from app.customers.merging import CannotMerge
from app.db import db
from app.events import latest
from app.events import merging as events
from app.ops import merging
from app.ops.merging import Changed
from app.queue import ring

door = Blueprint("merges", __name__, url_prefix="/customers")


@door.get("/<int:customer_id>/merge")
@may("edit")
def choose(customer_id: int) -> Response:
    """With whom? Those who look alike come first, anybody can be searched for."""
    customer = directory.find(customer_id) or abort(404)
    listing = directory.listing(wording.zone())
    ask = listing.read(request.args.get("q", ""), [], None, None)
    others = directory.everyone().where(Customer.id != customer_id)
    found = listing.page(others, ask).rows if ask.q else customers.look_alikes(customer)
    return htmx.answer(
        "merges/choose.html",
        "merges/_found.html",
        customer=customer,
        ask=ask,
        found=found,
        latest=latest.of([one.id for one in found]),
    )


@door.get("/merges/new")
@may("edit")
def new() -> Response:
    ids = [number(written) for written in request.args.getlist("id")]
    return _pair(ids, item=number(request.args.get("address")))


@door.post("/merges")
@may("edit")
def create() -> Response:
    sent = request.form
    ids = [number(sent.get("survivor")), number(sent.get("other"))]
    takes = [name.removeprefix("take:") for name, side in sent.items() if name.startswith("take:") and side == "other"]
    try:
        survivor = merging.merge(ids[0], ids[1], takes, sent.get("stamp", ""), actor(), datetime.now(UTC))
    except (Changed, CannotMerge) as refused:
        db.session.rollback()
        return _pair(ids, number(sent.get("address")), str(refused))
    db.session.commit()
    ring("events")
    return htmx.go(
        url_for("customers.show", customer_id=survivor.id), f"Merged: customer {ids[1]} is part of this one."
    )


def number(written: str | None) -> int:
    """0 is nobody's id."""
    return int(written) if written and written.isascii() and written.isdecimal() and len(written) < 19 else 0


def _pair(ids: list[int], item: int = 0, refused: str = "") -> Response:
    try:
        if len(ids) != 2:
            raise CannotMerge("Choose two customers: one stays, the other becomes part of it.")
        pair = customers.pair(*ids)
    except CannotMerge as reason:
        return htmx.answer("merges/refused.html", code=422, refused=str(reason))
    return htmx.answer(
        "merges/new.html",
        code=422 if refused else 200,
        pair=pair,
        lines=customers.lines(pair),
        refused=refused,
        address=item,
        holding=events.holding(pair.other.id),
        bought=catalogue.holding(pair.other.id),
        has_cart=bool(catalogue.holding(pair.survivor.id).cart_items),
    )
