"""Ambiguous addresses: what named somebody by an address of several, and what a person decides about it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, request, url_for

from app import htmx
from app.access import actor, may
from app.blueprints import asking
from app.blueprints.merges import number
from app.catalogue import merging as catalogue
from app.customers import ambiguity
from app.customers.ambiguous_item import AmbiguousItem
from app.customers.merging import CannotMerge
from app.db import db
from app.events import latest
from app.events import merging as events
from app.ops import merging
from app.ops.merging import Settled
from app.queue import ring

door = Blueprint("ambiguous", __name__, url_prefix="/customers/ambiguous")


@door.get("")
@may("read")
def index() -> Response:
    listing = ambiguity.listing()
    ask = asking.read(listing)
    page = listing.page(ambiguity.unsettled(), ask)
    emails = [item.email_folded for item in page.rows]
    return htmx.answer(
        "ambiguous/index.html",
        "ambiguous/_results.html",
        listing=listing,
        ask=ask,
        page=page,
        names=ambiguity.candidate_names(emails),
        facts=events.waiting(emails),
        bought=catalogue.waiting(emails),
    )


@door.get("/<int:item_id>")
@may("read")
def show(item_id: int) -> Response:
    return _item(ambiguity.get(item_id) or abort(404))


@door.get("/<int:item_id>/assignment")
@may("edit")
def ask_to_assign(item_id: int) -> Response:
    item = ambiguity.get(item_id) or abort(404)
    people = {customer.id: customer for customer in ambiguity.candidates(item.email_folded)}
    customer = people.get(number(request.args.get("customer_id"))) or abort(404)
    return htmx.answer("ambiguous/assignment.html", item=item, customer=customer, **_waiting(item))


@door.post("/<int:item_id>/assignment")
@may("edit")
def assign(item_id: int) -> Response:
    customer_id = number(request.form.get("customer_id"))
    try:
        item, customer, given = merging.assign(item_id, customer_id, actor(), datetime.now(UTC))
    except (Settled, CannotMerge) as refused:
        return _refused(item_id, refused)
    db.session.commit()
    ring("events")
    return htmx.go(url_for("ambiguous.index"), f"{given:,} that named {item.email_folded} went to {customer.name}.")


@door.post("/<int:item_id>/settlement")
@may("edit")
def leave(item_id: int) -> Response:
    try:
        item = merging.leave(item_id, actor(), datetime.now(UTC))
    except Settled as refused:
        return _refused(item_id, refused)
    db.session.commit()
    return htmx.go(url_for("ambiguous.index"), f"{item.email_folded} is left as it is, until it is named again.")


def _refused(item_id: int, refused: Exception) -> Response:
    db.session.rollback()
    return _item(ambiguity.get(item_id) or abort(404), str(refused), 422)


def _item(item: AmbiguousItem, refused: str = "", code: int = 200) -> Response:
    people = ambiguity.candidates(item.email_folded)
    return htmx.answer(
        "ambiguous/show.html",
        code=code,
        item=item,
        people=people,
        refused=refused,
        latest=latest.of([customer.id for customer in people]),
        holding={customer.id: events.holding(customer.id) for customer in people},
        bought={customer.id: catalogue.holding(customer.id) for customer in people},
        **_waiting(item),
    )


def _waiting(item: AmbiguousItem) -> dict[str, Any]:
    named = [item.email_folded]
    return {
        "facts_waiting": events.waiting(named).get(item.email_folded, 0),
        "bought_waiting": catalogue.waiting(named)[item.email_folded],
    }
