"""Why is somebody in a segment, or not; and in which segments is somebody."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, request, url_for

from app import htmx
from app.access import actor, may
from app.blueprints.merges import number
from app.blueprints.segments import found
from app.customers import directory
from app.customers.customer import Customer
from app.db import db
from app.problem import Refused
from app.segments import audience, listed, membership, sizes, why
from app.segments import directory as segments
from app.segments.segment import Segment
from app.segments.unavailable import Unavailable
from app.segments.why import Reason

door = Blueprint("segment_why", __name__)


@door.get("/segments/<int:segment_id>/why")
@may("read")
def show(segment_id: int) -> Response:
    """Of whom it is asked: a customer by number, or whoever a lead id or an address means."""
    segment, q = found(segment_id), request.args.get("q", "")
    chosen = directory.find(number(request.args.get("customer")))
    people = [chosen] if chosen else directory.meant(q[:320])
    reason, refused = _reason(segment, people[0]) if len(people) == 1 else (None, "")
    return htmx.answer(
        "segments/why.html",
        "segments/_why.html",
        segment=segment,
        q=q,
        is_asked=bool(chosen or q.strip() or request.args.get("customer")),
        people=people,
        reason=reason,
        refused=refused,
    )


@door.get("/customers/<int:customer_id>/segments")
@may("read")
def of_customer(customer_id: int) -> Response:
    customer = directory.find(customer_id) or abort(404)
    held = membership.of(customer.id, datetime.now(UTC))
    return htmx.answer("segments/of_customer.html", "segments/_of_customer.html", customer=customer, found=held)


@door.get("/customers/<int:customer_id>/segments/new")
@may("edit")
def choose_list(customer_id: int) -> Response:
    return _lists(directory.find(customer_id) or abort(404))


@door.post("/customers/<int:customer_id>/segments")
@may("edit")
def add_to_list(customer_id: int) -> Response:
    customer = directory.find(customer_id) or abort(404)
    segment_id = number(request.form.get("segment_id"))
    segment = found(segment_id) if segment_id else None
    if segment is None or segment.type != "manual":
        return _lists(customer, "Choose a list first.")
    outcome = listed.add(segment, [customer.id], f"{actor().name}, by hand", actor())
    sizes.measure(segment, datetime.now(UTC))
    db.session.commit()
    said = "is on" if outcome.added else "was on"
    there = url_for("customers.show", customer_id=customer.id)
    return htmx.go(there, f"{customer.name} {said} “{segment.name}”{'' if outcome.added else ' already'}.")


def _reason(segment: Segment, customer: Customer) -> tuple[Reason | None, str]:
    """Conditions only where there are rules; anything else holds a person or does not."""
    now = datetime.now(UTC)
    try:
        if segment.type == "rules":
            return why.of(segment, customer.id, now), ""
        return Reason(why.is_in(audience.of(segment, now), customer.id)), ""
    except Unavailable as unavailable:
        return None, unavailable.said
    except Refused as refused:
        return None, str(refused)


def _lists(customer: Customer, refused: str = "") -> Response:
    on = {segment.id for segment, _ in membership.lists_of(customer.id)}
    return htmx.answer(
        "segments/add_to_list.html",
        code=422 if refused else 200,
        customer=customer,
        lists=[one for one in segments.lists() if one[0] not in on],
        refused=refused,
    )
