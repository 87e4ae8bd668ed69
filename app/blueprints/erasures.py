"""A customer is erased, and what became of it; and everything that is known of one, to hand out to them."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request, url_for

from app import htmx
from app.access import actor, may
from app.audit import record
from app.catalogue import merging as catalogue
from app.customers import directory
from app.customers.customer import Customer
from app.db import db
from app.events import merging as events
from app.ops import erasing, exporting
from app.queue import ring

door = Blueprint("erasures", __name__, url_prefix="/customers")
WORD = "ERASE"


@door.get("/<int:customer_id>/erasure/new")
@may("administer")
def new(customer_id: int) -> Response:
    return _sure(directory.find(customer_id) or abort(404))


@door.post("/<int:customer_id>/erasure")
@may("administer")
def create(customer_id: int) -> Response:
    customer = directory.find(customer_id)
    if customer and not _is_sure(customer, request.form.get("sure", "")):
        return _sure(customer, f"Type {WORD}, or the customer’s e-mail address.")
    erasing.begin(customer_id, actor()) or abort(404)
    db.session.commit()
    ring("ops.erase")
    return htmx.go(url_for("erasures.show", customer_id=customer_id), "Erased. Nobody finds them any more.")


@door.get("/<int:customer_id>/erasure")
@may("administer")
def show(customer_id: int) -> Response:
    erasure = erasing.find(customer_id) or abort(404)
    return htmx.answer(
        "customers/erasure.html",
        "customers/_erasure.html",
        erasure=erasure,
        state=erasing.state(erasure),
        report=erasing.report(erasure),
    )


@door.get("/<int:customer_id>/export.json")
@may("read")
def export_json(customer_id: int) -> Response:
    customer = _exported(customer_id)
    return _file(exporting.as_json(customer), "application/json", f"customer-{customer_id}.json")


@door.get("/<int:customer_id>/export.zip")
@may("read")
def export_zip(customer_id: int) -> Response:
    customer = _exported(customer_id)
    return _file(exporting.as_zip(customer), "application/zip", f"customer-{customer_id}.zip")


def _exported(customer_id: int) -> Customer:
    customer = directory.find(customer_id) or abort(404)
    record(actor(), "exported", "customer", (customer_id, f"Customer {customer_id}"))
    db.session.commit()
    return customer


def _file(said: bytes, mimetype: str, name: str) -> Response:
    return Response(said, mimetype=mimetype, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _is_sure(customer: Customer, typed: str) -> bool:
    said = typed.strip()
    return said == WORD or (bool(said) and said.lower() == customer.email_folded)


def _sure(customer: Customer, wrong: str = "") -> Response:
    return htmx.answer(
        "customers/erase.html",
        code=422 if wrong else 200,
        customer=customer,
        word=WORD,
        wrong=wrong,
        holding=events.holding(customer.id),
        bought=catalogue.holding(customer.id),
    )
