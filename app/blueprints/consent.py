"""What one customer allows: every proof of it, and what a colleague writes down by hand."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, request, url_for

from app import htmx
from app.access import actor, may
from app.blueprints.settings.saving import typed
from app.consent import by_hand, preferences, proofs
from app.customers import directory
from app.customers.customer import Customer
from app.db import db
from app.settings import topics

door = Blueprint("consent", __name__, url_prefix="/customers/<int:customer_id>/consent")


@door.get("")
@may("read")
def index(customer_id: int) -> Response:
    customer = directory.find(customer_id) or abort(404)
    return htmx.answer(
        "customers/consent.html",
        "customers/_proofs.html",
        customer=customer,
        page=proofs.of(customer_id, request.args.get("cursor")),
        topics={topic.id: topic.name for topic in topics.everything()},
    )


@door.get("/edit")
@may("edit")
def edit(customer_id: int) -> Response:
    customer = directory.find(customer_id) or abort(404)
    is_on = {stand.topic_id for stand in preferences.of(customer_id) if stand.is_on}
    return _form(customer, is_on, is_on, "", {})


@door.post("")
@may("edit")
def change(customer_id: int) -> Response:
    customer = directory.find(customer_id) or abort(404)
    was, wanted, reason = _numbers("was"), _numbers("on"), typed("reason")["reason"]
    if errors := by_hand.problems(reason, was, wanted):
        return _form(customer, was, wanted, reason, errors)
    changed = by_hand.change(customer, was, wanted, reason, datetime.now(UTC), actor())
    db.session.commit()
    said = ", ".join(f"{stand.name} {'off' if stand.is_on else 'on'}" for stand in changed)
    return htmx.go(
        url_for("customers.show", customer_id=customer_id),
        f"Written down: {said}." if changed else "Nothing was changed: it had been said by somebody else meanwhile.",
    )


def _numbers(name: str) -> set[int]:
    written = request.form.getlist(name)
    return {int(one) for one in written if one.isascii() and one.isdecimal() and len(one) < 19}


def _form(customer: Customer, was: set[int], wanted: set[int], reason: str, errors: dict[str, str]) -> Response:
    return htmx.answer(
        "customers/consent_edit.html",
        code=422 if errors else 200,
        customer=customer,
        stands=preferences.of(customer.id),
        was=was,
        wanted=wanted,
        reason=reason,
        errors=errors,
    )
