"""DELETE /api/v1/customers/7: a person is erased."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response

from app import access
from app.access import key
from app.audit import Actor
from app.blueprints.api.refusals import Refusal
from app.blueprints.api.shapes import Erased, KnownErasure
from app.customers import directory
from app.db import db
from app.ops import erasing
from app.ops.erasures import Erasure
from app.queue import ring

door = Blueprint("api_erasures", __name__, url_prefix="/api/v1/customers")


@door.delete("/<int:customer_id>")
@key("admin")
def delete(customer_id: int) -> Response:
    """Hidden at once; asked again it says how far it came."""
    by = access.api_key()
    erasure = erasing.begin(_meant(customer_id), Actor("key", by.id, by.name))
    if erasure is None:
        raise Refusal(404, "not_found", f"There is no customer {customer_id}.")
    db.session.commit()
    ring("ops.erase")
    body = msgspec.json.encode(Erased(_known(erasure)))
    return Response(body, 200 if erasure.finished_at else 202, mimetype="application/json")


def _meant(customer_id: int) -> int:
    """The id of a merged one leads to the survivor."""
    return customer_id if directory.find(customer_id) else directory.survivor(customer_id) or customer_id


def _known(erasure: Erasure) -> KnownErasure:
    return KnownErasure(
        customer_id=erasure.customer_id,
        state=erasing.state(erasure),
        asked_at=erasure.created_date,
        finished_at=erasure.finished_at,
        steps=erasing.report(erasure),
    )
