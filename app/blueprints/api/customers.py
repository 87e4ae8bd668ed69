"""/api/v1/customers"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from flask import Blueprint, Response

from app.access import key
from app.blueprints.api import known, lists, taking
from app.blueprints.api.answers import answer
from app.blueprints.api.publishing import publish
from app.blueprints.api.refusals import Refusal
from app.blueprints.api.shapes import Customer, CustomerList, Recommendation, RecommendationList
from app.blueprints.api.taking import Call
from app.catalogue import recommending
from app.clock import clock
from app.consent import preferences
from app.customers import directory, who
from app.customers.customer import Customer as Row
from app.customers.who import Who, folded
from app.db import db
from app.tally import Tally

door = Blueprint("api_customers", __name__, url_prefix="/api/v1/customers")


@door.post("")
@key("ingest")
def post() -> Response:
    return taking.take("customers", Customer, _store)


@door.get("")
@key("read")
def index() -> Response:
    limit = lists.limit()
    rows = directory.everyone().where(Row.id > lists.after()).order_by(Row.id).limit(limit + 1)
    if lead := lists.asked("lms_lead_id"):
        rows = rows.where(Row.id == (who.find_many([Who(lms_lead_id=lead)])[0].id or 0))
    if email := lists.asked("email"):
        rows = rows.where(Row.email_folded == folded(email))
    found = db.session.scalars(rows).all()
    shown, has_more = known.customers(found[:limit]), len(found) > limit
    return answer(CustomerList(shown, has_more, lists.cursor(shown[-1].id) if has_more else None))


@door.get("/<int:customer_id>")
@key("read")
def show(customer_id: int) -> Response:
    row = _find(customer_id)
    return answer(known.customer(row, preferences.as_said(row.id)))


@door.get("/<int:customer_id>/recommendations")
@key("read")
def recommended(customer_id: int) -> Response:
    row = _find(customer_id)
    found = recommending.of_customers([row.id], clock())[row.id]
    return answer(RecommendationList([Recommendation(**asdict(one)) for one in found]))


def _store(items: Sequence[tuple[int, Customer]], call: Call) -> Tally:
    return publish(items, call.said, call.now, call.receipt_id)[0]


def _find(customer_id: int) -> Row:
    row = directory.find(customer_id) or _survivor(customer_id)
    if row is None:
        raise Refusal(404, "not_found", f"There is no customer {customer_id}.")
    return row


def _survivor(customer_id: int) -> Row | None:
    merged_into = directory.survivor(customer_id) if customer_id < 2**63 else None
    return directory.find(merged_into) if merged_into else None
