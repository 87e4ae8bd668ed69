"""/api/v1/customers"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

import msgspec
from flask import Blueprint, Response, request

from app.access import key
from app.blueprints.api import taking
from app.blueprints.api.publishing import publish
from app.blueprints.api.refusals import Refusal
from app.blueprints.api.shapes import Customer, CustomerList, KnownConsent, KnownCustomer
from app.blueprints.api.taking import Call
from app.consent import preferences
from app.customers import directory, who
from app.customers.customer import Customer as Row
from app.customers.who import Who, folded
from app.db import db
from app.tally import Tally

door = Blueprint("api_customers", __name__, url_prefix="/api/v1/customers")
ROWS, MOST = 50, 1_000


@door.post("")
@key("ingest")
def post() -> Response:
    return taking.take("customers", Customer, _store)


@door.get("")
@key("read")
def index() -> Response:
    limit = _limit()
    rows = directory.everyone().order_by(Row.id).limit(limit + 1)
    if lead := _asked("lms_lead_id"):
        rows = rows.where(Row.id == (who.find_many([Who(lms_lead_id=lead)])[0].id or 0))
    if email := _asked("email"):
        rows = rows.where(Row.email_folded == folded(email))
    if cursor := _asked("cursor"):
        rows = rows.where(Row.id > _after(cursor))
    found = db.session.scalars(rows).all()
    allowed = preferences.as_said_of([row.id for row in found[:limit]])
    shown, has_more = [_known(row, allowed.get(row.id, {})) for row in found[:limit]], len(found) > limit
    return _json(CustomerList(shown, has_more, _cursor(shown[-1].id) if has_more else None))


@door.get("/<int:customer_id>")
@key("read")
def show(customer_id: int) -> Response:
    row = directory.find(customer_id) or _survivor(customer_id)
    if row is None:
        raise Refusal(404, "not_found", f"There is no customer {customer_id}.")
    return _json(_known(row, preferences.as_said(row.id)))


def _store(items: Sequence[tuple[int, Customer]], call: Call) -> Tally:
    return publish(items, call.said, call.now, call.receipt_id)[0]


def _survivor(customer_id: int) -> Row | None:
    merged_into = directory.survivor(customer_id) if customer_id < 2**63 else None
    return directory.find(merged_into) if merged_into else None


def _known(row: Row, topics: dict[str, bool]) -> KnownCustomer:
    return KnownCustomer(
        id=row.id,
        lms_lead_id=row.lms_lead_id,
        email=row.email,
        first_name=row.first_name,
        last_name=row.last_name,
        mobile=row.mobile,
        timezone=row.timezone,
        attributes=row.attributes,
        consent=KnownConsent(topics),
        created_date=row.created_date,
        updated_date=row.updated_date,
    )


def _json(said: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(said), mimetype="application/json")


def _limit() -> int:
    written = request.args.get("limit", str(ROWS))
    if not (written.isascii() and written.isdecimal() and 1 <= int(written[:6]) <= MOST):
        raise Refusal(422, "bad_limit", f"limit is a number from 1 to {MOST:,}.")
    return int(written)


def _asked(name: str) -> str | None:
    """Asked for by nothing: a mistake, and no wish to see everybody."""
    written = request.args.get(name)
    if written is not None and (not written.strip() or "\0" in written):
        raise Refusal(422, f"bad_{name}", f"{name} names nobody.")
    return written


def _cursor(last: int) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(last)).decode().rstrip("=")


def _after(cursor: str) -> int:
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        after = msgspec.json.decode(raw, type=int)
    except (binascii.Error, ValueError):
        after = -1
    if not 0 <= after < 2**63:
        raise Refusal(422, "bad_cursor", "This cursor is damaged; begin without one.")
    return after
